//! The program as a guest in somebody's shell: files that others may read, pipes that close, Ctrl-C, too many threads.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use amplicast::supervise::Reader;
use amplicast_tests::{
    Finished, GAUSSIAN, Place, built, fits, hostile_plugin, light_folder, results, stage_files,
};
use serde_json::Value;

const SIZES: &str =
    "name = \"small\"\nn_train = 100\nn_gen = 2000\nmembers = 4\ncheckpoints = 3\nn_truth = 2000";

const METRICS: &str = r#"
[[metric]]
name = "half"
plugin = "integral"
intervals = [[0.0, 20.0]]
[[metric]]
plugin = "ks"
reference = ["training", "truth"]
"#;

fn place() -> Place {
    let place = Place::new();
    place.write("small.toml", fits(GAUSSIAN, SIZES, METRICS));
    place
}

/// All files and folders below a folder.
fn below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![folder.to_path_buf()];
    let mut next = 0;
    while next < found.len() {
        if found[next].is_dir() {
            found.extend(std::fs::read_dir(&found[next]).expect("a folder").flatten().map(|e| e.path()));
        }
        next += 1;
    }
    found
}

/// A shell command in which `$0` is the host.
fn shell(place: &Place, script: &str) -> Finished {
    place.shell(script)
}

/// A file has the permissions 0666, and a folder 0777, without those bits that the umask takes away (POSIX open and mkdir).
#[test]
fn files_of_a_run_are_readable_as_the_umask_says() {
    for umask in [0o022, 0o002, 0o077] {
        let place = place();
        let calls = "\"$0\" run small.toml --out out/run && \"$0\" calibrate small.toml --out out/run --replicas 2 && \
                     \"$0\" report out/run";
        shell(&place, &format!("umask {umask:03o}; {calls}")).expect(0);
        let files = below(&place.path("out"));
        let names =
            ["results.json", "results.csv", "table.csv", "experiment.toml", "provenance.json", "report.html"];
        for name in names.iter().chain(&["calibration.json", "stages"]) {
            assert!(files.iter().any(|f| f.ends_with(name)), "no {name}");
        }
        for file in files {
            let mode = std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777;
            let all = if file.is_dir() { 0o777 } else { 0o666 };
            assert_eq!(
                format!("{mode:03o}"),
                format!("{:03o}", all & !umask),
                "{} under umask {umask:03o}",
                file.display()
            );
        }
    }
}

/// A reader that has seen enough is no fault: the exit code is that of the work, and nothing is said of it.
#[test]
fn a_pipe_that_closes_ends_nothing() {
    let place = place();
    shell(&place, "\"$0\" run small.toml --out run && \"$0\" calibrate small.toml --out run --replicas 2")
        .expect(0);
    let calls = [
        ("check small.toml", 0),
        ("run small.toml --out run", 0),
        ("plan small.toml --runs 1", 0),
        ("calibrate small.toml --out run --replicas 2", 0),
        ("report run", 0),
        ("plugins list", 0),
        ("plugins info gaussian-ring", 0),
        ("plugins path", 0),
        ("schema gaussian-ring", 0),
        ("--help", 0),
        ("check nothing.toml", 2),
    ];
    for (call, code) in calls {
        // Standard output, standard error, and both closed before anything is written to them.
        let closed = [">(exec true) 2>&1", ">(exec true)", "/dev/null 2> >(exec true)"];
        // Of those that print the same way one for all.
        let closed =
            if call.starts_with("run") || call.starts_with("check") { &closed[..] } else { &closed[..1] };
        for closed in closed {
            let ended = shell(&place, &format!("\"$0\" {call} > {closed}"));
            assert_eq!(ended.code, Some(code), "{call} > {closed}: {}", ended.err);
            assert!(
                !ended.err.contains("panicked") && !ended.err.contains("worker"),
                "{call}: {}",
                ended.err
            );
        }
        let ended = shell(&place, &format!("\"$0\" {call} 2>&1 | head -1 > first; exit ${{PIPESTATUS[0]}}"));
        assert_eq!(ended.code, Some(code), "{call} | head -1: {}", ended.err);
        let first = std::fs::read_to_string(place.path("first")).expect("a line");
        assert!(first.lines().count() == 1 && !first.contains("panicked"), "{call}: {first}");
    }
    // What goes on after the pipe has closed is done to its end.
    shell(&place, "\"$0\" run small.toml --out other | true; exit ${PIPESTATUS[0]}").expect(0);
    assert_eq!(results(&place.path("other"))["cells"].as_array().map(Vec::len), Some(3));
}

/// A disk that is full is another thing: what was asked for is not there.
#[test]
fn output_that_cannot_be_written_is_said() {
    let place = place();
    shell(&place, "\"$0\" check small.toml > /dev/full").expect(1).says(&["cannot write to standard output"]);
}

