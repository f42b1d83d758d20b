//! Ctrl-C at any moment, also before anything runs: quiet, soon, and no error of the user's.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use amplicast::supervise::Reader;
use amplicast_tests::{Finished, GAUSSIAN, Place, fits, hostile_plugin};

const SIZES: &str =
    "name = \"small\"\nn_train = 100\nn_gen = 2000\nmembers = 4\ncheckpoints = 3\nn_truth = 2000";

const METRICS: &str = "[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 20.0]]\n";

fn place() -> Place {
    let place = Place::new();
    place.write("small.toml", fits(GAUSSIAN, SIZES, METRICS));
    place
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
