//! What `amplicast convert` takes, and what every command that writes events in files for others does.

use std::path::PathBuf;

use clap::Args;

use super::numbers::positive;
use super::reading_arguments::{GroupArguments, MomentaArguments, ReadingArguments};
use crate::event_files::LesHouches;

/// What a file of Les Houches events says beside momenta.
#[derive(Debug, Args)]
pub struct LesHouchesArguments {
    /// For Les Houches events: the Monte Carlo number (PDG) of each particle, such as 6,-6,21.
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true)]
    pub ids: Vec<i32>,
    /// For Les Houches events: the energy of each proton beam in GeV.
    #[arg(long, value_name = "GEV", default_value_t = 6500.0, value_parser = positive)]
    pub beam_energy: f64,
}

impl LesHouchesArguments {
    /// If particles were named.
    pub fn said(&self) -> Option<LesHouches> {
        (!self.ids.is_empty()).then(|| LesHouches { ids: self.ids.clone(), beam_energy: self.beam_energy })
    }
}

/// `amplicast convert`.
#[derive(Debug, Args)]
pub struct ConvertCommand {
    /// The file to read: every kind that is read elsewhere, `FILE::KEY` for one of several arrays.
    pub file: PathBuf,
    /// The file to write: .npy, .parquet, .lhe or .lhe.gz.
    pub out: PathBuf,
    /// How the events are read.
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Which events belong together.
    #[command(flatten)]
    pub groups: GroupArguments,
    /// How columns are four-momenta.
    #[command(flatten)]
    pub momenta: MomentaArguments,
    /// Of a ROOT file: the tree, if there are several.
    #[arg(long, value_name = "NAME")]
    pub tree: Option<String>,
    /// Of a ROOT file: branches that become columns, `NAME[K]` for one number of several [default: all].
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub branches: Vec<String>,
    /// Of a ROOT file: an expression of branches that events must fulfil, in Python, such as '(nJet >= 2) & (MET_pt > 30)'.
    #[arg(long, value_name = "EXPRESSION")]
    pub cut: Option<String>,
    /// Of a ROOT file: the Python that reads it, with uproot and awkward.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    pub python: String,
    /// What Les Houches events need.
    #[command(flatten)]
    pub les_houches: LesHouchesArguments,
    /// A folder with plugins, searched first.
    #[arg(long, value_name = "DIR")]
    pub plugin_path: Vec<PathBuf>,
}