#[test]
fn threads_are_counted() {
    let place = place();
    let estimate = [
        "estimate",
        "--train",
        "t.npy",
        "--members",
        "g.npy",
        "--summary",
        "coordinate:0",
        "--region",
        "0:1",
    ];
    let calls: [&[&str]; 4] =
        [&["run", "small.toml"], &["calibrate", "small.toml"], &["plan", "small.toml"], &estimate];
    for call in calls {
        for wrong in ["70000", "0", "-1", "two", "99999999999999999999999"] {
            let threads = format!("--threads={wrong}");
            let begun = Instant::now();
            let ended = place.amplicast(&[call, &[&threads]].concat()).expect(2);
            ended.says(&["--threads <N>': expected 1 to ", &format!("found {wrong}")]);
            assert!(begun.elapsed() < Duration::from_secs(5), "{call:?}");
        }
    }
    assert!(!place.path("runs").exists(), "nothing is begun");
    place.amplicast(&["run", "small.toml", "--threads", "5", "--out", "run"]).expect(0);
}

/// Sends Ctrl-C to the group of a call, as a terminal does, once `ready` says so; how it ended, and after what time.
fn interrupted(place: &Place, arguments: &[&str], ready: impl Fn(u32) -> bool) -> (Finished, Duration) {
    let mut child = place.start(arguments);
    let begun = Instant::now();
    while !ready(child.id()) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{arguments:?}: waited for a minute");
        assert!(child.try_wait().expect("a child").is_none(), "{arguments:?}: it ended by itself");
        std::thread::sleep(Duration::from_millis(2));
    }
    let asked = Instant::now();
    let group = format!("-{}", child.id());
    let status = Command::new("kill").args(["-INT", "--", &group]).status();
    assert!(status.expect("kill can be called").success());
    (Finished::of(child.wait_with_output().expect("a child")), asked.elapsed())
}

/// Whether the worker of a supervisor is in a call of this name, as its journal tells.
fn in_call(supervisor: u32, call: &str) -> bool {
    let open = std::fs::read_dir(format!("/proc/{supervisor}/fd")).into_iter().flatten().flatten();
    let is_journal = |path: &PathBuf| {
        std::fs::read_link(path).is_ok_and(|name| name.to_string_lossy().contains("amplicast-journal"))
    };
    let Some(journal) = open.map(|entry| entry.path()).find(is_journal) else { return false };
    let Ok(journal) = std::fs::File::open(journal) else { return false };
    let reader = Reader(&journal);
    reader.calls(&reader.slots()).iter().any(|under_way| under_way.call == call)
}

/// A dataset's constructor reads whole files: one of 200 GB, all of it a hole that takes no room on the disk, takes a minute.
#[test]
fn ctrl_c_while_a_constructor_reads_files_is_no_error_of_the_users() {
    let place = place();
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (25000000000,), }";
    let length = u16::try_from(header.len() + 1).expect("a short header");
    let begin = [&b"\x93NUMPY\x01\x00"[..], &length.to_le_bytes(), header.as_bytes(), b"\n"].concat();
    std::fs::write(place.path("t.npy"), &begin).expect("a file");
    let file = std::fs::File::options().write(true).open(place.path("t.npy")).expect("the file");
    file.set_len(begin.len() as u64 + 200_000_000_000).expect("a file with a hole");
    place.normal_npy("g0.npy", 100, 1, 1);
    place.normal_npy("g1.npy", 100, 1, 2);
    let dataset = "plugin = \"events-file\"\ntrain = \"t.npy\"";
    place.write("file.toml", fits(dataset, SIZES, METRICS));
    let estimate = [
        "estimate",
        "--train",
        "t.npy",
        "--members",
        "g?.npy",
        "--summary",
        "coordinate:0",
        "--region",
        "0:1",
    ];
    let calls: [&[&str]; 5] = [
        &["check", "file.toml"],
        &["run", "file.toml"],
        &["plan", "file.toml"],
        &["calibrate", "file.toml"],
        &estimate,
    ];
    for call in calls {
        let (ended, took) = interrupted(&place, call, |child| in_call(child, "create"));
        let ended = ended.expect(3).says(&["stopped"]);
        assert!(!ended.err.contains('^') && !ended.err.contains("error"), "{call:?}: {}", ended.err);
        assert_eq!(ended.err.matches("stopped").count(), 1, "{}", ended.err);
        assert!(took < Duration::from_secs(5), "{call:?}: {took:?}");
    }
}

