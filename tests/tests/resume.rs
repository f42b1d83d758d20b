//! A run that ends at any moment, in any way, goes on with the next one, and the result is the one of a run that nobody
//! disturbed.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant, SystemTime};

use amplicast_tests::{Finished, Place, hostile_plugin, signal, stage_files, worker_of};

/// Two generators, two metrics, two training sets; a chunk of the first generator takes `delay` milliseconds.
fn experiment(delay: u64) -> String {
    format!(
        r#"[experiment]
name = "resume"
n_train = 100
n_gen = 100_000
members = 5
checkpoints = 5
training_sets = 2
n_truth = 2000

[dataset]
plugin = "gaussian"

[[generator]]
name = "slow"
plugin = "hostile-generator"
delay = {delay}

[[generator]]
plugin = "resample"

[[uncertainty]]
plugin = "ensemble"

[[summary]]
name = "x"
plugin = "coordinate"

[[metric]]
plugin = "integral"
intervals = [[0.0, 0.5]]

[[metric]]
plugin = "ks"
reference = ["training", "truth"]
"#
    )
}

/// The experiment in a folder of its own, and the arguments that run it.
struct Setting {
    place: Place,
    plugins: String,
}

impl Setting {
    fn new(delay: u64) -> Self {
        let place = Place::new();
        place.write("resume.toml", experiment(delay));
        Setting { place, plugins: hostile_plugin().display().to_string() }
    }

    fn arguments<'a>(&'a self, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&["run", "resume.toml", "--plugin-path", &self.plugins, "--out", out], more].concat()
    }

    fn run(&self, out: &str, more: &[&str]) -> Finished {
        self.place.amplicast(&self.arguments(out, more))
    }

    fn start(&self, out: &str) -> Child {
        self.place.start(&self.arguments(out, &["--threads", "1"]))
    }

    fn results(&self, out: &str) -> Vec<u8> {
        std::fs::read(self.place.path(out).join("results.json")).expect("results")
    }

    fn stages(&self, out: &str) -> BTreeMap<String, SystemTime> {
        stage_files(&self.place.path(out))
    }

    /// Waits until at least `n` stages are stored.
    fn wait_for_stages(&self, out: &str, n: usize, child: &mut Child) {
        wait_until("stages are stored", || {
            assert!(child.try_wait().expect("a child").is_none(), "the run ended before it was disturbed");
            self.stages(out).len() >= n
        });
    }
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited for a minute until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether somebody holds the folder of a run.
fn is_locked(run: &Path) -> bool {
    std::fs::File::open(run.join("lock")).is_ok_and(|file| file.try_lock().is_err())
}

#[test]
fn results_are_the_same_for_one_and_two_threads_and_from_run_to_run() {
    let setting = Setting::new(0);
    setting.run("one", &["--threads", "1"]).expect(0);
    setting.run("two", &["--threads", "2"]).expect(0);
    setting.run("again", &["--threads", "2"]).expect(0);
    assert!(setting.results("one") == setting.results("two"));
    assert!(setting.results("two") == setting.results("again"));
    let rows = |out: &str| std::fs::read(setting.place.path(out).join("results.csv")).expect("rows");
    assert!(rows("one") == rows("two"));
    assert_eq!(
        setting.stages("one").into_keys().collect::<Vec<_>>(),
        setting.stages("two").into_keys().collect::<Vec<_>>()
    );
}

#[test]
fn a_second_run_computes_nothing_again() {
    let setting = Setting::new(0);
    setting.run("run", &[]).expect(0);
    let (before, results) = (setting.stages("run"), setting.results("run"));
    let again = setting.run("run", &[]).expect(0);
    assert_eq!(before, setting.stages("run"));
    assert!(results == setting.results("run"));
    again.says(&["5 chain(s), 5 of them stored before", "0 member(s) sampled, 5 stored before"]);
}

#[test]
fn a_swapped_summary_reuses_every_chain() {
    let setting = Setting::new(0);
    setting.run("run", &[]).expect(0);
    let chains = |out: &str| {
        setting.stages(out).into_iter().filter(|(n, _)| n.starts_with("chain")).collect::<Vec<_>>()
    };
    let before = chains("run");
    assert_eq!(before.len(), 2 * 2 * 5);
    setting.run("run", &["--set", "summary.x.plugin=radius"]).expect(0);
    assert_eq!(before, chains("run"));
}

#[test]
fn more_members_keep_the_first_ones() {
    let setting = Setting::new(0);
    setting.run("run", &[]).expect(0);
    let before = setting.stages("run");
    let more = ["--set", "experiment.members=7"];
    let grown = setting.run("run", &more).expect(0);
    grown.says(&["7 chain(s), 5 of them stored before", "2 member(s) sampled, 5 stored before"]);
    let after = setting.stages("run");
    assert!(before.iter().all(|(name, time)| after.get(name) == Some(time)), "a stage was computed again");
    setting.run("fresh", &more).expect(0);
    assert!(setting.results("run") == setting.results("fresh"));
}

