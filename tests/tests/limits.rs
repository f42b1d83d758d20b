//! Limits of the machine and of the shell: what needs more is refused with what it would need, and what need not fail goes on.

use std::time::{Duration, Instant};

use amplicast_tests::{Finished, GAUSSIAN, Place, built, fits, hostile_plugin, results, stage_files};

const SIZES: &str = "n_train = 100\nn_gen = 2000\nmembers = 4\ncheckpoints = 3\nn_truth = 2000";

const HALF: &str = "[[metric]]\nname = \"half\"\nplugin = \"integral\"\nintervals = [[0.0, 20.0]]\n";

const KS: &str = "[[metric]]\nplugin = \"ks\"\nreference = \"truth\"\n";

fn place() -> Place {
    let place = Place::new();
    place.write("x.toml", fits(GAUSSIAN, SIZES, HALF));
    place
}

/// Refused by `check` and `run`, at once and with 4 GB of address space: nothing of what it would need is asked for.
#[track_caller]
fn refused(experiment: String, says: &[&str]) {
    let place = Place::new();
    place.write("x.toml", experiment);
    for call in ["check", "run", "plan"] {
        let begun = Instant::now();
        let ended = place.shell(&format!("ulimit -v 4000000; \"$0\" {call} x.toml")).expect(2).says(says);
        assert!(ended.err.contains("x.toml:") && ended.err.contains("B"), "{}", ended.err);
        assert!(begun.elapsed() < Duration::from_secs(5), "{call}: {:?}", begun.elapsed());
    }
    assert!(!place.path("runs").exists());
}

#[test]
fn an_experiment_that_does_not_fit_is_refused_with_what_it_needs() {
    // 8 bytes a number: 1e9 of them are 8 GB.
    for dataset in ["gaussian", "gaussian-ring"] {
        let dataset = format!("plugin = \"{dataset}\"\ndimension = 1000000000");
        refused(
            fits(&dataset, SIZES, HALF),
            &["dimension: expected at most 1000000", "a single event would need 8.0 GB"],
        );
    }
    let regions = "[[metric]]\nplugin = \"integral\"\nquantiles = 200000000\nregions = \"1-100000000\"\n";
    // 64 bytes a region.
    refused(
        fits(GAUSSIAN, SIZES, regions),
        &["metric[0].regions: expected at most 100000 regions, found 100000000", "6400 MB"],
    );
    refused(fits(GAUSSIAN, SIZES, &regions.replace("1-100000000", "1-2,5-4000000,7")), &["regions"]);
    let sizes = |change: [&str; 2]| SIZES.replace(change[0], change[1]);
    // An event of one column is 8 bytes, and its number 8.
    refused(
        fits(GAUSSIAN, &sizes(["n_train = 100", "n_train = 2000000000000"]), HALF),
        &[
            "experiment.n_train: 2000000000000 training events of 1 column(s) would need at least 3.2e4 GB",
            "the limit of this process (`ulimit -v`) is 4.1 GB of memory",
        ],
    );
    refused(
        fits(GAUSSIAN, &sizes(["n_train = 100", "n_train = 9223372036854775807"]), HALF),
        &["experiment.n_train: ", "would need at least"],
    );
    // A distance to the truth holds its values: 8 bytes each.
    refused(
        fits(GAUSSIAN, &sizes(["n_truth = 2000", "n_truth = 1000000000000"]), KS),
        &["experiment.n_truth: the reference `truth` of 1000000000000 events would need at least 8000.0 GB"],
    );
    refused(
        fits(GAUSSIAN, &sizes(["members = 4", "members = 1000000000000"]), HALF),
        &["experiment.members: results of 1 cell(s), 1000000000000 members"],
    );
    refused(
        fits(GAUSSIAN, &format!("{SIZES}\ntraining_sets = 100000000000"), HALF),
        &["experiment.training_sets: results of 1 cell(s), 4 members, 100000000000 training set(s)"],
    );
    // Where the machine has less than 32 GB: the case that was found.
    let memory = std::fs::read_to_string("/proc/meminfo").expect("Linux");
    let total: u64 =
        memory.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("MemTotal first");
    if total * 1024 < 32_000_000_000 {
        let sizes = sizes(["n_train = 100", "n_train = 2000000000"]);
        refused(
            fits(GAUSSIAN, &sizes, HALF),
            &["2000000000 training events of 1 column(s) would need at least 32.0 GB"],
        );
    }
}

