//! Commands and their options.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::convert_arguments::{ConvertCommand, LesHouchesArguments};
use super::estimate_arguments::{EstimateCommand, SplitCommand};
use super::numbers::{positive, threads};
use super::plugin_arguments::{ComponentCommand, PluginsCommand};

/// Forecasts how far a generative network amplifies its training data.
#[derive(Debug, Parser)]
#[command(name = "amplicast", version, about, after_help = EXAMPLES)]
pub struct Arguments {
    /// Longest silence of a plugin call in seconds, without return or progress, before it counts as hung.
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        help = "Longest silence of a plugin call, without return or progress, before it counts as hung [default: 600; 20 in \
                plugins check]"
    )]
    pub time_limit: Option<u64>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "Examples:
  amplicast check examples/ring-2d.toml        what would run, without running it
  amplicast run examples/ring-2d.toml          run it, or go on where it stopped
  amplicast run ring.toml --set experiment.members=50 --set summary.0.plugin=radius
  amplicast estimate --train train.npy --members 'gen_*.npy' --summary radius --region 0.9:1.1
  amplicast plugins list                       datasets, generators, posteriors, summaries, metrics";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run an experiment: train, sample, compare, and report the amplification factor.
    #[command(after_help = "Examples:
  amplicast run examples/ring-2d.toml
  amplicast run ring.toml --set experiment.n_gen=1e6 --out runs/long --threads 2
A run that was stopped or killed goes on where it was; nothing that is stored is computed again.")]
    Run(RunCommand),
    /// Repeat an experiment on independent training sets of a known truth: how often do its intervals hold the true G?
    #[command(after_help = "Examples:
  amplicast calibrate examples/gaussian-1d.toml --training-sets 50
  amplicast run examples/gaussian-1d.toml           its report then shows the calibration beside each G
The calibration is kept in the run's folder, with a report of its own in its folder `calibration`. Of real data no truth is
known: repeat the experiment with a trained model as its truth, and show its calibration with
  amplicast report runs/data --calibration runs/model")]
    Calibrate(CalibrateCommand),
    /// Run an experiment, and show the three steps that Matchev et al. 2022 ask for: errors predicted, validated, and smaller than without
    /// generated events.
    #[command(after_help = "Example:
  amplicast demonstrate examples/ring-2d.toml
Members must know their events (`halves`); validation takes a holdout or the truth of a toy.")]
    Demonstrate(RunCommand),
    /// Check an experiment without running it, and list its cells.
    #[command(after_help = "Examples:
  amplicast check examples/ring-2d.toml --set metric.0.plugin=ks
  amplicast check examples/ring-2d.toml --set training.iterations=9000 --why      what would be computed again, and why")]
    Check(CheckCommand),
    /// Forecast which G an experiment can resolve, and what it costs, before anything is trained.
    #[command(after_help = "Examples:
  amplicast plan examples/ring-2d.toml
  amplicast plan examples/ring-2d.toml --resolve 20        what it would take to resolve G = 20
How many events do I need? The experiment's metrics are applied to members of a known G: n_equiv = G n_train true events, drawn
with replacement. It is counted how often the interval has two ends.")]
    Plan(PlanCommand),
    /// Estimate G from files of generated events, one file a member.
    #[command(after_help = "Examples:
  amplicast estimate --train train.npy --members 'gen_*.npy' --summary 'invariant-mass:0,1,2,3,4,5' --region 600:700
  amplicast estimate --train t.npy --members 'gen_*.npy' --holdout h.npy --summary radius --quantiles 20 --regions 2-19
  amplicast estimate --train t.h5::events --members 'gen_*.npy' --layout px,py,pz,E --summary ht --region 600:inf")]
    Estimate(Box<EstimateCommand>),
    /// Write the training events that members are to be fitted to, for those who train elsewhere: random halves, bootstraps or subsets.
    #[command(after_help = "Example:
  amplicast split --train train.npy --halves 10 --out parts
  # train one network on train.npy and one on each of parts/half_*.npy, for half as many steps; then
  amplicast estimate --train train.npy --full gen_full.npy --members 'gen_half_*.npy' --members-rows 'parts/half_*.rows.npy' \\
      --summary radius --region 0.9:1.1")]
    Split(SplitCommand),
    /// Write what a cluster needs to run an experiment job by job: a Snakefile, profiles, the list of jobs.
    #[command(after_help = "Examples:
  amplicast workflow examples/ring-2d.toml --out runs/ring-2d
  snakemake --profile runs/ring-2d/local            or runs/ring-2d/slurm, runs/ring-2d/htcondor
  amplicast status runs/ring-2d                     how far it is
