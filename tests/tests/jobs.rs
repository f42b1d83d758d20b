//! A run in jobs: whoever does them, in whatever order their inputs allow, the results are the bytes of one process.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use amplicast_tests::{Finished, Place, hostile_plugin, light_folder, signal, stage_files};
use serde_json::Value;

/// Fits that differ by chain, members that a generator draws without a fit, a summary that is fitted to each member's events, two
/// training sets.
const EXPERIMENT: &str = r#"[experiment]
name = "jobs"
n_train = 200
n_gen = 20_000
members = 4
checkpoints = 5
training_sets = 2
n_truth = 2000

[dataset]
plugin = "gaussian"

[[generator]]
plugin = "gaussian-fit"

[[generator]]
plugin = "hostile-generator"
delay = DELAY

[[uncertainty]]
plugin = "ensemble"

[[summary]]
name = "x"
plugin = "coordinate"

[[summary]]
plugin = "hostile-fitted-summary"
misbehave = "cross-fitted"

[[selection]]
name = "all"

[[selection]]
name = "right"
cuts = [{ summary = "x", interval = [0.0, 10.0] }]
plane = ["x", "x"]

[[metric]]
plugin = "ks"
reference = ["training", "truth"]
"#;

/// A folder with the experiment and its workflow in `run`.
struct Workflow {
    place: Place,
    plugins: String,
}

impl Workflow {
    fn new(delay: u64) -> Self {
        Self::of(EXPERIMENT.replace("DELAY", &delay.to_string()))
    }

    fn of(experiment: String) -> Self {
        let place = Place::new();
        place.write("jobs.toml", experiment);
        let workflow = Workflow { place, plugins: hostile_plugin().display().to_string() };
        workflow
            .call(&["workflow", "jobs.toml", "--out", "run"])
            .expect(0)
            .prints(&["chain: 16 job(s)", "pass: 16 job(s)"]);
        workflow
    }

    fn call(&self, arguments: &[&str]) -> Finished {
        self.place.amplicast(&[arguments, &["--plugin-path", &self.plugins]].concat())
    }

    fn job(&self, jobs: &[&str]) -> Finished {
        self.call(&[&["job", "run"], jobs].concat())
    }

    fn status(&self) -> String {
        self.place.amplicast(&["status", "run"]).expect(0).out
    }

    /// Puts the run together; fails if anything was left to do.
    fn collect(&self) -> Finished {
        let before = stage_files(&self.place.path("run"));
        let ended = self.call(&["run", "run/experiment.toml", "--out", "run"]).expect(0);
        assert_eq!(before, stage_files(&self.place.path("run")), "stages that no job had stored");
        ended
    }

    /// Fails unless the folder `run` has the results of a run in one process.
    fn expect_results_of_one_process(&self) {
        self.call(&["run", "jobs.toml", "--out", "one"]).expect(0);
        for file in ["results.json", "results.csv", "table.csv"] {
            let [run, one] =
                ["run", "one"].map(|folder| std::fs::read(self.place.path(folder).join(file)).expect(file));
            assert!(run == one, "{file} differs");
        }
        let stages = |folder: &str| stage_files(&self.place.path(folder)).into_keys().collect::<Vec<_>>();
        assert_eq!(stages("run"), stages("one"));
    }
}

/// For the number of its events, the fits to it and the pass over it, one member is made.
#[test]
fn a_job_makes_each_member_once() {
    let workflow = Workflow::of(EXPERIMENT.replace("delay = DELAY", "tells = true"));
    let made = |jobs: &[&str]| {
        let told = workflow.job(jobs).expect(0).err;
        let mut lines: Vec<&str> = told.lines().filter(|line| line.contains("a member is made")).collect();
        let all = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(all, lines.len(), "{told}");
        all
    };
    assert_eq!(made(&["chain/1/2/1-4"]), 0);
    assert_eq!(made(&["shared/1/2"]), 1);
    // The first one as well, which tells whether members have an end.
    assert_eq!(made(&["pass/1/2/2-3"]), 3);
    assert_eq!(made(&["pass/1/2/1", "pass/1/2/4"]), 2);
}