/// The same of a network: its sizes, all of its parameters (those of one block grow with the square of the width), and its chains.
#[test]
fn a_network_that_does_not_fit_is_refused() {
    let place = Place::new();
    let network = fits("plugin = \"gaussian-ring\"", SIZES, HALF)
        .replace("\"gaussian-fit\"", "\"autoregressive\"")
        .replace("\"ensemble\"", "\"sgld\"");
    let call = |set: &[&str], says: &[&str]| {
        place.write("net.toml", &network);
        let set: Vec<&str> = set.iter().flat_map(|assignment| ["--set", assignment]).collect();
        let mut command = place.command_of(&built("amplicast"), &["check", "net.toml"]);
        let begun = Instant::now();
        let ended = Finished::of(command.args(set).output().expect("the host can be started"));
        ended.expect(2).says(says);
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    };
    for size in ["blocks", "components", "width", "mlp_factor"] {
        let says =
            format!("{size}: expected at most 65536, found 1000000000: one parameter each would need 4.0 GB");
        call(&[&format!("generator.autoregressive.{size}=1000000000")], &[&says]);
    }
    let wide = ["generator.autoregressive.width=65536", "generator.autoregressive.blocks=100"];
    call(&wide, &["generator[0]: the training of a model of ", "this machine has"]);
    call(
        &["uncertainty.sgld.chains=1000000000000"],
        &["uncertainty[0]: 1000000000000 chain(s) of a model of "],
    );
}

/// What is not held in memory is no reason to refuse: generated events, and a truth that is only counted, are streamed.
#[test]
fn what_is_streamed_is_not_refused() {
    let place = Place::new();
    let sizes = SIZES
        .replace("n_gen = 2000", "n_gen = 1000000000000")
        .replace("n_truth = 2000", "n_truth = 1000000000000");
    place.write("x.toml", fits(GAUSSIAN, &sizes, HALF));
    place.amplicast(&["check", "x.toml"]).expect(0);
    place.write("x.toml", fits("plugin = \"gaussian\"\ndimension = 1000", SIZES, HALF));
    place.amplicast(&["check", "x.toml"]).expect(0);
}

/// 1100 files of members, and no more than 256 open at a time.
#[test]
fn members_are_more_than_files_may_be_open() {
    let place = Place::new();
    place.normal_npy("t.npy", 100, 1, 1);
    for i in 0..1100 {
        place.normal_npy(&format!("g{i}.npy"), 100, 1, 2 + i);
    }
    let estimate =
        "\"$0\" estimate --train t.npy --members 'g*.npy' --summary coordinate:0 --region 0:1 --out run";
    place.shell(&format!("ulimit -n 256; {estimate}")).expect(0).says(&["1100 member(s) sampled"]);
}

