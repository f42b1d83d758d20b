//! The end of the worker is proved: whatever a library or a component does to the process, with whatever exit code and under
//! whatever name, it is found, named, and costs its own cells alone.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use amplicast_tests::{Finished, Place, hostile_plugin, library, results};
use serde_json::Value;

/// Exit codes that once meant, or could be taken for, an orderly end: sysexits.h begins at 64.
const CODES: [i32; 7] = [0, 1, 64, 65, 67, 95, 139];

/// A component that nobody asks for.
const RUDE: (&str, &str) = ("metric", "rude");

/// A quick experiment of one well-behaved cell, and of one with a generator of this name that misbehaves.
fn experiment(name: &str, misbehave: &str, exit: i32) -> String {
    format!(
        "[experiment]\nn_train = 200\nn_gen = 2000\nmembers = 4\nn_truth = 2000\n\n[dataset]\nplugin = \"gaussian\"\n\n\
         [[generator]]\nplugin = \"gaussian-fit\"\n\n\
         [[generator]]\nname = {}\nplugin = \"hostile-generator\"\nmisbehave = \"{misbehave}\"\nexit = {exit}\n\n\
         [[uncertainty]]\nplugin = \"ensemble\"\n\n[[summary]]\nplugin = \"coordinate\"\n\n\
         [[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 0.5]]\n",
        // A TOML string with escapes is a JSON string, but for surrogates.
        serde_json::to_string(name).expect("a string")
    )
}

/// Of the two cells, the first has a number, and the other says why it has none.
#[track_caller]
fn costs_its_own_cell(place: &Place, ended: Finished, why: &str) {
    let ended = ended.expect(1).says(&[why]);
    assert_eq!(ended.err.matches("going on without it").count(), 1, "{}", ended.err);
    let found = results(&place.path("run"));
    let [sound, failed] = found["cells"].as_array().expect("cells").as_slice() else { panic!("two cells") };
    assert!(sound["overall"]["verdict"].is_string() && sound["failures"] == serde_json::json!([]));
    assert_eq!(failed["overall"], Value::Null);
    assert!(failed["failures"][0].as_str().is_some_and(|f| f.contains(why)), "{}", failed["failures"]);
}

#[test]
fn a_library_that_ends_the_process_with_any_code_is_named_and_passed_over() {
    for code in CODES {
        let place = Place::new();
        library(&place, "rude", &[("metric", "ks")], &format!("_exit({code});"));
        let why = format!("librude.so`, call load: ended the process (exit code {code})");
        place.amplicast(&["plugins", "check", "rude/librude.so"]).expect(2).says(&[&why]);
        for command in [&["plugins", "list", "--load"][..], &["plugins", "info", "ks"], &["schema", "ks"]] {
            let ended = place.amplicast(&[command, &["--plugin-path", "rude"]].concat());
            let ended = ended.expect(i32::from(command[1] == "list")).says(&[&why]);
            assert!(ended.out.contains("ks") || ended.out.contains("Kolmogorov"), "{}", ended.out);
        }
    }
}

#[test]
fn a_library_that_ends_the_process_costs_no_cell() {
    let place = Place::new();
    library(&place, "rude", &[("summary", "coordinate")], "exit(64);");
    place.write("x.toml", experiment("g", "none", 0));
    let plugins = hostile_plugin().display().to_string();
    let run = ["run", "x.toml", "--out", "run", "--plugin-path", "rude", "--plugin-path", &plugins];
    place.amplicast(&run).expect(0).says(&["call load: ended the process (exit code 64)"]);
    assert!(results(&place.path("run"))["cells"].as_array().is_some_and(|cells| cells.len() == 2));
    let check = ["check", "x.toml", "--plugin-path", "rude", "--plugin-path", &plugins];
    place.amplicast(&check).expect(0).says(&["call load: ended the process (exit code 64)"]);
}