/// Backwards, by many processes, two at once, and some of it twice.
#[test]
fn jobs_in_any_order_give_the_bytes_of_one_process() {
    let workflow = Workflow::new(0);
    let two = |jobs: [&str; 2]| {
        let start = |job: &str| {
            let arguments = ["job", "run", job, "chain/2/1/4", "--plugin-path", &workflow.plugins];
            workflow.place.command(&arguments).stdout(Stdio::null()).spawn().expect("a job")
        };
        for mut child in jobs.map(start) {
            assert!(child.wait().expect("a job").success());
        }
    };
    two(["chain/2/2/1-4", "chain/2/1/4"]);
    two(["chain/2/1/1-3", "chain/1/2/1-4"]);
    workflow.job(&["chain/1/1/3-4", "chain/1/1/1", "chain/1/1/2"]).expect(0);
    for row in ["2/2", "2/1", "1/2", "1/1"] {
        workflow.job(&[&format!("shared/{row}")]).expect(0);
    }
    for row in ["1/2", "2/1", "1/1", "2/2"] {
        workflow.job(&[&format!("pass/{row}/4")]).expect(0);
        let text = format!("pass/{row}/1-3\n");
        let program = light_folder().join("amplicast");
        let script =
            format!("printf '{text}' | '{}' job run --plugin-path '{}'", program.display(), workflow.plugins);
        workflow.place.shell(&script).expect(0).prints(&[&format!("pass/{row}/2: done")]);
    }
    assert!(workflow.status().contains("time left"));
    workflow.job(&["truth/2", "truth/1"]).expect(0);
    assert!(workflow.status().contains("all jobs are done"), "{}", workflow.status());
    workflow.collect();
    workflow.expect_results_of_one_process();
}

#[test]
fn what_a_job_needs_must_be_there() {
    let workflow = Workflow::new(0);
    workflow.job(&["chain/1/1/1-3"]).expect(0);
    workflow.job(&["pass/1/1/2", "truth/1"]).expect(1).prints(&["truth/1: done"]).says(&[
        "failed: pass/1/1/2: expected 4 chain(s) stored, found 3: first do `chain/1/1/4` (with Snakemake: --forcerun chain)",
    ]);
    let status = workflow.status();
    assert!(status.contains("failed: pass/1/1/2 on "), "{status}");
    workflow.job(&["chain/1/1/4"]).expect(0);
    workflow.job(&["pass/1/1/2"]).expect(0);
    assert!(!workflow.status().contains("failed: pass"), "{}", workflow.status());
    workflow.job(&["pass/1/3/2"]).expect(2).says(&["expected a row of 1 to 2, found `3`"]);
    workflow.job(&[]).expect(2).says(&["expected jobs, such as `chain/1/1/1-10`, found none"]);
    workflow.call(&["job", ".", "truth/1"]).expect(2).says(&["expected the folder of a workflow"]);
}

/// Another build of a plugin, another experiment, another processor: numbers would not be those that were asked for.
#[test]
fn jobs_are_done_with_what_was_asked_for() {
    let workflow = Workflow::new(0);
    let other = workflow.place.path("other");
    std::fs::create_dir(&other).expect("a folder");
    for entry in std::fs::read_dir(&workflow.plugins).expect("the plugin's folder").flatten() {
        if entry.path().extension().is_some_and(|e| e == "so") {
            let mut bytes = std::fs::read(entry.path()).expect("a plugin");
            bytes.push(0);
            std::fs::write(other.join(entry.file_name()), bytes).expect("a plugin of another build");
        }
    }
    let plugins = other.display().to_string();
    let ended = workflow.place.amplicast(&["job", "run", "chain/1/2/1", "--plugin-path", &plugins]);
    ended.expect(2).says(&[
        "plugin file of generator `hostile-generator`: the workflow was written with blake3 ",
        "use the same files everywhere, or write the workflow again",
    ]);

    let file = workflow.place.path("run/workflow.json");
    let text = std::fs::read_to_string(&file).expect("the workflow");
    let mut asked: Value = serde_json::from_str(&text).expect("JSON");
    asked["made_with"]["instructions"] = "another processor".into();
    std::fs::write(&file, asked.to_string()).expect("the workflow");
    workflow.job(&["truth/1"]).expect(2).says(&[
        "processor: the workflow was written with the instructions another processor, here is ",
        "or allow it with --any-processor",
    ]);
    std::fs::write(&file, &text).expect("the workflow");

    let experiment = workflow.place.path("run/experiment.toml");
    let changed = std::fs::read_to_string(&experiment).expect("it").replace("n_gen = 20000", "n_gen = 20001");
    std::fs::write(&experiment, changed).expect("the experiment");
    workflow
        .job(&["truth/1"])
        .expect(2)
        .says(&["experiment.toml: it was changed after the workflow was written"]);
    assert_eq!(stage_files(&workflow.place.path("run")).len(), 0);
}