/// Members that are inferred together are inferred anew when their number changes; others only where one is new.
#[test]
fn only_joint_members_are_inferred_anew_when_their_number_changes() {
    for (misbehave, stored) in [("none", 5), ("joint", 0)] {
        let setting = Setting::new(0);
        let table = format!("plugin = \"hostile-uncertainty\"\nmisbehave = \"{misbehave}\"");
        setting.place.write("resume.toml", experiment(0).replace("plugin = \"ensemble\"", &table));
        setting.run("run", &[]).expect(0);
        let grown = setting.run("run", &["--set", "experiment.members=7"]).expect(0);
        grown.says(&[&format!("7 chain(s), {stored} of them stored before")]);
    }
}

/// A stored curve is known by what was cut on, not by the place of the summary in the file.
#[test]
fn summaries_that_change_places_do_not_mix_up_stored_curves() {
    let setting = Setting::new(0);
    let summary = |name: &str, index: usize| {
        format!("[[summary]]\nname = \"{name}\"\nplugin = \"coordinate\"\nindex = {index}\n")
    };
    let (x, y) = (summary("x", 0), summary("y", 1));
    let text = |summaries: String, cut: &str| {
        experiment(0).replace("plugin = \"gaussian\"", "plugin = \"gaussian\"\ndimension = 2").replace(
            "[[summary]]\nname = \"x\"\nplugin = \"coordinate\"\n",
            &format!(
                "{summaries}\n[[selection]]\nname = \"cut\"\ncuts = [{{summary = \"{cut}\", interval = [0.0, 9.0]}}]\n"
            ),
        )
    };
    setting.place.write("resume.toml", text(format!("{x}{y}"), "x"));
    setting.run("run", &[]).expect(0);
    setting.place.write("resume.toml", text(format!("{y}{x}"), "y"));
    setting.run("run", &[]).expect(0);
    setting.run("fresh", &[]).expect(0);
    assert!(setting.results("run") == setting.results("fresh"));
}

#[test]
fn a_run_whose_supervisor_is_killed_at_several_moments_ends_like_an_undisturbed_one() {
    let setting = Setting::new(30);
    setting.run("undisturbed", &[]).expect(0);
    let all = setting.stages("undisturbed").len();
    let mut kept = BTreeMap::new();
    for moment in [0, 1, 8, 20, all / 2, all - 6] {
        let mut child = setting.start("run");
        if moment == 0 {
            wait_until("the run has its folder", || is_locked(&setting.place.path("run")));
        } else {
            setting.wait_for_stages("run", moment, &mut child);
        }
        child.kill().expect("kill -9");
        child.wait().expect("a child");
        // The worker goes with its supervisor, and leaves the folder.
        wait_until("the worker is gone", || !is_locked(&setting.place.path("run")));
        let stored = setting.stages("run");
        for (name, time) in &kept {
            assert_eq!(stored.get(name), Some(time), "{name} was computed again");
        }
        assert!(stored.len() >= moment);
        kept = stored;
    }
    setting.run("run", &[]).expect(0);
    let stored = setting.stages("run");
    assert!(
        kept.iter().all(|(name, time)| stored.get(name) == Some(time)),
        "a finished stage was computed again"
    );
    assert!(setting.results("run") == setting.results("undisturbed"));
}

#[test]
fn a_killed_worker_costs_one_component_and_the_next_run_ends_like_an_undisturbed_one() {
    let setting = Setting::new(300);
    setting.run("undisturbed", &[]).expect(0);
    let mut child = setting.start("run");
    // The true curves and all chains of the slow generator; then its first chunk, which takes 300 ms.
    setting.wait_for_stages("run", 9, &mut child);
    std::thread::sleep(Duration::from_millis(100));
    signal("KILL", worker_of(child.id()).expect("a worker"));
    let ended = Finished::of(child.wait_with_output().expect("a child")).expect(1);
    ended.says(&["`hostile-generator (slow)`, call sample: was killed (signal 9: out of memory, or somebody's kill); going on without it"]);
    setting.run("run", &[]).expect(0);
    assert!(setting.results("run") == setting.results("undisturbed"));
}

