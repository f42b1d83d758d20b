//! Members that somebody else made: one file of generated events each.

mod generated;
mod kept;
mod unweighting;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;
use amplicast_tables::{
    Beside, EventFile, Layout as MomentumLayout, Located, OneEach, Pass, Selection, matching_arrays, of_all,
};

use generated::{Generated, of_one_length};

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
        /// The event weights of the members: a column, another array of the same file, or a weight of LHE or HepMC3 files by its name, of which
        /// `weight` is the nominal one; they are no part of an event. An event is kept with the probability of its weight over the largest one
        /// of its file. None by default: all events count alike.
        pub weights: Option<String>,
        /// Files with the event weights of the members, one a row: a path or pattern for each of `members`, of as many files, which are taken
        /// in the natural order of their names as well; `FILE::KEY` for one of several arrays.
        pub weights_file: Option<Vec<InputPattern>>,
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
///
/// Of events with weights those are members' events that are kept, the same ones in every call. Of members with as many events in their files
/// as many are taken: as there are of the one of which the fewest are kept.
#[derive(Debug, Clone)]
pub struct Samples {
    files: Vec<Generated>,
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
            weights: config.weights,
            ..Selection::default()
        };
        let at = matching_arrays("members", &config.members)?;
        let own_files =
            config.weights_file.map(|files| files_of_weights(&config.members, &files)).transpose()?;
        let open = |at: Located| {
            let key = at.key.clone().or_else(|| selection.key.clone());
            let file = EventFile::open(&at.path, &Selection { key, ..selection.clone() })?;
            let own_file = own_files.as_ref().and_then(|files| files.get(&at));
            Ok((file.beside(Beside::Weights, own_file)?, file))
        };
        let (files, others) = once(at.into_iter().map(open).collect::<Result<_>>()?);
        for (_, file) in &files {
            file.expect_like(&files[0].1)?;
        }
        let mut generated = of_all(files.len(), |number| {
            let (weights, file) = &files[number];
            Generated::new(file.clone(), weights.as_deref(), number as u64)
        })?;
        of_one_length(&mut generated);
        let files: Vec<EventFile> = files.into_iter().map(|(_, file)| file).collect();
        let verified = if config.verify == Some(false) { &[] } else { &files[..] };
        Ok(Samples { passes: Pass::over_all(verified)?, files: generated, others, as_read: OnceLock::new() })
    }
}

/// The file of weights of each file of events.
fn files_of_weights(members: &[InputPattern], weights: &[InputPattern]) -> Result<HashMap<Located, Located>> {
    const FIELD: &str = "weights_file";
    let one = std::slice::from_ref;
    ensure_config(members.len() == weights.len(), FIELD, || {
        format!(
            "expected a path or pattern for each of {} of `members`, found {}",
            members.len(),
            weights.len()
        )
    })?;
    let mut all = HashMap::new();
    for (number, (members, weights)) in members.iter().zip(weights).enumerate() {
        let place = format!("{FIELD}[{number}]");
        let events = matching_arrays("members", one(members))?;
        let files = matching_arrays(FIELD, one(weights))
            .map_err(|error| Error::config(place.clone(), error.message()))?;
        ensure_config(events.len() == files.len(), &place, || {
            format!(
                "expected a file of weights for each of {} files of events, found {}",
                events.len(),
                files.len()
            )
        })?;
        for (events, file) in events.into_iter().zip(files) {
            let path = |of: &Located| of.path.display().to_string();
            let (name, new) = (path(&events), path(&file));
            if let Some(other) = all.insert(events, file.clone()).filter(|other| *other != file) {
                return Err(Error::config(
                    place,
                    format!("expected one file of weights for {name}, found {} and {new}", path(&other)),
                ));
            }
        }
    }
    Ok(all)
}

/// A file with what there is of its weights.
type Opened = (Option<Arc<OneEach>>, EventFile);

/// Each array on disk once, whatever links lead to it, and what is to be said of its other names.
fn once(all: Vec<Opened>) -> (Vec<Opened>, Vec<String>) {
    let (mut files, mut others) = (Vec::<Opened>::new(), Vec::new());
    for (weights, file) in all {
        match files.iter().find(|(_, known)| known.is_same_array(&file)) {
            None => files.push((weights, file)),
            Some((_, known)) => {
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
    fn like(&self, schema: &Schema) -> Result<Vec<Generated>> {
        let files = self.files.iter().map(|file| file.like(schema)).collect::<Result<Vec<_>>>()?;
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
        self.as_read.get_or_init(|| files.iter().flat_map(|file| file.file.notes()).collect());
        Ok(())
    }

    fn prepare(&self, _training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>> {
        Ok(Box::new(SamplesModel { files: Arc::new(self.like(schema)?) }))
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.files.iter().flat_map(|file| file.file.files()).collect();
        let weights = self.files.iter().filter_map(Generated::unweighted);
        // Those of a folder's files are in its parts.
        files.extend(weights.map(|weights| weights.path().to_owned()).filter(|path| path.is_file()));
        let mut seen = HashSet::new();
        files.retain(|file| seen.insert(file.clone()));
        files
    }

    fn own_events(&self) -> Vec<(String, u64)> {
        self.files.iter().map(|file| (file.file.name(), file.events())).collect()
    }

    fn notes(&self) -> Vec<String> {
        let passes = self.passes.iter().filter_map(Pass::note);
        let plain = || self.files.iter().flat_map(|file| file.file.notes()).collect();
        let as_read = self.as_read.get().cloned().unwrap_or_else(plain);
        let weights = unweighting::notes(
            self.files.iter().filter_map(|file| Some((file.file.name(), file.unweighted()?, file.events()))),
        );
        self.others.iter().cloned().chain(as_read).chain(passes).chain(weights).collect()
    }
}

/// The files, one a member.
struct SamplesModel {
    files: Arc<Vec<Generated>>,
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
    files: Arc<Vec<Generated>>,
    number: usize,
}

impl Member for Sample {
    fn capacity(&self) -> Option<u64> {
        Some(self.files[self.number].events())
    }

    fn sample(&self, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()> {
        self.files[self.number].read(chunk.first_event, out)
    }
}

register_generator!(Samples);

#[cfg(test)]
mod tests;
