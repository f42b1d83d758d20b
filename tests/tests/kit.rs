//! The author's kit: what `plugins new` writes is built, tested and run, and `plugins dev` does so at every change.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use amplicast_tests::{Finished, Place, cargo, outside, python, results, signal, succeeds, without_cargo};
use serde_json::Value;

const KINDS: [&str; 5] = ["generator", "summary", "metric", "posterior", "dataset"];

/// The crates that every plugin needs are those of the plugin from outside, built once for all.
fn target() -> PathBuf {
    outside().join("target")
}

/// Cargo would wait, and a test would think that it hangs.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Writes a plugin, and gives what was printed; its crates have the versions that are there without a network.
fn new(place: &Place, name: &str, kind: &str) -> String {
    let printed = place.amplicast(&["plugins", "new", name, "--kind", kind]).expect(0).out;
    fs::copy(outside().join("Cargo.lock"), place.path(name).join("Cargo.lock")).expect("a lock file");
    printed
}

/// G of the first cell, and its interval of 95 %.
fn first_g(run: &Path) -> (Option<f64>, Value) {
    let results = results(run);
    let estimate = &results["cells"][0]["replicas"][0]["estimate"];
    (estimate["g"].as_f64(), estimate["interval_95"].clone())
}

#[test]
fn a_new_plugin_of_every_kind_is_tested_built_and_run() {
    let _one = one_at_a_time();
    let place = Place::new();
    for kind in KINDS {
        let name = format!("my-{kind}");
        let printed = new(&place, &name, kind);
        for command in ["cargo test", "cargo build"] {
            let line = format!("  {command} --release --manifest-path {name}/Cargo.toml");
            assert!(printed.contains(&line), "expected `{line}` in\n{printed}");
            let mut cargo = cargo();
            cargo.args(line.split_whitespace().skip(1)).env("CARGO_TARGET_DIR", target());
            let said = succeeds(cargo.args(["--offline"]).current_dir(place.path("")));
            assert!(!said.contains("warning"), "{said}");
            assert!(command == "cargo build" || said.contains("test conforms ... ok"), "{said}");
        }
        let line = format!("  amplicast run {name}/experiment.toml --plugin-path {name}/target/release");
        assert!(printed.contains(&line), "expected `{line}` in\n{printed}");
        // Nothing else of that folder is on the path.
        let library = format!("libmy_{kind}.so");
        fs::create_dir_all(place.path(&format!("{name}/target/release"))).expect("a folder");
        fs::copy(
            target().join("release").join(&library),
            place.path(&format!("{name}/target/release/{library}")),
        )
        .expect("the library");
        let arguments: Vec<&str> = line.split_whitespace().skip(1).collect();
        place.amplicast(&[&arguments[..], &["--out", kind]].concat()).expect(0).prints(&["report: "]);
    }
    // A Gaussian is no ring: worth next to nothing. An exponential's mean and width leave its shape out.
    for kind in ["generator", "dataset"] {
        let (g, interval) = first_g(&place.path(kind));
        assert!(g.is_some_and(|g| g > 0.0 && g < 0.3), "{kind}: {g:?} {interval}");
    }
    // The norm of power 2 is the radius, so that G is that of the built-in one.
    let text = fs::read_to_string(place.path("my-summary/experiment.toml")).expect("the experiment");
    place.write("radius.toml", text.replace("\"my-summary\"", "\"radius\""));
    place.amplicast(&["run", "radius.toml", "--out", "radius"]).expect(0);
    assert_eq!(first_g(&place.path("summary")), first_g(&place.path("radius")));
    // A fit of the mean amplifies tails and bulk, but not the mean itself: the distance of medians sees no more than 100 events know.
    let (g, interval) = first_g(&place.path("metric"));
    assert!(g.is_some_and(|g| g > 0.3 && g < 5.0), "{g:?} {interval}");
    // Fits to bootstraps have the spread of those of `ensemble`.
    let text = fs::read_to_string(place.path("my-posterior/experiment.toml")).expect("the experiment");
    place.write("ensemble.toml", text.replace("\"my-posterior\"", "\"ensemble\""));
    place.amplicast(&["run", "ensemble.toml", "--out", "ensemble"]).expect(0);
    let ends = |run: &str| {
        let (_, interval) = first_g(&place.path(run));
        (interval["low"].as_f64().expect("an end"), interval["high"].as_f64().unwrap_or(f64::INFINITY))
    };
    let (own, built_in) = (ends("posterior"), ends("ensemble"));
    assert!(own.0 < built_in.1 && built_in.0 < own.1, "{own:?} {built_in:?}");
}

