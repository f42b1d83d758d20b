//! A Slurm of one machine, for a test: its own configuration, no accounts, no other users.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::checkout;
use crate::failure::{During, Failure, Outcome};

/// Where Slurm's programs look for it: the executor's inner calls do not see a variable that names another place.
const CONFIGURATION: &str = "/etc/slurm/slurm.conf";

/// Packages of Debian.
const PACKAGES: &[&str] = &["slurmctld", "slurmd", "slurm-client"];

/// The queue under test.
pub struct Slurm {
    folder: PathBuf,
}

impl Slurm {
    /// Starts it, with its state in a folder below `folder`.
    ///
    /// # Errors
    /// On a machine that has a Slurm of its own, without the superuser's rights, or when it does not start.
    pub fn start(folder: &Path) -> Outcome<Self> {
        if Path::new(CONFIGURATION).exists() {
            return Err(Failure::new(format!(
                "{CONFIGURATION} is there: this machine has a Slurm of its own, which is left alone"
            )));
        }
        install()?;
        let slurm = Slurm { folder: folder.join("queue") };
        for name in ["state", "spool"] {
            let part = slurm.folder.join(name);
            fs::create_dir_all(&part).during(|| format!("make {}", part.display()))?;
        }
        let host =
            fs::read_to_string("/proc/sys/kernel/hostname").during(|| "read this machine's name".into())?;
        fs::create_dir_all("/etc/slurm").during(|| "make /etc/slurm".into())?;
        fs::write(CONFIGURATION, slurm.configuration(host.trim()))
            .during(|| format!("write {CONFIGURATION}"))?;
        for program in ["slurmctld", "slurmd"] {
            checkout::run(quiet(program).env_remove("SLURM_CONF"))?;
        }
        slurm.wait_for_a_node()?;
        Ok(slurm)
    }

    fn configuration(&self, host: &str) -> String {
        let folder = self.folder.display();
        format!(
            "ClusterName=trial\nSlurmctldHost={host}\nSlurmUser=root\nAuthType=auth/none\nCredType=cred/none\n\
             StateSaveLocation={folder}/state\nSlurmdSpoolDir={folder}/spool\nSlurmctldPidFile={folder}/slurmctld.pid\n\
             SlurmdPidFile={folder}/slurmd.pid\nSlurmctldLogFile={folder}/slurmctld.log\nSlurmdLogFile={folder}/slurmd.log\n\
             ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nSelectType=select/cons_tres\n\
             SelectTypeParameters=CR_Core\nSchedulerParameters=sched_min_interval=0,batch_sched_delay=0\n\
             SlurmdParameters=config_overrides\nReturnToService=2\nNodeName={host} CPUs=4 RealMemory=8000 State=UNKNOWN\n\
             PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
        )
    }

    fn wait_for_a_node(&self) -> Outcome {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if answer("sinfo", &["-h", "-o", "%T"]) == "idle" {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(200));
        }
        Err(Failure::new(format!(
            "Slurm has no node after a minute: see {}/slurmctld.log",
            self.folder.display()
        )))
    }

    /// Kills a job that runs, as a machine's watchdog would; `over` says whether there will be none any more.
    ///
    /// # Errors
    /// When no job ran.
    pub fn kill_a_job(&self, over: &mut dyn FnMut() -> bool) -> Outcome {
        while !over() {
            let running = answer("squeue", &["-h", "-t", "running", "-o", "%i"]);
            if let Some(job) = running.lines().next() {
                return checkout::run(quiet("scancel").args(["--signal=KILL", "--full", job]));
            }
            thread::sleep(Duration::from_millis(100));
        }
        Err(Failure::new("no job of the workflow was seen in the queue"))
    }

    /// Stops it, and removes its configuration.
    ///
    /// # Errors
    /// When the configuration cannot be removed.
    pub fn stop(self) -> Outcome {
        drop(self);
        if Path::new(CONFIGURATION).exists() {
            return Err(Failure::new(format!("{CONFIGURATION} is still there: remove it")));
        }
        Ok(())
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        for program in ["slurmd", "slurmctld"] {
            if let Ok(number) = fs::read_to_string(self.folder.join(format!("{program}.pid"))) {
                let _ = quiet("kill").arg(number.trim()).status();
            }
        }
        let _ = fs::remove_file(CONFIGURATION);
    }
}

/// Installs Slurm's packages where they are missing.
fn install() -> Outcome {
    let there = |program: &str| {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).any(|folder| folder.join(program).is_file())
    };
    if ["slurmctld", "slurmd", "sinfo"].iter().all(|program| there(program)) {
        return Ok(());
    }
    println!("cluster: installing {}", PACKAGES.join(", "));
    checkout::run(quiet("apt-get").arg("update"))?;
    checkout::run(quiet("apt-get").args(["install", "-y", "--no-install-recommends"]).args(PACKAGES))
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdout(Stdio::null());
    command
}

/// What a program prints; nothing if it fails.
fn answer(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output();
    output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().into())
}