/// Who looks on is told of failures by their cause, of stages that are gone, and of an experiment that is another one by now.
#[test]
fn status_tells_what_failed_and_what_was_lost_or_changed() {
    let workflow = Workflow::new(0);
    workflow.job(&["chain/1/1/1-4", "truth/1"]).expect(0);
    workflow.job(&["pass/1/2/1-4"]).expect(1);
    let status = workflow.status();
    assert!(status.contains("failed: pass/1/2/1 and 3 more on "), "{status}");
    assert!(!status.contains("lost: ") && !status.contains("changed"), "{status}");

    let stages = workflow.place.path("run/stages");
    let files = std::fs::read_dir(&stages).expect("stages").flatten().map(|entry| entry.path());
    let named =
        |kind: &str, file: &Path| file.file_name().is_some_and(|n| n.to_string_lossy().starts_with(kind));
    let (chains, others): (Vec<_>, Vec<_>) =
        files.filter(|file| file.is_file()).partition(|file| named("chain-", file));
    let truths: Vec<_> = others.into_iter().filter(|file| named("truth-", file)).collect();
    for file in [&chains[0], &chains[1], &truths[0]] {
        std::fs::remove_file(file).expect("removed");
    }
    let status = workflow.status();
    assert!(status.contains("stages lost: chain/1/1/"), "{status}");
    assert!(status.contains(" and 2 more were done, and are open again"), "{status}");
    workflow.job(&["chain/1/1/1-4", "truth/1"]).expect(0);
    assert!(!workflow.status().contains("lost: "), "{}", workflow.status());

    let append = |file: &str| {
        let path = workflow.place.path(file);
        let text = std::fs::read_to_string(&path).expect("the experiment") + "# another line\n";
        std::fs::write(&path, text).expect("the experiment");
    };
    append("jobs.toml");
    let status = workflow.status();
    assert!(
        status.contains("jobs.toml: it was changed after the workflow was written: jobs are those"),
        "{status}"
    );
    append("run/experiment.toml");
    let status = workflow.status();
    assert!(
        status.contains("experiment.toml: it was changed after the workflow was written: jobs are refused"),
        "{status}"
    );
}

