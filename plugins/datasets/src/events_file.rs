//! True events from files.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::{
    CHUNK_EVENTS, Chunk, Component, Dataset, Error, InputPath, Result, Schema, Split, config,
};
use amplicast_tables::{EventFile, Layout, Pass, Selection, Weights, located};

config! {
    /// True events from files: n x d numbers, or n x particles x 4 four-momenta in GeV.
    pub struct EventsFileConfig {
        /// File of the training events: .npy, .npz, HDF5 or Parquet, a folder of Parquet files, LHE or HepMC3 (plain or packed with gzip);
        /// `FILE::KEY` for one of several arrays.
        pub train: InputPath,
        /// Which array of `train`, if it holds several (.npz, HDF5); a group of HDF5 whose datasets are columns.
        pub key: Option<String>,
        /// Which array of files that hold several and have no key of their own; other files ignore it.
        pub default_key: Option<String>,
        /// Rows [first, end) of `train` that are training events; all by default.
        pub train_rows: Option<[u64; 2]>,
        /// File of the holdout events; `train` if only its key or its rows are given. None by default.
        pub holdout: Option<InputPath>,
        /// Which array of `holdout`; `key` by default, if it holds several.
        pub holdout_key: Option<String>,
        /// Rows [first, end) of `holdout` that are holdout events; all by default.
        pub holdout_rows: Option<[u64; 2]>,
        /// Names of the particles, whose components are the columns. `p0`, `p1` ... by default for n x particles x 4.
        pub particles: Option<Vec<String>>,
        /// The components of a particle in the order of the file: `"E,px,py,pz"`, `"px,py,pz,E"`, `"pt,eta,phi,m"`,
        /// `"eta,phi,pt,mask"`. By default what the columns' names tell, otherwise E, px, py, pz.
        pub layout: Option<String>,
        /// The same of `holdout`; `layout` by default.
        pub holdout_layout: Option<String>,
        /// Columns to take from a file that knows their names (Parquet, records, groups of HDF5), otherwise names for those of n x d;
        /// `x1`, `x2` ... by default.
        pub columns: Option<Vec<String>>,
        /// Particles to take from events of LHE or HepMC3 files, in this order, of `train` and of `holdout`: `[NAME=]ID[,ID...][:status=S][#K]`,
        /// any of these numbers of the Particle Data Group, of status S (1, the final state, by default), the K-th by descending transverse
        /// momentum (the first by default), such as `["t=6:status=2", "tbar=-6:status=2"]`, `["mu=13,-13", "second=1,2,3,4,5,21#2"]`. By default
        /// all of the final state, which must be alike in all events.
        pub select: Option<Vec<String>>,
        /// The event weights of `train`: a column, another array of the file, or a weight of an LHE or HepMC3 file by its name, of which
        /// `weight` is the nominal one; they are no part of an event. None by default: all events count alike.
        pub weights: Option<String>,
        /// A file with the event weights of `train`, one a row; `FILE::KEY` for one of several arrays.
        pub weights_file: Option<InputPath>,
        /// The same of `holdout`; `weights` by default, "" for events that all count alike.
        pub holdout_weights: Option<String>,
        /// The same of `holdout`, in a file.
        pub holdout_weights_file: Option<InputPath>,
        /// Whether all rows in use are read once, to refuse NaN, infinite numbers and what are no momenta; true by default.
        pub verify: Option<bool>,
    }
}

/// True events from files, read row by row when they are asked for.
///
/// Making it reads the rows in use once, to refuse NaN and infinite numbers, and four-momenta that are none, before anything
/// else runs.
#[derive(Debug)]
pub struct EventsFile {
    schema: Schema,
    training: Part,
    holdout: Option<Part>,
    /// Whether events have weights that differ.
    weighted: bool,
    notes: Vec<String>,
}

/// Rows of a file.
#[derive(Debug)]
struct Part {
    file: EventFile,
    rows: Range<u64>,
    /// The weights of the file's events; none if all count alike.
    weights: Option<Arc<Weights>>,
}

impl Component for EventsFile {
    type Config = EventsFileConfig;
    const NAME: &'static str = "events-file";
    const ABOUT: &'static str =
        "True events from .npy, .npz, HDF5, Parquet, LHE or HepMC3 files: columns, or four-momenta in GeV";

