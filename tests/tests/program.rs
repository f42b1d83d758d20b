//! The program as a guest in somebody's shell: files that others may read, pipes that close, too many threads.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use amplicast_tests::{Finished, GAUSSIAN, Place, built, fits, light_folder, results};

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
        let calls = "\"$0\" run small.toml --out out/run && \"$0\" calibrate small.toml --out out/run --training-sets 2 && \
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
    shell(
        &place,
        "\"$0\" run small.toml --out run && \"$0\" calibrate small.toml --out run --training-sets 2",
    )
    .expect(0);
    let calls = [
        ("check small.toml", 0),
        ("run small.toml --out run", 0),
        ("plan small.toml --runs 1", 0),
        ("calibrate small.toml --out run --training-sets 2", 0),
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