/// No command needs a folder for temporary files, also if a plugin dies.
#[test]
fn no_folder_for_temporary_files_is_needed() {
    let place = place();
    place.normal_npy("t.npy", 100, 1, 1);
    place.normal_npy("g0.npy", 1000, 1, 2);
    place.normal_npy("g1.npy", 1000, 1, 3);
    place.write("file", "");
    let calls = [
        "check x.toml",
        "run x.toml --out run",
        "calibrate x.toml --out run --training-sets 2",
        "report run",
        "plan x.toml --runs 1",
        "plugins list",
        "schema ks",
        "estimate --train t.npy --members 'g*.npy' --summary coordinate:0 --region 0:1 --out estimate",
    ];
    for folder in ["/nowhere", "file", "/proc", ""] {
        for call in calls {
            place.shell(&format!("TMPDIR={folder} \"$0\" {call}")).expect(0);
        }
        std::fs::remove_dir_all(place.path("run")).expect("a run");
        std::fs::remove_dir_all(place.path("estimate")).expect("a run");
    }
    let dies = fits(GAUSSIAN, SIZES, HALF).replace(
        "plugin = \"gaussian-fit\"",
        "plugin = \"hostile-generator\"\nmisbehave = \"exit-in-fit\"\nexit = 64",
    );
    place.write("dies.toml", dies);
    let plugins = hostile_plugin().display().to_string();
    let ended =
        place.shell(&format!("TMPDIR=/nowhere \"$0\" run dies.toml --out run --plugin-path {plugins}"));
    ended.expect(1).says(&["`hostile-generator`, call fit: ended the process (exit code 64)"]);
}

/// Threads that the system does not start: of the program's own, whose stacks are of the size that the environment says, none; then
/// some, but not as many as were asked for.
#[test]
fn threads_that_cannot_be_started_are_said_once() {
    let place = place();
    // More than any address space, and more than the worker's two threads may have together.
    for limits in ["RUST_MIN_STACK=70368744177664", "ulimit -v 14000000; RUST_MIN_STACK=8000000000"] {
        let ended = place.shell(&format!("{limits} \"$0\" run x.toml --out run")).expect(2);
        let ended = ended.says(&["error: cannot start a thread: ", "ulimit -u"]);
        assert!(!ended.err.contains("panicked") && ended.err.lines().count() == 1, "{}", ended.err);
    }
    // Stacks of 8 GB where 60 GB may be addressed.
    for call in ["run x.toml --out run", "plan x.toml --runs 1", "calibrate x.toml --out run"] {
        let script = format!("ulimit -v 60000000; RUST_MIN_STACK=8000000000 \"$0\" {call} --threads 8");
        let ended =
            place.shell(&script).expect(2).says(&["error: cannot start 8 threads: ", "give fewer --threads"]);
        assert!(!ended.err.contains("panicked") && ended.err.matches("error").count() <= 2, "{}", ended.err);
    }
    assert!(!place.path("run").exists());
    place
        .shell("ulimit -v 60000000; RUST_MIN_STACK=8000000000 \"$0\" run x.toml --out run --threads 1")
        .expect(0);
}

/// A limit of file sizes without a handler ends the process: the message says which limit.
#[test]
fn a_limit_that_ends_the_process_is_named() {
    let place = place();
    place
        .shell("ulimit -f 1000; \"$0\" run x.toml --out run")
        .expect(1)
        .says(&["limit of file sizes", "ulimit -f"]);
    place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0);
}

/// The program's file may be replaced while it runs, as a new build does: a worker that dies is followed by another of the same.
#[test]
fn a_replaced_program_goes_on() {
    let place = Place::new();
    let host = place.path("host");
    std::fs::copy(amplicast_tests::light_folder().join("amplicast"), &host).expect("a copy");
    let slow = "[[generator]]\nname = \"slow\"\nplugin = \"hostile-generator\"\ndelay = 50\n";
    let dies = "[[generator]]\nname = \"dies\"\nplugin = \"hostile-generator\"\nmisbehave = \"exit-in-fit\"\nexit = 64\n";
    let both = fits(GAUSSIAN, SIZES, HALF)
        .replace("[[generator]]\nplugin = \"gaussian-fit\"\n", &format!("{slow}{dies}"));
    place.write("x.toml", both);
    let plugins = [amplicast_tests::light_folder().to_path_buf(), hostile_plugin()];
    let mut command = place.command_of(&host, &["run", "x.toml", "--out", "run", "--threads", "1"]);
    for folder in &plugins {
        command.arg("--plugin-path").arg(folder);
    }
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the host can be started");
    while stage_files(&place.path("run")).is_empty() {
        std::thread::sleep(Duration::from_millis(2));
        assert!(child.try_wait().expect("a child").is_none(), "the run ended at once");
    }
    std::fs::remove_file(&host).expect("a copy");
    std::fs::write(&host, "another program").expect("writable");
    let ended = Finished::of(child.wait_with_output().expect("a child")).expect(1);
    ended.says(&["call fit: ended the process (exit code 64); going on without it"]);
    assert_eq!(results(&place.path("run"))["cells"].as_array().map(Vec::len), Some(2));
}