    fn new(config: EventsFileConfig) -> Result<Self> {
        let layout = |text: &Option<String>| text.as_deref().map(Layout::read).transpose();
        let train = located(&config.train);
        let selection = Selection {
            key: train.key.or(config.key),
            default_key: config.default_key,
            columns: config.columns,
            layout: layout(&config.layout)?,
            select: config.select,
            default_select: None,
            weights: config.weights,
        };
        let rows = ("train_rows", config.train_rows);
        let of_file = (config.weights_file.as_deref(), "weights_file");
        let mut training = Part::open(&train.path, &selection, rows, of_file)?;
        let schema = training.file.schema(config.particles.as_deref())?;
        let holdout_layout = layout(&config.holdout_layout).map_err(of_holdout)?;
        let mut holdout = match (config.holdout, config.holdout_key, config.holdout_rows) {
            (None, None, None) => None,
            (path, key, rows) => {
                // The training file's key holds for another file only if that has several arrays.
                let file = path.as_deref().map(located);
                let own = file.as_ref().and_then(|file| file.key.clone()).or(key);
                let inherited = Selection {
                    key: own.or_else(|| selection.key.clone().filter(|_| file.is_none())),
                    default_key: selection.default_key.clone().or_else(|| selection.key.clone()),
                    layout: holdout_layout.or_else(|| selection.layout.clone()),
                    weights: match &config.holdout_weights {
                        None => selection.weights.clone(),
                        Some(name) => Some(name.clone()).filter(|name| !name.is_empty()),
                    },
                    // A holdout may be an array.
                    select: None,
                    default_select: selection.select.clone(),
                    ..selection.clone()
                };
                // The training file's weights are those of its own rows.
                let of_file = config.holdout_weights_file.as_deref();
                if file.is_some()
                    && config.weights_file.is_some()
                    && of_file.is_none()
                    && config.holdout_weights.is_none()
                {
                    return Err(Error::config(
                        "holdout_weights_file",
                        "expected the event weights of the holdout, since the training events have some, found none; if its \
                         events all count alike, say holdout_weights = \"\"",
                    ));
                }
                let of_file = of_file.or(config.weights_file.as_deref().filter(|_| file.is_none()));
                let path = file.map_or(train.path, |file| file.path);
                let rows = ("holdout_rows", rows);
                Some(Part::open(&path, &inherited, rows, (of_file, "weights_file")).map_err(of_holdout)?)
            }
        };
        training.file = training.file.like(&schema, "in the training file")?;
        if let Some(holdout) = &mut holdout {
            holdout.file = holdout.file.like(&schema, "in the training file")?;
            holdout.check_against(&training)?;
        }
        let mut notes = Vec::new();
        let mut weighted = false;
        for part in [Some(&mut training), holdout.as_mut()].into_iter().flatten() {
            weighted |= part.look_at_weights(&mut notes)?;
            notes.extend(part.file.notes());
            if config.verify == Some(false) {
                continue;
            }
            let pass = Pass::over(&part.file, part.rows.start, part.rows.end)?;
            if !schema.particles().is_empty() {
                pass.expect_momenta()?;
                notes.extend(pass.note());
            }
        }
        notes.dedup();
        Ok(EventsFile { schema, training, holdout, weighted, notes })
    }
}

/// The error of a selection of the holdout's, at the field where it stands.
fn of_holdout(error: Error) -> Error {
    match error.place() {
        field @ ("key" | "layout" | "weights" | "weights_file") => {
            Error::config(format!("holdout_{field}"), error.message())
        }
        _ => error,
    }
}

impl Part {
    fn open(
        path: &Path,
        selection: &Selection,
        (field, rows): (&str, Option<[u64; 2]>),
        (weights, weights_field): (Option<&Path>, &str),
    ) -> Result<Part> {
        let file = EventFile::open(path, selection)?;
        let weights = match (weights, file.weights()) {
            (None, own) => own,
            (Some(_), Some(_)) => {
                return Err(Error::config(weights_field, "expected either this or `weights`, found both"));
            }
            (Some(path), None) => {
                let at = located(path);
                let weights = Weights::open(&at.path, at.key.as_deref());
                let weights = weights.map_err(|error| Error::config(weights_field, error.to_string()))?;
                if weights.rows() != file.rows() {
                    let (found, expected) = (weights.rows(), file.rows());
                    let message = format!(
                        "{}: expected a weight for each of {expected} events of {}, found {found}",
                        at.path.display(),
                        file.path().display()
                    );
                    return Err(Error::config(weights_field, message));
                }
                Some(Arc::new(weights))
            }
        };
        let [first, end] = rows.unwrap_or([0, file.rows()]);
        if first >= end || end > file.rows() {
            let (path, events) = (file.path().display(), file.rows());
            return Err(Error::config(
                field,
                format!(
                    "expected [first, end) with first < end <= {events} (events in {path}), found [{first}, {end})"
                ),
            ));
        }
        Ok(Part { file, rows: first..end, weights })
    }

