//! `kill -9` at any moment, of the supervisor, of the worker, or of both: the next run ends like one that nobody disturbed, and
//! nothing is left over.
//!
//! `AMPLICAST_KILLS` says how often (`cargo xtask fuzz --kills N`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use amplicast_tests::{
    Finished, GAUSSIAN, Numbers, Place, fits, repeats, run_files, signal, stage_files, worker_of,
};

/// Chains, streams, planes, true curves and figures of 12 cells: about a second.
const SIZES: &str = r#"name = "killed"
n_train = 200
n_gen = 100_000
members = 4
checkpoints = 5
training_sets = 2
n_truth = 20_000"#;

const TABLES: &str = r#"
[[generator]]
plugin = "resample"
[[summary]]
plugin = "radius"
[[selection]]
name = "cut"
cuts = [{ summary = "x", quantiles = [0.2, 1.0] }]
plane = ["x", "radius"]
[[metric]]
name = "quarters"
plugin = "integral"
quantiles = 4
regions = "2-3"
[[metric]]
plugin = "ks"
reference = ["training", "truth"]
"#;

/// The folder for temporary files, and the calls that use it.
struct Setting {
    place: Place,
    temporary: PathBuf,
}

impl Setting {
    fn new() -> Self {
        let place = Place::new();
        place.write("x.toml", fits(&format!("{GAUSSIAN}\ndimension = 2"), SIZES, TABLES));
        let temporary = place.path("temporary");
        std::fs::create_dir(&temporary).expect("a folder");
        Setting { place, temporary }
    }

    fn command(&self, out: &str) -> Command {
        let mut command = self.place.command(&["run", "x.toml", "--out", out]);
        command.env("TMPDIR", &self.temporary);
        command
    }

    fn run(&self, out: &str) -> Finished {
        Finished::of(self.command(out).output().expect("the host can be started"))
    }

    /// In a process group of its own, as a terminal does it.
    fn start(&self, out: &str) -> Child {
        use std::os::unix::process::CommandExt;
        let mut command = self.command(out);
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the host can be started")
    }

    fn files(&self, out: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        run_files(&self.place.path(out), &self.place.path(""))
    }

    /// Processes of this setting: each knows its folder for temporary files.
    fn processes(&self) -> Vec<String> {
        let ours = [b"TMPDIR=", self.temporary.as_os_str().as_encoded_bytes()].concat();
        let list = std::fs::read_dir("/proc").expect("/proc").flatten();
        let is_ours = |folder: &Path| {
            let variables = std::fs::read(folder.join("environ")).unwrap_or_default();
            variables.split(|&byte| byte == 0).any(|variable| variable == ours)
        };
        list.filter(|e| is_ours(&e.path())).map(|e| e.file_name().to_string_lossy().into_owned()).collect()
    }

    fn wait_for_the_end_of_all(&self) {
        let begun = Instant::now();
        while !self.processes().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(20), "left running: {:?}", self.processes());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn a_run_killed_at_any_moment_ends_like_an_undisturbed_one() {
    let setting = Setting::new();
    setting.run("undisturbed").expect(0);
    let begun = Instant::now();
    setting.run("again").expect(0);
    let (expected, took) = (setting.files("undisturbed"), begun.elapsed());
    assert!(expected == setting.files("again"));
    let count = repeats("AMPLICAST_KILLS", 12);
    let mut numbers = Numbers::new(0xB5AD_4ECE);
    let (mut disturbed, mut before_results, mut stages) = (0, 0, Vec::new());
    for i in 0.. {
        if disturbed == count {
            break;
        }
        assert!(i < 10 + 3 * count, "{disturbed} of {i} runs were killed before they ended");
        let mut child = setting.start("run");
        let (supervisor, moment) = (child.id(), took.mul_f64(numbers.below(1000) as f64 / 1000.0));
        std::thread::sleep(moment);
        let goes_on = child.try_wait().expect("a child").is_none();
        if goes_on {
            match (disturbed % 3, worker_of(supervisor)) {
                (0, _) => signal("KILL", -i64::from(supervisor)),
                // It may have ended meanwhile.
                (1, Some(worker)) => drop(Command::new("kill").args(["-KILL", &worker.to_string()]).output()),
                _ => signal("KILL", i64::from(supervisor)),
            }
            disturbed += 1;
        }
        child.wait().expect("a child");
        setting.wait_for_the_end_of_all();
        if goes_on {
            stages.push(stage_files(&setting.place.path("run")).len());
            before_results += usize::from(!setting.place.path("run/results.json").exists());
        }
        setting.run("run").expect(0);
        assert_eq!(setting.processes(), Vec::<String>::new());
        let found = setting.files("run");
        let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&expected), "kill {i}, after {moment:?}");
        for (name, content) in &expected {
            assert!(found[name] == *content, "kill {i}, after {moment:?}: {}", name.display());
        }
        assert_eq!(std::fs::read_dir(&setting.temporary).expect("a folder").count(), 0, "kill {i}");
        std::fs::remove_dir_all(setting.place.path("run")).expect("a folder");
    }
    println!(
        "{disturbed} killed within {took:?}, {before_results} of them without results; of {} stages there were stored: {stages:?}",
        stage_files(&setting.place.path("undisturbed")).len()
    );
}