/// Names are texts of any length and of any characters: none of them costs time, speaks to a terminal, or is a formula.
#[test]
fn names_cost_no_time() {
    let place = Place::new();
    let long = "x".repeat(30_000);
    place.write("x.toml", fits(GAUSSIAN, SIZES, HALF).replace("name = \"x\"", &format!("name = \"{long}\"")));
    place.amplicast(&["check", "x.toml"]).expect(0);
    let begun = Instant::now();
    place.amplicast(&["run", "x.toml", "--out", "run"]).expect(0);
    place.amplicast(&["report", "run"]).expect(0);
    assert!(begun.elapsed() < Duration::from_secs(4), "two reports: {:?}", begun.elapsed());
}

#[test]
fn names_speak_to_nobody() {
    let place = Place::new();
    let table = |kind: &str, name: &str| {
        format!("[[{kind}]]\nname = {}\n", serde_json::to_string(name).expect("a string"))
    };
    let escape = "\u{1b}]0;owned\u{7}\u{1b}[2J";
    let text = fits(GAUSSIAN, SIZES, HALF)
        .replace("[[generator]]\n", &table("generator", "=HYPERLINK(\"x\")"))
        .replace("[[uncertainty]]\n", &table("uncertainty", "@SUM(1)"))
        .replace(
            "[[summary]]\nname = \"x\"\n",
            &table("summary", &format!("{escape}<script>alert(1)</script>")),
        )
        .replace("[[metric]]\nname = \"half\"\n", &table("metric", "-1+cmd"))
        + &table("selection", "+1\nfailed: a line");
    place.write("x.toml", text);
    let calls: [&[&str]; 3] = [&["check", "x.toml"], &["run", "x.toml", "--out", "run"], &["report", "run"]];
    for call in calls {
        let ended = place.amplicast(call).expect(0);
        let said = ended.out + &ended.err;
        assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{said}");
        assert!(!said.lines().any(|line| line.trim_start().starts_with("failed: a line")), "{said}");
    }
    for file in ["results.csv", "table.csv"] {
        let text = std::fs::read_to_string(place.path("run").join(file)).expect("a file");
        assert!(
            !text.contains('\u{1b}') && text.contains("\\u{1b}]0;owned\\u{7}\\u{1b}[2J<script>"),
            "{text}"
        );
        for cell in ["\"'=HYPERLINK(\"\"x\"\")\"", ",'@SUM(1),", ",'-1+cmd,", ",'+1\\nfailed: a line,"] {
            assert!(text.contains(cell), "{cell} in {file}: {}", text.lines().take(2).collect::<String>());
        }
        // A number below zero is a number.
        assert!(!text.contains("'-1,") && !text.contains("'0"), "{file}");
        // One line a row.
        let commas = |line: &str| line.matches(',').count();
        let mut lines = text.lines();
        let head = commas(lines.next().expect("a head"));
        assert!(lines.all(|line| commas(line) >= head), "{file}");
    }
    let page = std::fs::read_to_string(place.path("run/report.html")).expect("a report");
    assert!(!page.contains('\u{1b}') && !page.contains("<script"));
    // The policy stands before anything that it is about, and allows what the page has: its own styles and fonts.
    let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; font-src data:;";
    let at = page.find(policy).expect("a policy");
    assert!(at < page.find("<style>").expect("styles") && at < page.find("<title>").expect("a title"));
    for outside in ["<img", "<script", "<link", "<iframe", "<object", "<form", "<base", "@import", "onload="]
    {
        assert!(!page.contains(outside), "{outside}");
    }
}