    /// Reads the weights in use, and forgets them if all are equal; whether they differ.
    fn look_at_weights(&mut self, notes: &mut Vec<String>) -> Result<bool> {
        let Some(weights) = &self.weights else { return Ok(false) };
        let (mut sum, mut least, mut most) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
        let mut some = vec![0.0; CHUNK_EVENTS.min((self.rows.end - self.rows.start) as usize)];
        for first in self.rows.clone().step_by(some.len()) {
            let some = &mut some[..(self.rows.end - first).min(CHUNK_EVENTS as u64) as usize];
            weights.read(first, some)?;
            sum += some.iter().sum::<f64>();
            least = some.iter().copied().fold(least, f64::min);
            most = some.iter().copied().fold(most, f64::max);
        }
        // Their fourth powers are added up.
        let largest = most.max(-least);
        if largest > 0.0 && !(1e-60..=1e60).contains(&largest) {
            let message = format!(
                "expected event weights of which the largest is from 1e-60 to 1e60 in size, found {largest:e}; multiply all by one \
                 number, which changes no result"
            );
            return Err(Error::data(message).at(weights.path().display().to_string()));
        }
        if sum <= 0.0 {
            let message = format!("expected event weights with a positive sum, found {sum}");
            return Err(Error::data(message).at(weights.path().display().to_string()));
        }
        if least < most {
            return Ok(true);
        }
        notes
            .push(format!("{}: all event weights are {least}: events count alike", weights.path().display()));
        self.weights = None;
        Ok(false)
    }

    /// Refuses a holdout that shares rows with the training set.
    fn check_against(&self, training: &Part) -> Result<()> {
        let (first, end) = (self.rows.start.max(training.rows.start), self.rows.end.min(training.rows.end));
        if first < end && self.file.is_same_array(&training.file) {
            return Err(Error::config(
                "holdout_rows",
                format!(
                    "expected rows that are not in the training set, found rows {first}..{end} of the same file in \
                     both; set train_rows and holdout_rows apart"
                ),
            ));
        }
        Ok(())
    }
}

impl EventsFile {
    fn part(&self, split: Split) -> Result<&Part> {
        match split {
            Split::Training => Ok(&self.training),
            Split::Holdout => {
                self.holdout.as_ref().ok_or_else(|| Error::data("expected a holdout file, found none"))
            }
        }
    }
}

impl Dataset for EventsFile {
    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn capacity(&self, split: Split) -> Option<u64> {
        let part = match split {
            Split::Training => Some(&self.training),
            Split::Holdout => self.holdout.as_ref(),
        };
        Some(part.map_or(0, |part| part.rows.end - part.rows.start))
    }

    fn read(&self, split: Split, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let part = self.part(split)?;
        let capacity = part.rows.end - part.rows.start;
        let end = chunk.first_event.saturating_add(out.nrows() as u64);
        if end > capacity {
            return Err(Error::data(format!(
                "expected at most {capacity} events (the rows in use), found a request for events up to {end}"
            ))
            .at(part.file.path().display().to_string()));
        }
        part.file.read(part.rows.start + chunk.first_event, out)
    }

    fn weighted(&self) -> bool {
        self.weighted
    }

    fn read_weighted(
        &self,
        split: Split,
        chunk: Chunk,
        out: ArrayViewMut2<'_, f64>,
        weights: &mut [f64],
    ) -> Result<()> {
        if !self.weighted {
            return Err(Error::unsupported("these events have no weights, or all the same"));
        }
        self.read(split, chunk, out)?;
        let part = self.part(split)?;
        match &part.weights {
            Some(of_part) => of_part.read(part.rows.start + chunk.first_event, weights),
            None => {
                weights.fill(1.0);
                Ok(())
            }
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let parts = || [Some(&self.training), self.holdout.as_ref()].into_iter().flatten();
        let mut files: Vec<PathBuf> = parts().flat_map(|part| part.file.files()).collect();
        let weights = parts().filter_map(|part| Some(part.weights.as_ref()?.path().to_owned()));
        files.extend(weights.filter(|path| path.is_file()));
        let mut seen = HashSet::new();
        files.retain(|file| seen.insert(file.clone()));
        files
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

amplicast_sdk::register_dataset!(EventsFile);

#[cfg(test)]
mod tests;