/// A component's constructor that takes its time: the wish to stop is heard when it returns.
#[test]
fn ctrl_c_while_plugins_are_made_stops() {
    let place = place();
    let plugins = hostile_plugin().display().to_string();
    for call in [&["check", "small.toml"][..], &["plugins", "list"], &["schema", "gaussian-ring"]] {
        // Whatever is under way when it comes, from the first moments of the process on.
        for delay in [0, 5, 20] {
            let begun = Instant::now();
            let call = [call, &["--plugin-path", &plugins]].concat();
            let mut child = place.start(&call);
            while begun.elapsed() < Duration::from_millis(delay) {
                std::thread::sleep(Duration::from_millis(1));
            }
            let group = format!("-{}", child.id());
            // A call that is over already has no group to send to.
            let _ = Command::new("kill").args(["-INT", "--", &group]).stderr(Stdio::null()).status();
            let _ = child.try_wait();
            let ended = Finished::of(child.wait_with_output().expect("a child"));
            // Before the program listens at all the system ends it, without an exit code; after its work it is done.
            assert!(matches!(ended.code, None | Some(0 | 3)), "{call:?} after {delay} ms: {ended:?}");
            assert!(!ended.err.contains("error") && !ended.err.contains('^'), "{call:?}: {}", ended.err);
        }
    }
}

/// What is wrong with files is said of the options: there is no experiment that the user could look at.
#[test]
fn an_estimate_shows_no_line_of_an_experiment() {
    let place = place();
    place.normal_npy("t.npy", 100, 1, 1);
    place.normal_npy("g0.npy", 100, 1, 2);
    place.normal_npy("g1.npy", 100, 1, 3);
    place.normal_npy("wide.npy", 100, 2, 4);
    let with = |arguments: &[&str]| {
        let base = ["estimate", "--summary", "coordinate:0", "--out", "run"];
        let ended = place.amplicast(&[&base, arguments].concat()).expect(2);
        for text in ["^", " | ", "the experiment of", "generator[0]", "dataset.", "plugin ="] {
            assert!(!ended.err.contains(text), "{text} in {}", ended.err);
        }
        ended
    };
    let files = ["--train", "t.npy", "--members", "g?.npy"];
    with(&[&files[..], &["--region", "1:0"]].concat()).says(&["error: --region: expected low < high"]);
    with(&[&files[..], &["--quantiles", "10", "--regions", "2-19"]].concat())
        .says(&["error: --regions: expected numbers from 1 to 10"]);
    with(&[&files[..], &["--summary", "ht:7", "--region", "0:1"]].concat())
        .says(&["error: --summary ht:7: "]);
    with(&["--train", "t.npy", "--members", "none_*.npy", "--region", "0:1"])
        .says(&["error: --members: expected files, found none that match"]);
    with(&["--train", "t.npy", "--members", "wide.npy", "--region", "0:1"])
        .says(&["wide.npy", "found 2 columns"]);
    with(&["--train", "t.npy", "--holdout", "wide.npy", "--members", "g?.npy", "--region", "0:1"])
        .says(&["wide.npy", "found 2 columns"]);
}

/// A table may be called anything: what it is, and its place among tables of the same component, decide its numbers.
#[test]
fn a_name_is_a_name() {
    let place = Place::new();
    let text = |name: &dyn Fn(&str) -> String| {
        format!(
            r#"
[experiment]
name = "{}"
n_train = 100
n_gen = 2000
members = 4
checkpoints = 3
n_truth = 2000
[dataset]
plugin = "gaussian"
dimension = 2
name = "{}"
[[generator]]
plugin = "gaussian-fit"
name = "{}"
[[generator]]
plugin = "gaussian-fit"
fit_width = true
name = "{}"
[[uncertainty]]
plugin = "ensemble"
name = "{}"
[[summary]]
plugin = "coordinate"
name = "{}"
[[summary]]
plugin = "radius"
name = "{}"
[[selection]]
name = "{}"
cuts = [{{ summary = "{}", quantiles = [0.2, 1.0] }}]
plane = ["{}", "{}"]
[[metric]]
plugin = "integral"
intervals = [[0.0, 1.0]]
name = "{}"
[[metric]]
plugin = "ks"
reference = "truth"
name = "{}"
"#,
            name("one"),
            name("data"),
            name("gaussian-fit"),
            name("wide"),
            name("ensemble"),
            name("x"),
            name("r"),
            name("cut"),
            name("r"),
            name("x"),
            name("r"),
            name("half"),
            name("ks"),
        )
    };
    place.write("x.toml", text(&|name| name.into()));
    place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0);
    let (stages, first) = (stage_files(&place.path("run")), results(&place.path("run")));
    assert!(stages.keys().any(|name| name.starts_with("plane")), "{stages:?}");
    assert_eq!(first["planes"].as_array().map(Vec::len), Some(2));

    place.write("x.toml", text(&|name| format!("my {name}")));
    place
        .amplicast(&["run", "x.toml", "--out", "run"])
        .expect(0)
        .says(&["4 chain(s), 4 of them stored before", "0 member(s) sampled, 4 stored before"]);
    assert_eq!(stages, stage_files(&place.path("run")), "something was computed again");
    let second = results(&place.path("run"));
    assert_eq!(second["experiment"], "my one");
    assert_eq!(second["planes"][1]["generator"], "my wide");
    assert_eq!(numbers(&first), numbers(&second));
    // The names of both files, and of nothing else, differ.
    assert_eq!(first.to_string().replace("my ", ""), second.to_string().replace("my ", ""));

    // In the usual folders, which have the experiment's name, an experiment under another name finds its stages as well.
    let call = |name: &str| {
        place.write("x.toml", text(&|n| if n == "one" { name.into() } else { n.into() }));
        place.amplicast(&["run", "x.toml"]).expect(0)
    };
    call("one").says(&["4 chain(s), 0 of them stored before"]);
    call("two").says(&["4 chain(s), 4 of them stored before", "0 member(s) sampled, 4 stored before"]);
    assert_eq!(numbers(&results(&place.path("runs/two"))), numbers(&first));
    let of = |run: &str| stage_files(&place.path(run)).into_keys().collect::<Vec<_>>();
    assert_eq!(of("runs/one"), of("runs/two"));
}

