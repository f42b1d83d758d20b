//! What `amplicast estimate` takes of networks that were trained elsewhere, and `amplicast split`, which makes their training files.

use std::path::PathBuf;

use clap::Args;

use super::numbers::threads;
use super::reading_arguments::{GroupArguments, MomentaArguments, ReadingArguments};

/// `amplicast estimate`.
#[derive(Debug, Args)]
pub struct EstimateCommand {
    /// The events that the generator was trained on: .npy, .npz, HDF5 or Parquet, `FILE::KEY` for one of several arrays.
    #[arg(long, value_name = "FILE[::KEY]")]
    pub train: PathBuf,
    /// Files of generated events, one a member: paths or patterns, `FILE::KEY` for one of several arrays.
    #[arg(long, value_name = "PATTERN[::KEY]", required = true, num_args = 1..)]
    pub members: Vec<String>,
    /// What the members were fitted to: all to the `same` training events, each to a `bootstrap` or to `halves` of them, or draws of
    /// one `posterior`. Unsaid, a small spread bounds nothing.
    #[arg(long, value_name = "WHAT", value_parser = ["same", "bootstrap", "halves", "subsets", "posterior"])]
    pub members_data: Option<String>,
    /// Files with the rows of the training events (from 0) that each member was fitted to, one a member, as `amplicast split` writes them:
    /// G then includes the generator's bias.
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    pub members_rows: Vec<String>,
    /// Files of generated events of fits to all training events: the generator whose G is meant.
    #[arg(long, value_name = "PATTERN[::KEY]", num_args = 1.., requires = "members_rows")]
    pub full: Vec<String>,
    /// The event weights of the members: a column, or another array of each file. Of each file as many events are kept as count alike.
    #[arg(long, value_name = "NAME")]
    pub members_weights: Option<String>,
    /// Files with the event weights of the members, one a row: a path or pattern for each of `--members`, of as many files.
    #[arg(long, value_name = "PATTERN[::KEY]", num_args = 1.., conflicts_with = "members_weights")]
    pub members_weights_file: Vec<String>,
    /// The same for `--full`.
    #[arg(long, value_name = "PATTERN[::KEY]", num_args = 1.., requires_all = ["full", "members_weights_file"])]
    pub full_weights_file: Vec<String>,
    /// Events to take of each member [default: all, of members of one length].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub events: Option<u64>,
    /// Further true events, to validate the estimate and as reference of `ks`.
    #[arg(long, value_name = "FILE[::KEY]")]
    pub holdout: Option<PathBuf>,
    /// Which array of those files that hold several (.npz, HDF5).
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
    /// Which array of the training file.
    #[arg(long, value_name = "NAME")]
    pub train_key: Option<String>,
    /// Which array of the members' files.
    #[arg(long, value_name = "NAME")]
    pub members_key: Option<String>,
    /// Which array of the holdout; of the training file if there is no other.
    #[arg(long, value_name = "NAME")]
    pub holdout_key: Option<String>,
    /// The event weights of the holdout, if they are called otherwise; "" if its events all count alike.
    #[arg(long, value_name = "NAME")]
    pub holdout_weights: Option<String>,
    /// A file with the event weights of the holdout, one a row.
    #[arg(long, value_name = "FILE[::KEY]", conflicts_with = "holdout_weights")]
    pub holdout_weights_file: Option<PathBuf>,
    /// The numbers of the groups of the holdout, if they are called otherwise; "" if its events are each by itself.
    #[arg(long, value_name = "NAME")]
    pub holdout_groups: Option<String>,
    /// A file with the numbers of the groups of the holdout, one a row.
    #[arg(long, value_name = "FILE[::KEY]", conflicts_with = "holdout_groups")]
    pub holdout_groups_file: Option<PathBuf>,
    /// How the events are read.
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Which events belong together.
    #[command(flatten)]
    pub groups: GroupArguments,
    /// How columns are four-momenta.
    #[command(flatten)]
    pub momenta: MomentaArguments,
    /// The layout of the training file.
    #[arg(long, value_name = "COMPONENTS")]
    pub train_layout: Option<String>,
    /// The same of the members' files.
    #[arg(long, value_name = "COMPONENTS")]
    pub members_layout: Option<String>,
    /// The same of the holdout.
    #[arg(long, value_name = "COMPONENTS")]
    pub holdout_layout: Option<String>,
    /// The summary with its arguments, such as `radius` or `invariant-mass:0,1,2`.
    #[arg(long, value_name = "NAME[:ARGUMENTS]", required = true)]
    pub summary: Vec<String>,
    /// A region LOW:HIGH of the summary for averaging amplification, such as `600:700` or `600:inf`; several are combined.
    #[arg(long, value_name = "LOW:HIGH", allow_hyphen_values = true)]
    pub region: Vec<String>,
    /// Cut the summary's range into this many regions of equal probability.
    #[arg(long, value_name = "N", requires = "regions")]
    pub quantiles: Option<u32>,
    /// Which of them, numbered from 1, such as 2-19.
    #[arg(long, value_name = "LIST", requires = "quantiles")]
    pub regions: Option<String>,
    /// Ask these metrics, with their defaults, instead of `ks`: such as `mean`, or one of a plugin of your own.
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    /// The run's folder.
    #[arg(long, value_name = "DIR", default_value = "runs/estimate")]
    pub out: PathBuf,
    /// Threads.
    #[arg(long, value_name = "N", help = "Threads [default: all cores]", value_parser = threads, allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// A folder with plugins, searched first.
    #[arg(long, value_name = "DIR")]
    pub plugin_path: Vec<PathBuf>,
}

/// `amplicast split`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("parts").required(true).multiple(true)))]
pub struct SplitCommand {
    /// The events that the generator is trained on: .npy, .npz, HDF5 or Parquet, `FILE::KEY` for one of several arrays.
    #[arg(long, value_name = "FILE[::KEY]")]
    pub train: PathBuf,
    /// Random halves of them, half of these being what the others leave.
    #[arg(long, value_name = "N", group = "parts", value_parser = clap::value_parser!(u64).range(6..), allow_negative_numbers = true)]
    pub halves: Option<u64>,
    /// As many events each, drawn with replacement.
    #[arg(long, value_name = "N", group = "parts", value_parser = clap::value_parser!(u64).range(3..), allow_negative_numbers = true)]
    pub bootstraps: Option<u64>,
    /// Disjoint subsets of them.
    #[arg(long, value_name = "N", group = "parts", value_parser = clap::value_parser!(u64).range(4..), allow_negative_numbers = true)]
    pub subsets: Option<u64>,
    /// The folder to write to.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// What is drawn depends on it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Which array of those files that hold several (.npz, HDF5).
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
    /// How the events are read.
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Which events belong together.
    #[command(flatten)]
    pub groups: GroupArguments,
    /// A folder with plugins, searched first.
    #[arg(long, value_name = "DIR")]
    pub plugin_path: Vec<PathBuf>,
}