#[test]
fn ctrl_c_stops_cleanly_and_the_next_run_goes_on() {
    let setting = Setting::new(50);
    setting.run("undisturbed", &[]).expect(0);
    let mut child = setting.start("run");
    setting.wait_for_stages("run", 8, &mut child);
    // As a terminal does: to the whole group.
    signal("INT", -i64::from(child.id()));
    let asked = Instant::now();
    let ended = Finished::of(child.wait_with_output().expect("a child")).expect(3);
    ended.says(&["stopped; the same command goes on from here"]);
    assert!(asked.elapsed() < Duration::from_secs(5), "it took {:?} to stop", asked.elapsed());
    assert!(!is_locked(&setting.place.path("run")));
    assert!(!setting.place.path("run/results.json").exists(), "a stopped run has no results");
    let stored = setting.stages("run");
    setting.run("run", &[]).expect(0);
    let after = setting.stages("run");
    assert!(
        stored.iter().all(|(name, time)| after.get(name) == Some(time)),
        "a finished stage was computed again"
    );
    assert!(setting.results("run") == setting.results("undisturbed"));
}

#[test]
fn a_signal_to_the_supervisor_alone_stops_the_run_as_well() {
    let setting = Setting::new(50);
    let mut child = setting.start("run");
    setting.wait_for_stages("run", 8, &mut child);
    signal("TERM", i64::from(child.id()));
    let ended = Finished::of(child.wait_with_output().expect("a child"));
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    assert!(!is_locked(&setting.place.path("run")));
}

#[test]
fn a_second_run_in_the_same_folder_is_refused_while_the_first_goes_on() {
    let setting = Setting::new(50);
    let mut child = setting.start("run");
    setting.wait_for_stages("run", 1, &mut child);
    let refused = setting.run("run", &[]).expect(2);
    refused.says(&["another run is using this folder: wait for it, or choose another --out"]);
    let ended = Finished::of(child.wait_with_output().expect("a child")).expect(0);
    assert!(!ended.out.is_empty());
}

#[test]
fn a_damaged_stage_is_computed_again() {
    let setting = Setting::new(0);
    setting.run("run", &[]).expect(0);
    let results = setting.results("run");
    for (i, name) in setting.stages("run").into_keys().enumerate() {
        let file = setting.place.path("run/stages").join(name);
        let bytes = std::fs::read(&file).expect("a stage");
        match i % 3 {
            0 => std::fs::write(&file, &bytes[..bytes.len() / 2]).expect("writable"),
            1 => std::fs::write(&file, b"").expect("writable"),
            _ => {}
        }
    }
    setting.run("run", &[]).expect(0);
    assert!(results == setting.results("run"));
}

#[test]
fn a_folder_that_cannot_be_written_is_said_before_anything_runs() {
    let setting = Setting::new(0);
    setting.place.write("file", "no folder");
    let ended = setting.run("file/run", &[]).expect(2).says(&["cannot make the run's folder", "file/run"]);
    assert!(!ended.err.contains("chain(s)"), "{}", ended.err);
    // A folder without permission.
    let closed = setting.place.path("closed");
    std::fs::create_dir(&closed).expect("a folder");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).expect("own folder");
    let bound = |out| setting.place.amplicast_bound(&setting.arguments(out, &[]));
    bound("closed").expect(2).says(&["cannot write to ", "closed"]);
    bound("closed/run").expect(2).says(&["cannot make the run's folder"]);
    let ended =
        setting.run("/proc/amplicast", &[]).expect(2).says(&["cannot make the run's folder /proc/amplicast"]);
    assert!(!ended.err.contains("chain(s)"), "{}", ended.err);
}

/// So many numbers that the results are larger than the room that is looked for before anything runs.
const MUCH: [&str; 4] = ["--set", "experiment.checkpoints=100", "--set", "experiment.members=50"];

/// A limit on the size of a file stands for a full disk: writing fails at that size in the same way.
fn on_a_small_disk(setting: &Setting, kibibytes: u64) -> Finished {
    let host = setting.place.command(&[]).get_program().to_owned();
    let script = format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$0\" \"$@\"");
    let mut shell = setting.place.command_of(Path::new("bash"), &["-c", &script]);
    shell.arg(host).args(setting.arguments("run", &MUCH));
    Finished::of(shell.output().expect("bash can be started"))
}

#[test]
fn a_full_disk_is_said_before_anything_runs() {
    let setting = Setting::new(0);
    let ended = on_a_small_disk(&setting, 1000).says(&["error: cannot write to ", "run/stages: "]);
    let ended = ended.expect(2);
    assert!(!ended.err.contains("chain(s)"), "{}", ended.err);
}

#[test]
fn a_disk_that_fills_up_damages_nothing() {
    let setting = Setting::new(0);
    setting.run("undisturbed", &MUCH).expect(0);
    let rows = std::fs::metadata(setting.place.path("undisturbed/results.csv")).expect("results");
    let ended = on_a_small_disk(&setting, rows.len() / 1024 - 1).says(&["error: ", "results.csv"]);
    assert!(ended.code != Some(0) && ended.err.contains("chain(s)"), "{}", ended.err);
    setting.run("run", &MUCH).expect(0).says(&["0 member(s) sampled, 50 stored before"]);
    assert!(setting.results("run") == setting.results("undisturbed"));
}
