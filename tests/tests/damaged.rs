//! What is stored is verified: whatever a disk, a copy or an editor did to a run's folder is found, named, and mended by the next run.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use amplicast_tests::{GAUSSIAN, Numbers, Place, fits, hostile_plugin, repeats, signal, stage_files};
use serde_json::Value;

const SIZES: &str = "n_train = 100\nn_gen = 2000\nmembers = 3\ncheckpoints = 3\nn_truth = 2000";

const TABLES: &str = r#"
[[selection]]
name = "cut"
cuts = [{ summary = "x", quantiles = [0.2, 1.0] }]
plane = ["x", "x"]
[[metric]]
name = "half"
plugin = "integral"
intervals = [[0.0, 20.0]]
[[metric]]
plugin = "ks"
reference = ["training", "truth"]
"#;

const RUN: [&str; 4] = ["run", "x.toml", "--out", "run"];

/// A finished run, the bytes of its results, and those of its stages.
struct Finished {
    place: Place,
    results: Vec<u8>,
    stages: BTreeMap<PathBuf, Vec<u8>>,
}

impl Finished {
    fn run() -> Self {
        let place = Place::new();
        place.write("x.toml", fits(GAUSSIAN, SIZES, TABLES));
        place.amplicast(&RUN).expect(0);
        let read = |path: PathBuf| std::fs::read(path).expect("a file");
        let results = read(place.path("run/results.json"));
        let names =
            stage_files(&place.path("run")).into_keys().map(|name| place.path("run/stages").join(name));
        let stages: BTreeMap<_, _> = names.map(|path| (path.clone(), read(path))).collect();
        let kinds: BTreeSet<&str> =
            stages.keys().filter_map(|p| p.file_name()?.to_str()?.split('-').next()).collect();
        assert!(kinds.len() >= 4 && kinds.contains("chain") && kinds.contains("plane"), "{kinds:?}");
        Finished { place, results, stages }
    }

    /// Runs again after `damage` was done to each stage: every one is named, and everything is as it was.
    #[track_caller]
    fn mended(&self, damage: impl Fn(&Path, &[u8])) {
        for (path, bytes) in &self.stages {
            damage(path, bytes);
        }
        let ended = self.place.amplicast(&RUN).expect(0);
        assert!(std::fs::read(self.place.path("run/results.json")).expect("results") == self.results);
        for (path, bytes) in &self.stages {
            let named = ended.err.lines().any(|line| {
                line.starts_with("warning: ")
                    && line.contains(&path.display().to_string())
                    && line.contains("computed again")
            });
            let found = std::fs::read(path).expect("a stage");
            // A blank in the header of a chain is read over, whatever it is: nothing that is used has changed.
            let same = path.extension().is_some_and(|e| e == "safetensors") && found.len() == bytes.len();
            assert!((named && found == *bytes) || (!named && same), "{}: {}", path.display(), ended.err);
        }
        for (path, bytes) in &self.stages {
            std::fs::write(path, bytes).expect("writable");
        }
    }
}

#[test]
fn flipped_bits_of_stages_are_found() {
    let finished = Finished::run();
    let numbers = std::cell::RefCell::new(Numbers::new(0x5DEE_CE66));
    for _ in 0..repeats("AMPLICAST_FLIPS", 300).div_ceil(finished.stages.len()) {
        finished.mended(|path, bytes| {
            let mut flipped = bytes.to_vec();
            let bit = numbers.borrow_mut().below(8 * bytes.len());
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(path, flipped).expect("writable");
        });
    }
}

/// The first number of a JSON value, changed by `edit`.
fn edited(value: &mut Value, edit: &dyn Fn(f64) -> f64) -> bool {
    match value {
        Value::Number(number) => {
            *value = edit(number.as_f64().expect("a number")).into();
            true
        }
        Value::Array(list) => list.iter_mut().any(|value| edited(value, edit)),
        Value::Object(map) => map.values_mut().any(|value| edited(value, edit)),
        _ => false,
    }
}

/// The first list of a JSON value that holds anything, one shorter.
fn shortened(value: &mut Value) -> bool {
    match value {
        Value::Array(list) if !list.is_empty() => list.pop().is_some(),
        Value::Array(list) => list.iter_mut().any(shortened),
        Value::Object(map) => map.values_mut().any(shortened),
        _ => false,
    }
}

