//! How a file of true events is read, said on the command line.

use std::path::{Path, PathBuf};

use amplicast_sdk::Result;
use clap::Args;
use serde_json::{Value, json};

use super::process::Process;

/// What every command takes that reads true events.
#[derive(Debug, Args)]
pub struct ReadingArguments {
    /// Columns to take from files that know their names (Parquet, records), otherwise names for them.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Of a generator's file (LHE, HepMC3): the particles of an event, each `[NAME=]ID[,ID...][:status=S][#K]`, such as t=6:status=2 or mu=13,-13.
    #[arg(long, value_name = "PARTICLE", num_args = 1.., allow_hyphen_values = true)]
    pub select: Vec<String>,
    /// The event weights, of the holdout as well if there is one: a column, or another array of the file.
    #[arg(long, value_name = "NAME")]
    pub weights: Option<String>,
    /// A file with the event weights, one a row.
    #[arg(long, value_name = "FILE[::KEY]", conflicts_with = "weights")]
    pub weights_file: Option<PathBuf>,
}

impl ReadingArguments {
    /// The dataset of these events in this file.
    pub fn dataset(&self, file: &Path, process: &Process) -> Result<Value> {
        Ok(json!({
            "train": process.written(file)?,
            "columns": some(&self.columns),
            "select": some(&self.select),
            "weights": self.weights,
            "weights_file": self.weights_file.as_ref().map(|path| process.written(path)).transpose()?,
        }))
    }
}

/// Which true events belong together.
#[derive(Debug, Args)]
pub struct GroupArguments {
    /// The numbers of the groups that events belong to, of the holdout as well if there is one: a column, or another array of the file. Events
    /// of a group stand next to each other.
    #[arg(long, value_name = "NAME")]
    pub groups: Option<String>,
    /// A file with the numbers of the groups, one a row.
    #[arg(long, value_name = "FILE[::KEY]", conflicts_with = "groups")]
    pub groups_file: Option<PathBuf>,
}

impl GroupArguments {
    /// Adds them to the configuration of a dataset.
    pub fn add_to(&self, dataset: &mut Value, process: &Process) -> Result<()> {
        dataset["groups"] = json!(self.groups);
        dataset["groups_file"] =
            json!(self.groups_file.as_ref().map(|path| process.written(path)).transpose()?);
        Ok(())
    }
}

/// How columns are four-momenta.
#[derive(Debug, Args)]
pub struct MomentaArguments {
    /// Names of particles, whose components are the columns.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub particles: Vec<String>,
    /// The components of a particle in their order, such as `px,py,pz,E`, `pt,eta,phi,m`, `eta,phi,pt,mask` [default: what the
    /// columns' names tell, or `E,px,py,pz`].
    #[arg(long, value_name = "COMPONENTS")]
    pub layout: Option<String>,
}

/// A list, if there is anything in it.
pub fn some(list: &[String]) -> Option<Value> {
    (!list.is_empty()).then(|| json!(list))
}
