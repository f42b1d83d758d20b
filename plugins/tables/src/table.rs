//! What every format gives: a table of numbers, and which part of a file it is.

use std::fmt::Debug;

use amplicast_sdk::{Error, Result};

use crate::Layout;
use crate::column_names::Wanted;
use crate::weights::refuse_weights;

/// Which array of a file, and which of its columns.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The name of an array in a file of several (.npz, HDF5).
    pub key: Option<String>,
    /// The same for files that hold several arrays and have no `key` of their own; a file of one array ignores it.
    pub default_key: Option<String>,
    /// Columns of a file that knows their names (Parquet, records), in this order; otherwise the names that its columns get.
    pub columns: Option<Vec<String>>,
    /// The event weights: a column, or an array of the same file; left out of the events' numbers.
    pub weights: Option<String>,
    /// The numbers of the groups that events belong to, likewise.
    pub groups: Option<String>,
    /// The components of its four-momenta in their order; by default what the columns' names tell, or E, px, py, pz.
    pub layout: Option<Layout>,
    /// The particles of a file of an event generator (LHE, HepMC3), in this order, each as `[NAME=]ID[,ID...][:status=S][#K]`: any of these
    /// numbers of the Particle Data Group, of status S (1, the final state, by default), the K-th by descending transverse momentum (the
    /// first by default). All of the final state by default, which must then be alike in all events.
    pub select: Option<Vec<String>>,
    /// The same for files of event generators without a `select` of their own; a file of numbers ignores it.
    pub default_select: Option<Vec<String>>,
}

/// The numbers of a file; reading by position, so that any number of threads may do it.
pub trait Source: Debug + Send + Sync {
    /// Fills `out` with the numbers of whole events, from row `first` on.
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()>;

    /// Refuses numbers that do not agree with a checksum of the file that reading rows does not look at.
    fn verify(&self) -> Result<()> {
        Ok(())
    }

    /// Bytes of memory that it may hold between two calls.
    fn held(&self) -> u64 {
        0
    }

    /// Whether its numbers have the precision of float16.
    fn is_half(&self) -> bool {
        false
    }
}

/// An array of numbers in a file; its first axis counts events.
#[derive(Debug)]
pub struct Table {
    /// The array's shape.
    pub shape: Vec<usize>,
    /// The names of its columns, if the file knows them.
    pub columns: Option<Vec<String>>,
    /// Its numbers.
    pub source: Box<dyn Source>,
    /// What a user should know of the choice of its numbers.
    pub notes: Vec<String>,
    /// Whether `columns` of the selection chose among its columns; otherwise they name them.
    pub names_used: bool,
    /// The name of the array in a file of several.
    pub key: Option<String>,
    /// The names of its particles, if its first columns are E, px, py, pz of each in turn.
    pub particles: Option<Vec<String>>,
}

impl Table {
    /// Without names and notes.
    pub fn new(shape: Vec<usize>, source: Box<dyn Source>) -> Self {
        Table {
            shape,
            columns: None,
            source,
            notes: Vec::new(),
            names_used: false,
            key: None,
            particles: None,
        }
    }
}

impl Selection {
    /// What is asked for of columns.
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted {
            columns: self.columns.as_deref(),
            weights: self.weights.as_deref(),
            groups: self.groups.as_deref(),
        }
    }

    /// Refuses an array that is called like weights, unless it is said to hold them.
    pub fn refuse_weights(&self, key: &str) -> Result<()> {
        if self.weights.as_deref() == Some(key) { Ok(()) } else { refuse_weights("key", key, true, false) }
    }

    /// The array of a file of several that this selection means; the only one that there is, beside weights and groups, needs no key.
    pub fn choose(&self, keys: &[String]) -> Result<String> {
        let key = match (&self.key, keys) {
            (_, []) => return Err(Error::data("expected at least one array, found none")),
            (None, [only]) => return Ok(only.clone()),
            (Some(key), _) => Some(key),
            (None, _) => self.default_key.as_ref(),
        };
        let mut others = keys.iter().filter(|other| {
            [&self.weights, &self.groups].iter().all(|beside| beside.as_ref() != Some(*other))
        });
        match (key, others.next(), others.next()) {
            (Some(key), ..) if keys.contains(key) => Ok(key.clone()),
            (_, Some(only), None) if self.key.is_none() => Ok(only.clone()),
            _ => Err(self.unknown(keys)),
        }
    }

    /// The error of a key that is none of these.
    pub fn unknown(&self, keys: &[String]) -> Error {
        let found = self.key.as_ref().or(self.default_key.as_ref());
        let found = found.map_or_else(|| "none".into(), |key| format!("`{key}`"));
        let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        Error::config("key", format!("expected one of {}, found {found}", keys.join(", ")))
    }

    /// Refuses particles that are selected of a file that knows of none.
    pub fn no_particles(&self) -> Result<()> {
        match &self.select {
            None => Ok(()),
            Some(select) => Err(Error::config(
                "select",
                format!(
                    "expected no particles selected of a file that is none of an event generator (LHE, HepMC3), found \"{}\"; name columns with \
                     `columns`",
                    select.join("\", \"")
                ),
            )),
        }
    }

    /// Refuses a key for a file that holds a single array.
    pub fn no_key(&self) -> Result<()> {
        match &self.key {
            None => Ok(()),
            Some(key) => {
                Err(Error::config("key", format!("expected no key for a file of one array, found `{key}`")))
            }
        }
    }
}