#[test]
fn edited_stages_are_found() {
    let finished = Finished::run();
    let edit = |path: &Path, bytes: &[u8], change: &dyn Fn(&mut Value) -> bool| {
        if path.extension().is_some_and(|e| e == "json") {
            // As an editor does it: everything else, the order of the keys as well, stays.
            let text = std::str::from_utf8(bytes).expect("JSON");
            let (content, seal) = text.rsplit_once(",\"blake3\":").expect("the hash at the end");
            let content = content.strip_prefix("{\"content\":").expect("the content at the begin");
            let mut value: Value = serde_json::from_str(content).expect("JSON");
            if change(&mut value) {
                let text = format!("{{\"content\":{value},\"blake3\":{seal}");
                return std::fs::write(path, text).expect("writable");
            }
        }
        // A chain's last number, or a file without any number: its last byte.
        let mut changed = bytes.to_vec();
        *changed.last_mut().expect("bytes") ^= 1;
        std::fs::write(path, changed).expect("writable");
    };
    finished.mended(|path, bytes| edit(path, bytes, &|value| edited(value, &|x| x + 1.0)));
    finished.mended(|path, bytes| edit(path, bytes, &|value| edited(value, &|x| -2.0 * x - 1.0)));
    finished.mended(|path, bytes| edit(path, bytes, &shortened));
    finished.mended(|path, bytes| std::fs::write(path, &bytes[..bytes.len() - 4]).expect("writable"));
    finished.mended(|path, _| std::fs::write(path, "").expect("writable"));
    // The content of another stage under this one's name.
    let others: Vec<&Vec<u8>> =
        finished.stages.values().cycle().skip(1).take(finished.stages.len()).collect();
    let at = |path: &Path| finished.stages.keys().position(|p| p == path).expect("a stage");
    finished.mended(|path, _| std::fs::write(path, others[at(path)]).expect("writable"));
}

/// What is called like a stage and is no file is not waited for. A folder may be somebody's: it stays, and is named.
#[test]
fn stages_that_are_no_files_are_found() {
    let finished = Finished::run();
    let fifo = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    finished.mended(|path, _| {
        std::fs::remove_file(path).expect("a stage");
        fifo(path);
    });
    let pipe = finished.place.path("pipe");
    fifo(&pipe);
    finished.mended(|path, _| {
        std::fs::remove_file(path).expect("a stage");
        symlink(&pipe, path).expect("a link");
    });
    for path in finished.stages.keys() {
        std::fs::remove_file(path).expect("a stage");
        std::fs::create_dir(path).expect("a folder");
    }
    for _ in 0..2 {
        let ended = finished.place.amplicast(&RUN).expect(0);
        for path in finished.stages.keys() {
            let path = path.display();
            assert!(ended.err.contains(&format!("warning: {path}: expected a file")), "{}", ended.err);
            assert!(
                ended
                    .err
                    .contains(&format!("warning: {path}: a folder stands where a stage is to be stored"))
            );
        }
        let results = std::fs::read(finished.place.path("run/results.json")).expect("results");
        assert!(results == finished.results);
    }
}

/// `report` names the file, and says what to do.
#[test]
fn damaged_files_of_a_run_are_named() {
    let finished = Finished::run();
    let place = &finished.place;
    for name in ["results.json", "provenance.json", "experiment.toml"] {
        let file = place.path("run").join(name);
        let bytes = std::fs::read(&file).expect("a file");
        let said =
            |code: i32| place.amplicast(&["report", "run"]).expect(code).says(&[&format!("run/{name}")]);
        std::fs::write(&file, &bytes[..bytes.len() / 2]).expect("writable");
        if name != "experiment.toml" {
            said(2).says(&["is not what a run wrote", "run it again"]);
        }
        std::fs::write(&file, b"\xff\xfe").expect("writable");
        said(2).says(&["is not what a run wrote"]);
        std::fs::remove_file(&file).expect("a file");
        said(2).says(&["expected a finished run"]);
        std::fs::create_dir(&file).expect("a folder");
        said(2);
        std::fs::remove_dir(&file).expect("a folder");
        assert!(Command::new("mkfifo").arg(&file).status().expect("mkfifo").success());
        said(2);
        std::fs::remove_file(&file).expect("a pipe");
        std::fs::write(&file, &bytes).expect("writable");
    }
    place.amplicast(&["report", "run"]).expect(0);
}

