//! Members that somebody else made: one file of generated events each.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;
use amplicast_tables::{EventFile, Layout as MomentumLayout, Pass, Selection, matching_arrays};

config! {
    /// Generated events from files, one file a member.
    pub struct SamplesConfig {
        /// Paths of .npy, .npz, HDF5, Parquet, LHE or HepMC3 files, or patterns of them such as `members/*.npy`; `FILE::KEY` for one of
        /// several arrays.
        pub members: Vec<InputPattern>,
        /// Which array of each file, if they hold several (.npz, HDF5); a group of HDF5 whose datasets are columns.
        pub key: Option<String>,
        /// Which array of files that hold several and have no key of their own; other files ignore it.
        pub default_key: Option<String>,
        /// The components of a particle in the order of the files: `"E,px,py,pz"`, `"px,py,pz,E"`, `"pt,eta,phi,m"`,
        /// `"eta,phi,pt,mask"`. By default what the columns' names tell, otherwise E, px, py, pz.
        pub layout: Option<String>,
        /// Columns to take from files that know their names (Parquet, records, groups of HDF5); all by default.
        pub columns: Option<Vec<String>>,
        /// Particles to take from events of LHE or HepMC3 files, in this order, as the `select` of `events-file`:
        /// `[NAME=]ID[,ID...][:status=S][#K]`. By default all of the final state, which must be alike in all events.
        pub select: Option<Vec<String>>,
        /// Whether all files are read once, to refuse NaN, infinite numbers and what are no momenta; true by default.
        pub verify: Option<bool>,
    }
}

/// A generator whose members are files of generated events, in the natural order of their names (`m2` before
/// `m10`); every uncertainty model is left out.
///
/// Parameters: segment `file` \[1\], the number of the member's file. Files may differ in length if none has fewer than
/// n_gen events; their events must be like the training set's. Making it reads every file once, to refuse NaN and infinite
/// numbers, and four-momenta that are none, before anything else runs.
#[derive(Debug, Clone)]
pub struct Samples {
    files: Vec<EventFile>,
    /// What reading them once saw; none if they are not verified.
    passes: Vec<Pass>,
    /// Other names of files that are there already.
    others: Vec<String>,
    /// What there is to say of the files as they are read, known when a schema is.
    as_read: OnceLock<Vec<String>>,
}

impl Component for Samples {
    type Config = SamplesConfig;
    const NAME: &'static str = "samples";
    const ABOUT: &'static str =
        "Generated events from .npy, .npz, HDF5, Parquet, LHE or HepMC3 files, one file a member";

    fn new(config: SamplesConfig) -> Result<Self> {
        let layout = config.layout.as_deref().map(MomentumLayout::read).transpose()?;
        let selection = Selection {
            key: config.key,
            default_key: config.default_key,
            columns: config.columns,
            layout,
            default_select: config.select,
            ..Selection::default()
        };
        let open = |file: amplicast_tables::Located| {
            let key = file.key.or_else(|| selection.key.clone());
            EventFile::open(file.path, &Selection { key, ..selection.clone() })
        };
        let files = matching_arrays("members", &config.members)?;
        let (files, others) = once(files.into_iter().map(open).collect::<Result<_>>()?);
        for file in &files {
            file.expect_like(&files[0])?;
        }
        let verified = if config.verify == Some(false) { &[] } else { &files[..] };
        Ok(Samples { passes: Pass::over_all(verified)?, files, others, as_read: OnceLock::new() })
    }
}

/// Each array on disk once, whatever links lead to it, and what is to be said of its other names.
fn once(all: Vec<EventFile>) -> (Vec<EventFile>, Vec<String>) {
    let (mut files, mut others) = (Vec::<EventFile>::new(), Vec::new());
    for file in all {
        match files.iter().find(|known| known.is_same_array(&file)) {
            None => files.push(file),
            Some(known) => {
                others.push(format!(
                    "{} is {} under another name: it is one member",
                    file.name(),
                    known.name()
                ));
            }
        }
    }
    (files, others)
}

impl Samples {
    /// The files, read as events of a schema.
    fn like(&self, schema: &Schema) -> Result<Vec<EventFile>> {
        let files = self.files.iter().map(|file| file.like(schema, "in the training set"));
        let files = files.collect::<Result<Vec<_>>>()?;
        if !schema.particles().is_empty() {
            self.passes.iter().try_for_each(Pass::expect_momenta)?;
        }
        Ok(files)
    }
}

impl Generator for Samples {
    fn abilities(&self) -> Abilities {
        Abilities { own_members: true, ..Abilities::default() }
    }

    fn check(&self, schema: &Schema) -> Result<()> {
        let files = self.like(schema)?;
        self.as_read.get_or_init(|| files.iter().flat_map(EventFile::notes).collect());
        Ok(())
    }

    fn prepare(&self, _training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>> {
        Ok(Box::new(SamplesModel { files: Arc::new(self.like(schema)?) }))
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.files.iter().flat_map(EventFile::files).collect();
        files.dedup();
        files
    }

    fn own_events(&self) -> Vec<(String, u64)> {
        self.files.iter().map(|file| (file.name(), file.rows())).collect()
    }

    fn notes(&self) -> Vec<String> {
        let passes = self.passes.iter().filter_map(Pass::note);
        let plain = || self.files.iter().flat_map(EventFile::notes).collect();
        let as_read = self.as_read.get().cloned().unwrap_or_else(plain);
        self.others.iter().cloned().chain(as_read).chain(passes).collect()
    }
}

/// The files, one a member.
struct SamplesModel {
    files: Arc<Vec<EventFile>>,
}

impl Model for SamplesModel {
    fn layout(&self) -> Layout {
        Layout::new([("file", vec![1])])
    }

    fn initial(&self, _seed: Seed) -> Result<Vec<f32>> {
        Ok(vec![0.0])
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        let count = self.files.len();
        match *parameters {
            [number] if number.fract() == 0.0 && (0.0..count as f32).contains(&number) => {
                Ok(Box::new(Sample { files: Arc::clone(&self.files), number: number as usize }))
            }
            _ => {
                Err(Error::data(format!("expected the number of a file below {count}, found {parameters:?}")))
            }
        }
    }

    fn own_members(&self) -> Option<Vec<Vec<f32>>> {
        Some((0..self.files.len()).map(|number| vec![number as f32]).collect())
    }
}

/// One file of generated events.
struct Sample {
    files: Arc<Vec<EventFile>>,
    number: usize,
}

impl Member for Sample {
    fn capacity(&self) -> Option<u64> {
        Some(self.files[self.number].rows())
    }

    fn sample(&self, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()> {
        self.files[self.number].read(chunk.first_event, out)
    }
}

register_generator!(Samples);

#[cfg(test)]
mod tests;