/// A job that is killed leaves what it had stored, and the next one the rest; whoever looks sees that nobody works on it any more.
#[test]
fn a_killed_job_is_seen_and_done_again() {
    let workflow = Workflow::new(5);
    workflow.job(&["chain/1/2/1-4", "shared/1/2"]).expect(0);
    let arguments = ["job", "run", "pass/1/2/1-4", "--threads", "1", "--plugin-path", &workflow.plugins];
    let before = stage_files(&workflow.place.path("run")).len();
    let mut child = workflow.place.start(&arguments);
    let running = workflow.place.path("run/jobs");
    let wait = |what: &str, holds: &dyn Fn() -> bool| {
        let start = std::time::Instant::now();
        while !holds() {
            assert!(start.elapsed() < Duration::from_secs(60), "waited for a minute until {what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    wait("a pass is stored", &|| stage_files(&workflow.place.path("run")).len() > before);
    signal("KILL", -i64::from(child.id()));
    child.wait().expect("a killed job");
    let marks = || {
        let folder =
            std::fs::read_dir(&running).expect("records").flatten().next().expect("a workflow").path();
        std::fs::read_dir(folder.join("running"))
            .expect("records")
            .flatten()
            .map(|e| e.path())
            .collect::<Vec<_>>()
    };
    wait("the worker is gone too", &|| marks().len() == 1);
    let long_ago = SystemTime::now() - Duration::from_secs(600);
    let file = std::fs::File::options().write(true).open(&marks()[0]).expect("a record");
    file.set_modified(long_ago).expect("its time");
    assert!(workflow.status().contains("no sign of life: pass/1/2/"), "{}", workflow.status());
    workflow.job(&["pass/1/2/1-4"]).expect(0);
    assert!(!workflow.status().contains("no sign of life"), "{}", workflow.status());
    workflow.job(&["chain/1/1/1-4", "chain/2/1/1-4", "chain/2/2/1-4", "truth/1", "truth/2"]).expect(0);
    workflow
        .job(&["shared/1/1", "shared/2/1", "shared/2/2", "pass/1/1/1-4", "pass/2/1/1-4", "pass/2/2/1-4"])
        .expect(0);
    workflow.collect();
    workflow.expect_results_of_one_process();
    assert_eq!(leftovers(&workflow.place.path("run")), Vec::<String>::new());
}

fn leftovers(run: &Path) -> Vec<String> {
    let folders = [run.to_path_buf(), run.join("stages")];
    let names = folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("a folder").flatten());
    names
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .filter(|n| n.starts_with(".amplicast-"))
        .collect()
}

/// The stage of a chain that diverged is that it did: it is not tried again, by no job and no run.
#[test]
fn a_chain_that_diverged_is_a_job_that_is_done() {
    let place = Place::new();
    let plugins = hostile_plugin().display().to_string();
    let text = EXPERIMENT.replace("DELAY", "0");
    let text = text
        .replace("plugin = \"ensemble\"", "plugin = \"hostile-uncertainty\"\nmisbehave = \"diverges-once\"");
    place.write("jobs.toml", text);
    let call = |arguments: &[&str]| place.amplicast(&[arguments, &["--plugin-path", &plugins]].concat());
    call(&["workflow", "jobs.toml", "--out", "run"]).expect(0);
    call(&["job", "run", "chain/1/1/1-4"]).expect(0).prints(&["chain/1/1/3: done"]);
    let before = stage_files(&place.path("run"));
    call(&["job", "run", "shared/1/1", "pass/1/1/1-4"]).expect(0);
    call(&["job", "run", "chain/1/1/1-4"]).expect(0);
    let after = stage_files(&place.path("run"));
    assert!(before.iter().all(|(name, time)| after.get(name) == Some(time)), "chains were inferred again");
    let ended = call(&["run", "run/experiment.toml", "--out", "run"]);
    ended.expect(0).says(&["training set 1, chain 3 of 4 is left out", "training diverged at step 120"]);
}

/// A limit on the size of a file stands for a full disk.
#[test]
fn a_full_disk_is_a_job_that_failed() {
    let workflow = Workflow::new(0);
    workflow.job(&["chain/1/2/1-4", "shared/1/2"]).expect(0);
    let before = stage_files(&workflow.place.path("run"));
    let program = light_folder().join("amplicast");
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec '{}' job run pass/1/2/1-2 --plugin-path '{}'",
        program.display(),
        workflow.plugins
    );
    let ended = workflow.place.shell(&script).expect(1);
    let ended =
        ended.says(&["failed: pass/1/2/1: ", "failed: pass/1/2/2: ", "/stages/glance-", "File too large"]);
    assert!(!ended.out.contains("done"), "{}", ended.out);
    assert!(workflow.status().contains("File too large"), "{}", workflow.status());
    let after = stage_files(&workflow.place.path("run"));
    assert!(before.iter().all(|(name, time)| after.get(name) == Some(time)), "{before:?}\n{after:?}");
    // The fit of the second member's summary is small enough.
    assert!(!after.keys().any(|name| name.starts_with("glance") || name.starts_with("curve")), "{after:?}");
    assert_eq!(leftovers(&workflow.place.path("run")), Vec::<String>::new());
    workflow.job(&["pass/1/2/1-2"]).expect(0);
}

/// A folder is written anew while somebody works on what it held: nobody's jobs are taken for another's.
#[test]
fn a_workflow_that_was_written_anew_is_another_one() {
    let workflow = Workflow::new(0);
    let name = |text: &str| {
        let asked: Value = serde_json::from_str(text).expect("JSON");
        asked["run"].as_str().expect("a name").to_string()
    };
    let file = workflow.place.path("run/workflow.json");
    let first = name(&std::fs::read_to_string(&file).expect("the workflow"));
    workflow.job(&["truth/1", "--of", &first]).expect(0);
    let collected = workflow.place.path("run/jobs").join(&first).join("batches/collect");
    std::fs::create_dir_all(collected.parent().expect("a folder")).expect("a folder");
    std::fs::write(&collected, "").expect("a mark");
    let other = ["workflow", "jobs.toml", "--out", "run", "--set", "experiment.n_gen=10000"];
    workflow.call(&other).expect(0);
    workflow.job(&["truth/1", "--of", &first]).expect(2).says(&["start the engine again"]);
    // What was put together before is of another experiment.
    assert!(!collected.exists());
    workflow.call(&["run", "jobs.toml", "--out", "run"]).expect(1).says(&[
        "it holds the workflow of another experiment, or with other plugins (experiment.toml: it was changed",
    ]);
    workflow.call(&["workflow", "jobs.toml", "--out", "run"]).expect(0);
    workflow.call(&["run", "jobs.toml", "--out", "run"]).expect(0);
}