/// All numbers of the results, in order.
fn numbers(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map.values().flat_map(numbers).collect(),
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        Value::Number(number) => vec![number.to_string()],
        _ => Vec::new(),
    }
}

/// Names that only the prepared network knows are refused by `check`, and by `run` before anything else is done.
#[test]
fn a_segment_of_no_network_is_refused_before_anything_runs() {
    let place = Place::new();
    let network = r#"[experiment]
n_train = 100
n_gen = 1000
members = 3
n_truth = 1000
[training]
iterations = 10
[dataset]
plugin = "gaussian-ring"
[[generator]]
plugin = "autoregressive"
[[uncertainty]]
plugin = "bayesian"
segments = ["*.weight", "haed.weight"]
[[summary]]
plugin = "radius"
[[summary]]
plugin = "coordinate"
[[metric]]
plugin = "integral"
quantiles = 10
regions = "2-9"
[[metric]]
plugin = "ks"
reference = ["training", "truth"]
"#;
    for posterior in ["bayesian", "sgld", "repulsive-ensemble"] {
        place.write("x.toml", network.replace("bayesian", posterior));
        for call in ["check", "run"] {
            let mut command = place.command_of(&built("amplicast"), &[call, "x.toml"]);
            let ended = Finished::of(command.output().expect("the host can be started")).expect(2);
            let lines: Vec<&str> = ended.err.lines().collect();
            let place = "x.toml:14:25: uncertainty[0].segments[1]: unknown segment `haed.weight` of the model's parameters, expected";
            assert!(lines[0].contains(place), "{}", ended.err);
            assert!(lines[0].ends_with("did you mean `head.weight`?"), "{}", lines[0]);
            // The message, the line, and the caret: once, and short.
            assert_eq!(lines.len(), 3, "{}", ended.err);
            assert!(lines[0].chars().count() < 300, "{}", lines[0]);
        }
        assert!(!place.path("runs").exists());
        place.write("x.toml", network.replace("bayesian", posterior).replace("haed", "head"));
        let mut command = place.command_of(&built("amplicast"), &["check", "x.toml"]);
        Finished::of(command.output().expect("the host can be started")).expect(0);
    }
}

/// As `cargo xtask install` leaves it: a link on the PATH to the program, beside which its plugins lie.
#[test]
fn a_link_on_the_path_finds_the_plugins_beside_the_program() {
    let place = place();
    let bin = place.path("bin");
    std::fs::create_dir(&bin).expect("a folder");
    std::os::unix::fs::symlink(light_folder().join("amplicast"), bin.join("amplicast")).expect("a link");
    let script =
        format!("PATH={}:$PATH; amplicast run small.toml --out run && amplicast plugins path", bin.display());
    let ended = shell(&place, &script).expect(0);
    assert!(ended.out.lines().any(|line| Path::new(line) == light_folder()), "{}", ended.out);
}

/// A failure that keeps several cells from a result is said once.
#[test]
fn a_failure_of_many_cells_is_said_once() {
    let place = place();
    let file = place.path("small.toml");
    let text = std::fs::read_to_string(&file).expect("just written").replace("interval = ", "");
    let cut = "[[selection]]\nname = \"far\"\ncuts = [{ summary = \"x\", interval = [50.0, 60.0] }]\n";
    std::fs::write(&file, text + cut).expect("writable");
    let ended = place.amplicast(&["run", "small.toml", "--out", "run"]).expect(1);
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    for line in ended.err.lines().filter(|line| line.starts_with("failed: ")) {
        *said.entry(line.rsplit_once(": ").map_or(line, |(_, reason)| reason)).or_default() += 1;
    }
    assert!(!said.is_empty() && said.values().all(|n| *n == 1), "{}", ended.err);
}