/// A calibration that cannot be read costs no result.
#[test]
fn a_damaged_calibration_costs_no_result() {
    let place = Place::new();
    place.write("x.toml", fits(GAUSSIAN, SIZES, TABLES));
    place.amplicast(&RUN).expect(0);
    place.amplicast(&["calibrate", "x.toml", "--out", "run", "--training-sets", "2"]).expect(0);
    let file = place.path("run/calibration.json");
    for damage in [&b"{"[..], b"[]", b"", b"\xff"] {
        std::fs::write(&file, damage).expect("writable");
        let ended = place.amplicast(&RUN).expect(0).prints(&["half", "report: "]);
        ended.says(&[
            "warning: ",
            "run/calibration.json: is not what",
            "calibrate again; the report is without it",
        ]);
        let ended = place.amplicast(&["report", "run"]).expect(2);
        ended.says(&["run/calibration.json: is not what `amplicast calibrate` wrote", "calibrate again"]);
    }
    std::fs::remove_file(&file).expect("a file");
    place.amplicast(&RUN).expect(0);
}

/// Numbers of two kinds of processors in one run are said, once.
#[test]
fn a_run_that_goes_on_on_another_processor_says_so() {
    let place = Place::new();
    place.write("x.toml", fits(GAUSSIAN, SIZES, TABLES));
    let ended = place.amplicast(&RUN).expect(0);
    assert!(!ended.err.contains("computed with the instructions"), "{}", ended.err);
    let file = place.path("run/stages/instructions");
    let here = std::fs::read_to_string(&file).expect("a file").trim().to_string();
    assert!(here.starts_with(std::env::consts::ARCH), "{here}");
    let provenance = std::fs::read_to_string(place.path("run/provenance.json")).expect("a file");
    let provenance: Value = serde_json::from_str(&provenance).expect("JSON");
    assert_eq!(provenance["instructions"], here);
    std::fs::write(&file, "x86_64 none\n").expect("writable");
    let ended = place.amplicast(&RUN).expect(0);
    let said = "run/stages: computed with the instructions x86_64 none, this processor has ";
    assert_eq!(ended.err.matches(said).count(), 1, "{}", ended.err);
}

/// Nothing is left in the folder for temporary files, nor of a killed run in its own.
#[test]
fn no_temporary_file_is_left() {
    let place = Place::new();
    let slow = fits(GAUSSIAN, SIZES, TABLES)
        .replace("plugin = \"gaussian-fit\"", "plugin = \"hostile-generator\"\ndelay = 100");
    place.write("x.toml", slow);
    let temporary = place.path("temporary");
    std::fs::create_dir(&temporary).expect("a folder");
    let plugins = hostile_plugin().display().to_string();
    let run = [&RUN[..], &["--plugin-path", &plugins]].concat();
    let left = |folder: &Path| {
        let list = std::fs::read_dir(folder).expect("a folder").flatten();
        list.map(|e| e.file_name().to_string_lossy().into_owned())
            .filter(|n| n.starts_with('.'))
            .collect::<Vec<_>>()
    };
    for moment in [1, 3] {
        let mut command = place.command(&run);
        let mut child = command.env("TMPDIR", &temporary).spawn().expect("the host can be started");
        while stage_files(&place.path("run")).len() < moment {
            std::thread::sleep(std::time::Duration::from_millis(5));
            assert!(child.try_wait().expect("a child").is_none());
        }
        signal("KILL", i64::from(child.id()));
        child.wait().expect("a child");
    }
    // As if the kill had come in the middle of writing.
    std::fs::write(place.path("run/.amplicast-abc"), "half").expect("writable");
    std::fs::write(place.path("run/stages/.amplicast-abc"), "half").expect("writable");
    std::fs::create_dir_all(place.path("run/figures")).expect("a folder");
    std::fs::write(place.path("run/figures/.amplicast-abc"), "half").expect("writable");
    // The killed one's worker leaves the folder when it hears of the death.
    let begun = std::time::Instant::now();
    let ended = loop {
        let mut command = place.command(&run);
        let output = command.env("TMPDIR", &temporary).output().expect("the host can be started");
        let ended = amplicast_tests::Finished::of(output);
        if !ended.err.contains("another run is using") || begun.elapsed().as_secs() > 20 {
            break ended;
        }
    };
    ended.expect(0);
    assert_eq!(left(&place.path("run")), Vec::<String>::new());
    assert_eq!(left(&place.path("run/stages")), Vec::<String>::new());
    assert_eq!(left(&place.path("run/figures")), Vec::<String>::new());
    assert_eq!(std::fs::read_dir(&temporary).expect("a folder").count(), 0);
}
