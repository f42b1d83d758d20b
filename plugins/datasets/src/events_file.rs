//! True events from files.

mod groups;
mod part;

use std::collections::HashSet;
use std::path::PathBuf;

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::{Chunk, Component, Dataset, Error, InputPath, Result, Schema, Split, config};
use amplicast_tables::{Layout, Pass, Selection, located};

use part::Part;

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
        /// The numbers of the groups that the events of `train` belong to, such as those of parton-level events that a fast simulation makes several
        /// events of: a column, or another array of the file; no part of an event. Events of a group stand next to each other. None by
        /// default: each event is by itself.
        pub groups: Option<String>,
        /// A file with the numbers of the groups of `train`, one a row; `FILE::KEY` for one of several arrays.
        pub groups_file: Option<InputPath>,
        /// The same of `holdout`; `groups` by default, "" for events that are each by itself.
        pub holdout_groups: Option<String>,
        /// The same of `holdout`, in a file.
        pub holdout_groups_file: Option<InputPath>,
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
    /// Whether some events belong together.
    grouped: bool,
    notes: Vec<String>,
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
            groups: config.groups,
        };
        let rows = ("train_rows", config.train_rows);
        let files = [config.weights_file.as_deref(), config.groups_file.as_deref()];
        let mut training = Part::open(&train.path, &selection, rows, files)?;
        let schema = training.file.schema(config.particles.as_deref())?;
        let holdout_layout = layout(&config.holdout_layout).map_err(of_holdout)?;
        let mut holdout = match (config.holdout, config.holdout_key, config.holdout_rows) {
            (None, None, None) => None,
            (path, key, rows) => {
                // The training file's key holds for another file only if that has several arrays.
                let file = path.as_deref().map(located);
                let own = file.as_ref().and_then(|file| file.key.clone()).or(key);
                let inherited_selection = Selection {
                    key: own.or_else(|| selection.key.clone().filter(|_| file.is_none())),
                    default_key: selection.default_key.clone().or_else(|| selection.key.clone()),
                    layout: holdout_layout.or_else(|| selection.layout.clone()),
                    weights: inherited(&config.holdout_weights, &selection.weights),
                    groups: inherited(&config.holdout_groups, &selection.groups),
                    // A holdout may be an array.
                    select: None,
                    default_select: selection.select.clone(),
                    ..selection.clone()
                };
                let own = [
                    (
                        config.holdout_weights_file.as_deref(),
                        &config.holdout_weights,
                        "weights",
                        "all count alike",
                    ),
                    (
                        config.holdout_groups_file.as_deref(),
                        &config.holdout_groups,
                        "groups",
                        "are each by itself",
                    ),
                ];
                for ((path, name, field, without), training) in own.into_iter().zip(files) {
                    // A file of the training events' has a number for each of their own rows.
                    if file.is_some() && training.is_some() && path.is_none() && name.is_none() {
                        let message = format!(
                            "expected the {field} of the holdout, since the training events have some, found none; if its events {without}, \
                             say holdout_{field} = \"\""
                        );
                        return Err(Error::config(format!("holdout_{field}_file"), message));
                    }
                }
                let [weights, groups] = own.map(|(path, ..)| path);
                let [of_weights, of_groups] = files.map(|path| path.filter(|_| file.is_none()));
                let files = [weights.or(of_weights), groups.or(of_groups)];
                let path = file.map_or(train.path, |file| file.path);
                let rows = ("holdout_rows", rows);
                Some(Part::open(&path, &inherited_selection, rows, files).map_err(of_holdout)?)
            }
        };
        training.file = training.file.like(&schema, "in the training file")?;
        if let Some(holdout) = &mut holdout {
            holdout.file = holdout.file.like(&schema, "in the training file")?;
            holdout.check_against(&training)?;
        }
        let mut notes = Vec::new();
        let (mut weighted, mut grouped) = (false, false);
        for part in [Some(&mut training), holdout.as_mut()].into_iter().flatten() {
            weighted |= part.look_at_weights(&mut notes)?;
            grouped |= part.look_at_groups(&mut notes)?;
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
        Ok(EventsFile { schema, training, holdout, weighted, grouped, notes })
    }
}

/// The error of a selection of the holdout's, at the field where it stands.
fn of_holdout(error: Error) -> Error {
    match error.place() {
        field @ ("key" | "layout" | "weights" | "weights_file" | "groups" | "groups_file") => {
            Error::config(format!("holdout_{field}"), error.message())
        }
        _ => error,
    }
}

/// The name of what stands beside the events of the holdout: that of the training file by default, none if it is empty.
fn inherited(own: &Option<String>, training: &Option<String>) -> Option<String> {
    own.as_ref().or(training.as_ref()).filter(|name| !name.is_empty()).cloned()
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

    fn grouped(&self) -> bool {
        self.grouped
    }

    fn read_groups(&self, split: Split, chunk: Chunk, groups: &mut [f64]) -> Result<()> {
        if !self.grouped {
            return Err(Error::unsupported("these events belong to no groups, or to one each"));
        }
        let part = self.part(split)?;
        match &part.groups {
            Some(of_part) => of_part.read(part.rows.start + chunk.first_event, groups),
            None => {
                groups.iter_mut().zip(chunk.first_event..).for_each(|(group, event)| *group = event as f64);
                Ok(())
            }
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let parts = || [Some(&self.training), self.holdout.as_ref()].into_iter().flatten();
        let mut files: Vec<PathBuf> = parts().flat_map(|part| part.file.files()).collect();
        let beside = parts().flat_map(|part| [&part.weights, &part.groups].into_iter().flatten());
        files.extend(beside.map(|numbers| numbers.path().to_owned()).filter(|path| path.is_file()));
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