#[test]
fn a_class_of_both_kinds_is_run() {
    let place = Place::new();
    let kinds = [
        ("generator", "two_words_generator.py:TwoWordsGenerator"),
        ("summary", "two_words_summary.py:TwoWordsSummary"),
    ];
    for (kind, class) in kinds {
        let name = format!("two-words-{kind}");
        let new = place.amplicast(&["plugins", "new", &name, "--kind", kind, "--python"]).expect(0);
        let experiment = format!("{name}/experiment.toml");
        new.prints(&[&format!("  amplicast run {experiment}"), class]);
        let python = format!("{kind}.0.python={}", python());
        place.amplicast(&["run", &experiment, "--out", kind, "--set", &python]).expect(0).prints(&["python"]);
    }
    let (g, _) = first_g(&place.path("generator"));
    assert!(g.is_some_and(|g| g > 0.0 && g < 0.3), "{g:?}");
    let text = fs::read_to_string(place.path("two-words-summary/experiment.toml")).expect("the experiment");
    let (before, after) = text.split_once("[[summary]]").expect("a summary");
    let (_, after) = after.split_once("[[metric]]").expect("a metric");
    place.write("radius.toml", format!("{before}[[summary]]\nplugin = \"radius\"\n[[metric]]{after}"));
    place.amplicast(&["run", "radius.toml", "--out", "radius"]).expect(0);
    let (own, built_in) = (first_g(&place.path("summary")).0, first_g(&place.path("radius")).0);
    let (own, built_in) = (own.expect("a G"), built_in.expect("a G"));
    assert!((own / built_in - 1.0).abs() < 1e-6, "{own} {built_in}");
}

#[test]
fn a_plugin_is_not_written_over_another() {
    let place = Place::new();
    let new = |more: &[&str]| place.amplicast(&[&["plugins", "new"], more].concat());
    new(&["My_flow", "--kind", "generator"]).expect(2).says(&[
        "error: NAME: expected lower-case letters, digits and single `-` between them, a letter first, such as `my-flow`; found `My_flow`",
    ]);
    new(&["ks", "--kind", "metric"])
        .expect(2)
        .says(&["found `ks`, which is a metric of ", "libamplicast_metrics.so"]);
    new(&["trained-model", "--kind", "dataset"]).expect(2).says(&["which is a dataset of the host"]);
    new(&["x", "--kind", "metric", "--python"])
        .expect(2)
        .says(&["--python: expected a generator or a summary"]);
    new(&["x", "--kind", "metric", "--sdk", "."])
        .expect(2)
        .says(&["--sdk: expected the folder of amplicast-sdk"]);
    new(&["x", "--kind", "flow"]).expect(2).says(&["generator, summary, metric, posterior, dataset"]);
    assert!(!place.path("x").exists());
    place.write("x", "somebody's own");
    new(&["x", "--kind", "metric"])
        .expect(2)
        .says(&["expected a new folder, found ", "which is there already"]);
    assert_eq!(fs::read_to_string(place.path("x")).expect("a file"), "somebody's own");
}

/// The first build makes all crates that a plugin needs, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(900);

/// What a process prints, line by line.
struct Printed {
    child: Child,
    lines: Receiver<String>,
}

