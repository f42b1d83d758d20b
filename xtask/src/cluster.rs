//! `cargo xtask test --cluster`: an experiment by the real engine, on this machine and through a real queue, has the results of one
//! process.

mod slurm;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::checkout::{self, Checkout};
use crate::failure::{During, Failure, Outcome};
use crate::python;
use slurm::Slurm;

/// The experiment, and what makes it short.
const EXPERIMENT: &str = "examples/ring-2d-lr.toml";
const SHORT: &[&str] = &[
    "experiment.n_gen=20000",
    "experiment.members=6",
    "experiment.training_sets=2",
    "experiment.n_truth=20000",
    "training.iterations=300",
];

/// The versions of the engine that every workflow asks for.
const REQUIREMENTS: &str = "host/src/workflow/engine/requirements.txt";

/// A workflow of some jobs is over sooner, whatever happens to it.
const LIMIT: Duration = Duration::from_secs(600);

/// Builds, and runs the experiment in one process, by Snakemake alone, through Slurm, and through Slurm with a job killed.
///
/// # Errors
/// The first step's that fails, or results that differ.
pub fn run(checkout: &Checkout) -> Outcome {
    checkout::run(&mut checkout.cargo(&["build"]))?;
    let engine = python::programs(checkout, "engine", REQUIREMENTS)?;
    let program = checkout.root().join(checkout.built()?).join("amplicast");
    let folder = checkout.root().join("target/cluster");
    if folder.exists() {
        fs::remove_dir_all(&folder).during(|| format!("remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).during(|| format!("make {}", folder.display()))?;
    let trial = Trial { checkout, program, engine, folder };
    trial.amplicast("run", "one")?;
    let mut times = vec![("Snakemake on this machine", trial.workflow("here", "local", &[], |_| Ok(()))?)];
    let slurm = Slurm::start(&trial.folder)?;
    // Nothing keeps accounts here, and nobody waits for a quiet queue.
    let queue = ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2"];
    let partition =
        ["--default-resources", "slurm_account=none", "slurm_partition=main", "mem_mb=1000", "runtime=10"];
    let options = [queue.as_slice(), &partition].concat();
    times.push(("Slurm", trial.workflow("slurm", "slurm", &options, |_| Ok(()))?));
    let killed = trial.workflow("killed", "slurm", &options, |over| slurm.kill_a_job(over))?;
    times.push(("Slurm, with a job killed", killed));
    slurm.stop()?;
    println!("cluster: results.json, results.csv and table.csv are the bytes of one process each time");
    for (name, time) in times {
        println!("cluster: {name}: {:.0} s", time.as_secs_f64());
    }
    Ok(())
}

struct Trial<'a> {
    checkout: &'a Checkout,
    program: PathBuf,
    engine: PathBuf,
    folder: PathBuf,
}

impl Trial<'_> {
    /// `amplicast run` or `amplicast workflow`, into a folder.
    fn amplicast(&self, command: &str, out: &str) -> Outcome {
        let mut amplicast = Command::new(&self.program);
        amplicast.current_dir(self.checkout.root()).args([command, EXPERIMENT, "--out"]);
        amplicast.arg(self.folder.join(out)).stdout(Stdio::null());
        for value in SHORT {
            amplicast.args(["--set", value]);
        }
        checkout::run(&mut amplicast)
    }

    /// A workflow by the engine with a profile; `disturb` may do so until the engine is over. Gives the time that it took.
    fn workflow(
        &self,
        name: &str,
        profile: &str,
        options: &[&str],
        disturb: impl FnOnce(&mut dyn FnMut() -> bool) -> Outcome,
    ) -> Outcome<Duration> {
        self.amplicast("workflow", name)?;
        let run = self.folder.join(name);
        let log = self.folder.join(format!("{name}.log"));
        let to = File::create(&log).during(|| format!("make {}", log.display()))?;
        let errors = to.try_clone().during(|| format!("open {}", log.display()))?;
        let started = Instant::now();
        let mut snakemake = Command::new(self.engine.join("snakemake"));
        snakemake.arg("--profile").arg(run.join(profile)).args(options).stdout(to).stderr(errors);
        let mut child = snakemake.spawn().during(|| "start snakemake".into())?;
        let disturbed = disturb(&mut || !matches!(child.try_wait(), Ok(None)));
        let status = loop {
            match child.try_wait().during(|| "wait for snakemake".into())? {
                Some(status) => break status,
                None if started.elapsed() > LIMIT => {
                    let _ = child.kill();
                    return Err(Failure::new(format!(
                        "{name}: not over after {LIMIT:?}: see {}",
                        log.display()
                    )));
                }
                None => thread::sleep(Duration::from_millis(50)),
            }
        };
        disturbed?;
        if !status.success() {
            return Err(Failure::new(format!("{name}: snakemake failed ({status}): see {}", log.display())));
        }
        for file in ["results.json", "results.csv", "table.csv"] {
            self.same(file, &run)?;
        }
        Ok(started.elapsed())
    }

    fn same(&self, file: &str, run: &Path) -> Outcome {
        let [found, one] = [run.join(file), self.folder.join("one").join(file)];
        let read = |path: &Path| fs::read(path).during(|| format!("read {}", path.display()));
        if read(&found)? == read(&one)? {
            return Ok(());
        }
        Err(Failure::new(format!("{} differs from {}", found.display(), one.display())))
    }
}