Snakemake runs the jobs, goes on where it was stopped, and ends with the report; requirements.txt in that folder names its version.
What was computed is found again: by `amplicast run` in the same folder too, whose results are the same bytes.")]
    Workflow(WorkflowCommand),
    /// Do jobs of a workflow: one training, one pass over a member's events.
    #[command(after_help = "Examples:
  amplicast job runs/ring-2d chain/1/1/3            chain 3 of row 1 on training set 1
  amplicast job runs/ring-2d chain/1/1/1-10 truth/1
  echo pass/1/1/1-10 | amplicast job runs/ring-2d
What a job needs must be stored: chains before `shared` and `pass`, `shared` before `pass`. Jobs take no lock: several may work in
one folder at once, on one machine or many that share it. What is stored already is not computed again.
Exit code: 0 if all jobs are done, 1 if one failed, 2 if they cannot be done here as they were asked for.")]
    Job(JobCommand),
    /// Show how far a workflow is: jobs done, running, failed, and the time left.
    #[command(after_help = "Example:
  amplicast status runs/ring-2d")]
    Status(StatusCommand),
    /// Rebuild the report of a run.
    #[command(after_help = "Example:
  amplicast report runs/ring-2d")]
    Report(ReportCommand),
    /// Compare what several runs say of the same questions: G against the number of training events.
    #[command(after_help = "Example:
  for n in 300 1000 3000; do amplicast run ring-2d.toml --set experiment.n_train=$n --out runs/n-$n; done
  amplicast compare runs/n-300 runs/n-1000 runs/n-3000")]
    Compare(CompareCommand),
    /// Draw events of a trained generator of a run, and write them to a file.
    #[command(after_help = "Examples:
  amplicast sample runs/ring-2d --events 1000000 --out ring.parquet
  amplicast sample runs/ttbar-0j --generator flow --events 100000 --out tops.lhe.gz --ids 24,5,-24,-5")]
    Sample(SampleCommand),
    /// Write events of one file to another kind of file, with names, units and weights.
    #[command(after_help = "Examples:
  amplicast convert ttbar.lhe.gz ttbar.parquet --select t=6:status=2 tbar=-6:status=2 --weights weight
  amplicast convert tops.h5::ttbar+0jet tops.npy
  amplicast convert nano.root jets.parquet --tree Events --branches 'Jet_pt[0],Jet_pt[1],MET_pt' --weights genWeight --cut 'nJet >= 2'")]
    Convert(ConvertCommand),
    /// Print the JSON Schema of a component's configuration.
    #[command(after_help = "Example:
  amplicast schema gaussian-ring")]
    Schema(ComponentCommand),
    /// Look at plugins, test them, begin one.
    Plugins(PluginsCommand),
}

/// Where the plugins of an experiment come from.
#[derive(Debug, Default, Args)]
pub struct Plugins {
    /// A folder with plugins, searched first.
    #[arg(long, value_name = "DIR")]
    pub plugin_path: Vec<PathBuf>,
    /// Load the plugins that the experiment brings in its own `plugin_path`: they are programs, and run with all your rights.
    #[arg(long)]
    pub trust_plugins: bool,
}

/// `amplicast run`.
#[derive(Debug, Args)]
pub struct RunCommand {
    /// The experiment file.
    pub experiment: PathBuf,
    /// Override a value of the experiment: KEY.KEY=VALUE; tables of a list by number (from 0) or name.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The run's folder.
    #[arg(long, value_name = "DIR", help = "The run's folder [default: runs/NAME]")]
    pub out: Option<PathBuf>,
    /// Threads.
    #[arg(long, value_name = "N", help = "Threads [default: all cores]", value_parser = threads, allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Which plugins.
    #[command(flatten)]
    pub plugins: Plugins,
}

/// `amplicast calibrate`.
#[derive(Debug, Args)]
pub struct CalibrateCommand {
    /// The experiment, and where and how it is run.
    #[command(flatten)]
    pub run: RunCommand,
    /// Independent training sets.
    #[arg(
        long,
        alias = "replicas",
        value_name = "N",
        default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(2..)
    )]
    pub training_sets: u64,
}

/// `amplicast check`.
#[derive(Debug, Args)]
pub struct CheckCommand {
    /// The experiment file.
    pub experiment: PathBuf,
    /// Override a value of the experiment.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Tell what of the first training set is stored in the run's folder, and which inputs of the rest changed.
    #[arg(long)]
    pub why: bool,
    /// The run's folder.
    #[arg(long, value_name = "DIR", requires = "why", help = "The run's folder [default: runs/NAME]")]
    pub out: Option<PathBuf>,
    /// Which plugins.
    #[command(flatten)]
    pub plugins: Plugins,
}

