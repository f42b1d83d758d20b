//! The commands about plugins, and their options.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::kit::PluginKind;

/// A command about one component.
#[derive(Debug, Args)]
pub struct ComponentCommand {
    /// The component's name.
    pub component: String,
    /// A folder with plugins, searched first.
    #[arg(long, value_name = "DIR")]
    pub plugin_path: Vec<PathBuf>,
}

/// `amplicast plugins`.
#[derive(Debug, Args)]
pub struct PluginsCommand {
    /// What to look at.
    #[command(subcommand)]
    pub command: PluginCommand,
}

/// The commands about plugins.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// List all components, and files that cannot be used with the reason.
    List(ListCommand),
    /// Describe a component.
    Info(ComponentCommand),
    /// Test every component of a plugin library, or a class in Python, against the contract, in a process of its own.
    #[command(after_help = "Examples:
  amplicast plugins check target/debug/libmy_plugin.so
  amplicast plugins check libmy_plugin.so --config 'my-metric={\"regions\": [[0, 1]]}' --json
  amplicast plugins check libmy_plugin.so --list                     which tests there are
  amplicast plugins check libmy_plugin.so --include 'my-metric:null-*' --only-failed
  amplicast plugins check flow.py:Flow --python venv/bin/python --set settings.device=cpu
A test that the plugin does not survive counts as crashed; the others go on. A call that hangs is ended by --time-limit, and
the component's other tests are not run. A pattern is the name of a component or of a test, or COMPONENT:TEST; `*` stands for
any text. Everything random comes from the seed. A class is tested as whatever it has the methods of: a generator, a summary, a metric.
Exit code: 0 if all tests passed or were skipped, 1 if not, 2 if the file cannot be loaded.")]
    Check(ConformanceCommand),
    /// Print the folders in which plugins are looked for, in order.
    Path(PathCommand),
    /// Write a plugin of your own to begin with: a crate, or a class in Python, with its tests and an experiment.
    #[command(after_help = "Examples:
  amplicast plugins new my-flow --kind generator
  amplicast plugins new my-flow --kind generator --python
  amplicast plugins new thrust --kind summary --sdk ~/amplicast/sdk
The crate depends on the SDK of the checkout in which this program was built or from which it was installed, otherwise on the
published one of this version.")]
    New(NewCommand),
    /// Build a plugin and run the conformance suite on it, again at every change of its sources.
    #[command(after_help = "Examples:
  amplicast plugins dev my-flow
  amplicast plugins dev flow.py:Flow --python venv/bin/python
A class in Python is tested again when a module in its folder, or below, changes.
Errors of the build are cargo's own. Experiments use what was built last: with the --plugin-path or the AMPLICAST_PLUGIN_PATH that is
printed it comes before any other component of its name.")]
    Dev(DevCommand),
}

/// `amplicast plugins new`.
#[derive(Debug, Args)]
pub struct NewCommand {
    /// The component's name in experiments, which is that of the crate and of the new folder as well.
    pub name: String,
    /// What to make.
    #[arg(long, value_name = "KIND")]
    pub kind: PluginKind,
    /// A class in Python instead of a crate: a generator or a summary.
    #[arg(long)]
    pub python: bool,
    /// The folder of amplicast-sdk to depend on.
    #[arg(long, value_name = "DIR")]
    pub sdk: Option<PathBuf>,
    /// A folder with plugins, whose names are taken as well.
    #[arg(long, value_name = "DIR")]
    pub plugin_path: Vec<PathBuf>,
}

/// `amplicast plugins dev`.
#[derive(Debug, Args)]
pub struct DevCommand {
    /// The crate's folder, or a class in Python as FILE.py:CLASS.
    pub plugin: PathBuf,
    /// How a class is made.
    #[command(flatten)]
    pub class: ClassOptions,
    /// A configuration to test a component with; may be given several times. Without one: its defaults.
    #[arg(long, value_name = "COMPONENT=JSON")]
    pub config: Vec<String>,
}

/// `amplicast plugins check`.
#[derive(Debug, Args)]
pub struct ConformanceCommand {
    /// The plugin library, or a class in Python as FILE.py:CLASS.
    pub file: PathBuf,
    /// How a class is made.
    #[command(flatten)]
    pub class: ClassOptions,
    /// A configuration to test a component with; may be given several times. Without one: its defaults.
    #[arg(long, value_name = "COMPONENT=JSON")]
    pub config: Vec<String>,
    /// Print the results as JSON.
    #[arg(long)]
    pub json: bool,
    /// List the tests without running them.
    #[arg(long)]
    pub list: bool,
    /// Print only tests that failed, crashed or were not run.
    #[arg(long)]
    pub only_failed: bool,
    /// Run only tests that the pattern fits; may be given several times.
    #[arg(long, value_name = "PATTERN")]
    pub include: Vec<String>,
    /// Run no test that the pattern fits; may be given several times.
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// The seed of everything random.
    #[arg(long, value_name = "N", default_value_t = amplicast_sdk::testing::DEFAULT_SEED)]
    pub seed: u64,
}

/// What is said of a class in Python.
#[derive(Debug, Args)]
pub struct ClassOptions {
    /// Of a class: its interpreter, a name on PATH or a path.
    #[arg(
        long,
        value_name = "PYTHON",
        help = "Of a class: its interpreter, a name on PATH or a path [default: python3]"
    )]
    pub python: Option<String>,
    /// Of a class: a value of its table in an experiment, such as settings.width=64.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Of a class: test it as this kind alone.
    #[arg(
        long,
        value_name = "KIND",
        help = "Of a class: test it as a generator, a summary or a metric [default: as what it has the methods of]"
    )]
    pub kind: Option<String>,
    /// Of a class: a folder with plugins, searched first for the plugin `python`.
    #[arg(long, value_name = "DIR")]
    pub plugin_path: Vec<PathBuf>,
}

/// `amplicast plugins list`.
#[derive(Debug, Args)]
pub struct ListCommand {
    /// A folder with plugins, searched first.
    #[arg(long, value_name = "DIR")]
    pub plugin_path: Vec<PathBuf>,
    /// Load every file as well, and say which cannot be loaded: without it, files are read and none of their code runs.
    #[arg(long)]
    pub load: bool,
}

/// A command about the plugin path.
#[derive(Debug, Args)]
pub struct PathCommand {
    /// A folder with plugins, searched first.
    #[arg(long, value_name = "DIR")]
    pub plugin_path: Vec<PathBuf>,
}