#[test]
fn a_library_under_any_path_is_loaded_once() {
    let long = "folder/".repeat(30);
    let names: [&OsStr; 4] = [
        long.as_ref(),
        "a\nb".as_ref(),
        OsStr::from_bytes(b"caf\xe9"),
        "事象生成器のための非常に長い名前".as_ref(),
    ];
    for name in names {
        let place = Place::new();
        library(&place, name, &[RUDE], "exit(64);");
        let mut command = place.command(&["plugins", "list", "--load", "--plugin-path"]);
        let ended = Finished::of(command.arg(name).output().expect("the host can be started")).expect(1);
        assert_eq!(ended.err.matches("going on without it").count(), 1, "{}", ended.err);
        assert!(ended.out.contains("gaussian-ring") && ended.out.contains("not loaded: "), "{}", ended.out);
    }
}

#[test]
fn a_library_that_hangs_costs_one_time_limit() {
    let place = Place::new();
    library(&place, "rude/".repeat(30), &[RUDE], "for (;;) sleep(1);");
    let path = "rude/".repeat(30);
    let began = Instant::now();
    let list = ["plugins", "list", "--load", "--plugin-path", &path, "--time-limit", "1"];
    let ended = place.amplicast(&list).expect(1);
    ended.says(&["call load: did not return, and made no progress, for 1 s (--time-limit)"]);
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_component_that_ends_the_process_with_any_code_costs_its_own_cell() {
    for code in CODES {
        for misbehave in ["exit-in-create", "exit-in-fit"] {
            let place = Place::new();
            place.write("x.toml", experiment("g", misbehave, code));
            let plugins = hostile_plugin().display().to_string();
            let ended = place.amplicast(&["run", "x.toml", "--out", "run", "--plugin-path", &plugins]);
            costs_its_own_cell(&place, ended, &format!("ended the process (exit code {code})"));
        }
    }
}

#[test]
fn a_component_of_any_name_costs_its_own_cell() {
    let names = ["g".repeat(80), "事".repeat(80), "a\nb".into(), "\u{1b}[2J".into(), "x".repeat(5000)];
    for name in names {
        let place = Place::new();
        place.write("x.toml", experiment(&name, "exit-in-fit", 64));
        let plugins = hostile_plugin().display().to_string();
        let ended = place.amplicast(&["run", "x.toml", "--out", "run", "--plugin-path", &plugins]);
        assert!(!ended.err.contains('\u{1b}') && !ended.out.contains('\u{1b}'), "{}", ended.err);
        costs_its_own_cell(&place, ended, "call fit: ended the process (exit code 64)");
    }
}

/// `estimate` asks its questions of components before it has an experiment.
#[test]
fn estimate_stops_at_a_component_that_ends_the_process() {
    let place = Place::new();
    place.normal_npy("train.npy", 100, 1, 1);
    place.normal_npy("gen_1.npy", 1000, 1, 2);
    place.normal_npy("gen_2.npy", 1000, 1, 3);
    let plugins = hostile_plugin().display().to_string();
    let ended = place.amplicast(&[
        "estimate",
        "--train",
        "train.npy",
        "--members",
        "gen_*.npy",
        "--summary",
        "hostile-summary:exit-in-arguments",
        "--region",
        "0:1",
        "--plugin-path",
        &plugins,
    ]);
    let ended =
        ended.expect(2).says(&["error: `hostile-summary`, call config: ended the process (exit code 64)"]);
    assert_eq!(ended.err.matches("going on without it").count(), 1, "{}", ended.err);
}

#[test]
fn a_library_that_closes_the_workers_input_changes_nothing() {
    let place = Place::new();
    library(&place, "rude", &[RUDE], "close(0);");
    let listed = place.amplicast(&["plugins", "list", "--load", "--plugin-path", "rude"]).expect(1);
    listed.prints(&["it has a tag but no symbol", "gaussian-ring"]);
}