/// `amplicast plan`.
#[derive(Debug, Args)]
pub struct PlanCommand {
    /// The experiment file.
    pub experiment: PathBuf,
    /// Override a value of the experiment.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Find what it would take to resolve this G.
    #[arg(long, value_name = "G", value_parser = positive)]
    pub resolve: Option<f64>,
    /// Simulated runs for each G.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub runs: u64,
    /// Threads.
    #[arg(long, value_name = "N", help = "Threads [default: all cores]", value_parser = threads, allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Which plugins.
    #[command(flatten)]
    pub plugins: Plugins,
}

/// `amplicast sample`.
#[derive(Debug, Args)]
pub struct SampleCommand {
    /// The folder of a run.
    pub run: PathBuf,
    /// How many events to draw.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub events: u64,
    /// The file to write: .npy, .parquet, .lhe or .lhe.gz.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Name of the generator's table [default: the first one].
    #[arg(long, value_name = "NAME")]
    pub generator: Option<String>,
    /// Name of the uncertainty model's table [default: the first one].
    #[arg(long, value_name = "NAME")]
    pub uncertainty: Option<String>,
    /// Number of the member; of `halves` the first ones are fits to all events.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub member: u64,
    /// Number of the training set.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub training_set: u64,
    /// What is drawn depends on it; no seed gives the events that the run was made of.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// What Les Houches events need.
    #[command(flatten)]
    pub les_houches: LesHouchesArguments,
    /// Threads.
    #[arg(long, value_name = "N", help = "Threads [default: all cores]", value_parser = threads, allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Which plugins.
    #[command(flatten)]
    pub plugins: Plugins,
}

/// `amplicast workflow`.
#[derive(Debug, Args)]
pub struct WorkflowCommand {
    /// The experiment file.
    pub experiment: PathBuf,
    /// Override a value of the experiment: KEY.KEY=VALUE; tables of a list by number (from 0) or name.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The run's folder.
    #[arg(long, value_name = "DIR", help = "The run's folder [default: runs/NAME]")]
    pub out: Option<PathBuf>,
    /// Threads of a job.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = threads, allow_negative_numbers = true)]
    pub job_threads: usize,
    /// Minutes of work that one call of the program gets, of jobs that are shorter.
    #[arg(long, value_name = "MINUTES", default_value_t = 10.0, value_parser = positive)]
    pub minutes: f64,
    /// The program that does jobs, by the name or path that machines know it by.
    #[arg(long, value_name = "FILE", help = "The program that does jobs [default: this one]")]
    pub program: Option<String>,
    /// Image of a container in which jobs run.
    #[arg(long, value_name = "IMAGE")]
    pub container: Option<String>,
    /// Which plugins.
    #[command(flatten)]
    pub plugins: Plugins,
}

/// `amplicast job`.
#[derive(Debug, Args)]
pub struct JobCommand {
    /// The folder that `amplicast workflow` wrote.
    pub run: PathBuf,
    /// Jobs, such as `chain/1/1/3`, `pass/1/1/1-10`, `shared/1/1`, `truth/1`.
    #[arg(
        value_name = "JOB",
        help = "Jobs, such as chain/1/1/3 or pass/1/1/1-10 [default: from standard input]"
    )]
    pub jobs: Vec<String>,
    /// The workflow that asks for them, by its name in `workflow.json`: a folder that was written for another one meanwhile is refused.
    #[arg(
        long = "of",
        value_name = "NAME",
        help = "Refuse a folder that was written anew for another workflow than this one"
    )]
    pub of: Option<String>,
    /// Threads.
    #[arg(long, value_name = "N", help = "Threads [default: all cores]", value_parser = threads, allow_negative_numbers = true)]
    pub threads: Option<usize>,
    /// Work on a processor whose instructions differ from those of the machine that wrote the workflow: results then differ in their
    /// last digits from job to job.
    #[arg(long)]
    pub any_processor: bool,
    /// Which plugins.
    #[command(flatten)]
    pub plugins: Plugins,
}

/// `amplicast status`.
#[derive(Debug, Args)]
pub struct StatusCommand {
    /// The folder that `amplicast workflow` wrote.
    pub run: PathBuf,
}

/// `amplicast report`.
#[derive(Debug, Args)]
pub struct ReportCommand {
    /// The run's folder.
    pub run: PathBuf,
    /// The folder of a run that was calibrated with the same settings; its calibration is kept with this run.
    #[arg(long, value_name = "DIR")]
    pub calibration: Option<PathBuf>,
}

/// `amplicast compare`.
#[derive(Debug, Args)]
pub struct CompareCommand {
    /// The folders of finished runs, two or more.
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Where the page, its figures and the table go.
    #[arg(long, value_name = "DIR", default_value = "runs/compared")]
    pub out: PathBuf,
}