impl Printed {
    fn of(mut child: Child) -> Self {
        let (send, lines) = channel();
        let out = child.stdout.take().expect("a pipe");
        let err = child.stderr.take().expect("a pipe");
        let send_too = send.clone();
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).for_each(|line| _ = send.send(line))
        });
        std::thread::spawn(move || {
            BufReader::new(err).lines().map_while(Result::ok).for_each(|line| _ = send_too.send(line))
        });
        Printed { child, lines }
    }

    /// Waits for a line with this text, and gives all up to it.
    fn until(&self, text: &str) -> String {
        let (start, mut all) = (Instant::now(), String::new());
        while start.elapsed() < PATIENCE {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else { break };
            all += &(line.clone() + "\n");
            if line.contains(text) {
                return all;
            }
        }
        panic!("expected `{text}` in\n{all}");
    }

    /// Ctrl-C ends it.
    fn ends(&mut self) {
        signal("INT", i64::from(self.child.id()));
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait().expect("a process") {
                Some(status) => break status,
                None => assert!(start.elapsed() < Duration::from_secs(10), "it does not end"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(status.code(), Some(3));
    }
}

impl Drop for Printed {
    /// A test that fails leaves nothing behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

#[test]
fn a_change_is_built_and_tested_and_shadows() {
    let _one = one_at_a_time();
    let place = Place::new();
    new(&place, "shown", "summary");
    let source = place.path("shown/src/lib.rs");
    let text = fs::read_to_string(&source).expect("the source");
    let mut command = place.command_of(Path::new("env"), &[amplicast_tests::USUAL_SIGNALS]);
    without_cargo(&mut command);
    command.arg(amplicast_tests::light_folder().join("amplicast")).args(["plugins", "dev", "shown"]);
    command.env("CARGO_TARGET_DIR", target()).env("CARGO_NET_OFFLINE", "true");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut dev = Printed::of(command.spawn().expect("the host can be started"));
    let first = dev.until("waiting for a change");
    assert!(first.contains("summary `shown`: in ") && first.contains(" 0 failed"), "{first}");
    let path = first.lines().find_map(|line| line.strip_prefix("  export AMPLICAST_PLUGIN_PATH="));
    let path = path.unwrap_or_else(|| panic!("no path in\n{first}")).to_string();
    // The library of today, installed: it comes later on the path.
    let installed = place.path("no-data/amplicast/plugins");
    fs::create_dir_all(&installed).expect("a folder");
    fs::copy(Path::new(&path).join("libshown.so"), installed.join("libshown.so")).expect("the library");
    // A mistake is shown as cargo prints it.
    fs::write(&source, text.replace("Norm { power }", "Norm { pwer }")).expect("the source");
    let mistake = dev.until("waiting for a change");
    for part in ["src/lib.rs changed", "error[E0560]", "not built: the library of before"] {
        assert!(mistake.contains(part), "expected `{part}` in\n{mistake}");
    }
    // What breaks the contract is named by the suite, on the new library.
    fs::write(&source, text.replace("false => 0.0", "false => f64::NAN")).expect("the source");
    let broken = dev.until("waiting for a change");
    assert!(broken.contains("failed") && !broken.contains(" 0 failed"), "{broken}");
    // What stands in the source is what an experiment takes, before another library of that name.
    fs::write(&source, text.replace("The distance of an event from the origin\";", "Changed\";"))
        .expect("the source");
    dev.until("waiting for a change");
    let plugins = |arguments: &[&str]| {
        let mut command = place.command(&[&["plugins"], arguments].concat());
        Finished::of(command.env("AMPLICAST_PLUGIN_PATH", &path).output().expect("the host can be started"))
    };
    plugins(&["info", "shown"]).expect(0).prints(&["shown (summary): Changed"]);
    plugins(&["list"]).prints(&["shown (shadowed by an earlier library)"]);
    dev.ends();
}

#[test]
fn a_change_of_a_class_is_tested() {
    let place = Place::new();
    fs::create_dir(place.path("parts")).expect("a folder");
    place.write("parts/power.py", "POWER = 2.0\n");
    let class = "import numpy\nfrom parts.power import POWER\n\nclass Norm:\n    names = [\"norm\"]\n    def evaluate(self, events):\n        return \
                 (numpy.abs(events) ** POWER).sum(axis=1)\n";
    place.write("norm.py", class);
    let python = python();
    let arguments = ["plugins", "dev", "norm.py:Norm", "--python", python, "--kind", "summary"];
    let mut command = place.command_of(Path::new("env"), &[amplicast_tests::USUAL_SIGNALS]);
    command.arg(amplicast_tests::light_folder().join("amplicast")).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut dev = Printed::of(command.spawn().expect("the host can be started"));
    let first = dev.until("waiting for a change");
    assert!(first.contains(" 0 failed") && first.contains("plugin = \"python\", file = \""), "{first}");
    // What it imports from beside it belongs to it.
    place.write("parts/power.py", "POWER = float('nan')\n");
    let broken = dev.until("waiting for a change");
    assert!(broken.contains("parts/power.py changed"), "{broken}");
    assert!(broken.contains("failed") && !broken.contains(" 0 failed"), "{broken}");
    place.write("norm.py", class.replace("class Norm", "class Other"));
    let gone = dev.until("waiting for a change");
    assert!(gone.contains("norm.py changed") && gone.contains("expected a class `Norm` in it"), "{gone}");
    assert!(!gone.contains("runs take it"), "{gone}");
    dev.ends();
}

#[test]
fn what_is_no_plugin_is_not_watched() {
    let place = Place::new();
    let dev = |what: &str| place.amplicast(&["plugins", "dev", what]);
    dev("nothing").expect(2).says(&["expected the folder of a crate, found nothing: No such file"]);
    dev("nothing.py:Flow").expect(2).says(&["nothing.py: No such file"]);
    fs::create_dir(place.path("empty")).expect("a folder");
    dev("empty").expect(2).says(&["expected the folder of a crate, found ", "which has no Cargo.toml"]);
    place.write("flow.py", "class Flow: pass\n");
    dev("flow.py")
        .expect(2)
        .says(&["flow.py: expected the folder of a crate, or a class as FILE.py:CLASS, found no class"]);
    place
        .amplicast(&["plugins", "dev", "empty", "--kind", "summary"])
        .expect(2)
        .says(&["--kind: expected a class as FILE.py:CLASS, found empty"]);
}
