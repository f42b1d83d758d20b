//! Classes that break: one clear message each, and nothing that stays behind.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use amplicast_sdk::*;
use common::{BLOB, Place, made, prepared, python, sample};

/// The message of a generator that cannot be made.
fn unmade(source: &str) -> String {
    let place = Place::with(source);
    let error = place.generator().err().expect("a refusal").to_string();
    error.replace(&place.folder().join("flow.py").display().to_string(), "flow.py")
}

#[test]
fn an_exception_is_told_with_its_place() {
    let source = BLOB.replace(
        "self.mean, self.width = events.mean",
        "return self.inner(events)\n    def inner(self, events):\n        1 / 0; events.mean",
    );
    let error = Place::with(&source).refusal();
    let expected = "flow.py, class Blob: fit: ZeroDivisionError: division by zero (flow.py:9 in inner: 1 / 0; events.mean(axis=0), \
                    events.std(axis=0) + 1e-9; flow.py:7 in fit: return self.inner(events))";
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn what_is_returned_must_be_numbers_of_the_right_shape() {
    for (body, expected) in [
        ("return numpy.zeros((n, 3))", "sample: expected an array of shape 64 x 2, found 64 x 3"),
        ("return 3.0", "sample: expected an array of shape 64 x 2, found one number"),
        ("return [[1.0], [1.0, 2.0]]", "ValueError: setting an array element with a sequence"),
        ("return numpy.full((n, 2), 'x')", "sample: expected numbers, found an array of type <U1 (ndarray)"),
        (
            "return numpy.full((n, 2), 1j)",
            "sample: expected numbers, found an array of type complex128 (ndarray)",
        ),
        ("return None", "sample: expected numbers, found an array of type object (NoneType)"),
        (
            "return numpy.ones((n, 2)) * self.mean",
            "sample: expected other events for another seed, found the same",
        ),
    ] {
        let error = Place::instead("sample", body).refusal();
        assert!(error.contains(expected), "{body}: {error}");
    }
    for (body, expected) in [
        ("return [1, 2]", "state: expected bytes or a dict of arrays, found list"),
        (
            "return {'mean': 'x'}",
            "state: expected arrays of numbers under names, found str of type <U1 under 'mean'",
        ),
        (
            "return {'mean': self.mean, 'width': 2 * self.width}",
            "load: expected the events of the fit, found others",
        ),
        ("return {'mean': self.mean}", "fit: KeyError: 'width' (flow.py:18 in load: "),
    ] {
        let error = Place::instead("state", body).refusal();
        assert!(error.contains(expected), "{body}: {error}");
    }
    let place = Place::instead("log_density", "return numpy.zeros(len(events) + 1)");
    let (model, parameters) = place.fitted().unwrap();
    let mut out = [0.0; 500];
    let error = model.at(&parameters).unwrap().log_density(common::events().view(), Seed::new(1), &mut out);
    assert!(
        error.unwrap_err().to_string().ends_with("log_density: expected an array of shape 256, found 257")
    );
}

#[test]
fn a_class_that_is_not_there_is_refused_before_anything_runs() {
    for (source, expected) in [
        ("class Flow: pass", "flow.py, class Blob: expected a class `Blob` in it, found none"),
        ("Blob = 3", "flow.py, class Blob: expected a class `Blob` in it, found something else of this name"),
        (
            "class Blob:\n  def fit(self): pass",
            "expected the methods fit, sample, state, load, found no sample, state, load",
        ),
        ("import nosuchpackage", "No module named 'nosuchpackage': install it for "),
        ("class Blob:\n  def", "SyntaxError: invalid syntax"),
        (
            "import sys\nsys.exit(4)",
            "SystemExit: 4: it asked the interpreter to end (flow.py:2 in <module>: sys.exit(4))",
        ),
        (
            &BLOB.replace("    def fit", "    def __init__(self, width): pass\n    def fit"),
            "missing 1 required positional argument: 'width'",
        ),
        ("import os\nos._exit(0)", "flow.py, class Blob: the interpreter ended with exit code 0"),
    ] {
        let error = unmade(source);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn what_is_no_interpreter_is_refused() {
    let place = Place::with(BLOB);
    let script = place.folder().join("old");
    std::fs::write(
        &script,
        "#!/bin/sh\nexec python3 -c 'import sys; sys.version_info = (3, 8, 1); sys.version = \"3.8.1\"; exec(sys.argv[2])' \"$@\"\n",
    )
    .unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let old = script.display().to_string();
    for (python, expected) in [
        ("nosuchpython", "python: expected a Python interpreter, found no program `nosuchpython`"),
        (
            "venv/bin/python",
            "python: expected the name of a program or an absolute path, found `venv/bin/python`",
        ),
        ("false", "python: expected a Python interpreter, found `false`, which ended with exit code 1"),
        (&old, "which ended with exit code 1; it printed last: expected Python 3.9 or later, found 3.8.1"),
        ("/", "python: expected a Python interpreter, cannot start `/`: Permission denied"),
    ] {
        let mut config = place.config();
        config["python"] = python.into();
        let error = made(&config).err().expect("a refusal").to_string();
        assert!(error.contains(expected), "{error}");
    }
    let bare = Place::with(BLOB);
    let mut config = bare.config();
    let without = bare.folder().join("without");
    assert!(
        Command::new("python3")
            .args(["-m", "venv", "--without-pip"])
            .arg(&without)
            .status()
            .unwrap()
            .success()
    );
    config["python"] = without.join("bin/python").display().to_string().into();
    let error = made(&config).err().expect("a refusal").to_string();
    let expected =
        format!("No module named 'numpy': install numpy for {}", without.join("bin/python").display());
    assert!(error.contains(&expected), "{error}");
}

#[test]
fn an_interpreter_that_ends_is_named_and_started_again() {
    for (body, expected) in [
        ("print('almost there'); os._exit(3)", "ended with exit code 3; it printed last: almost there"),
        ("os.kill(os.getpid(), 11)", "crashed (signal 11, segmentation fault)"),
        ("os.kill(os.getpid(), 9)", "was killed (signal 9: out of memory, or somebody's kill)"),
        ("os.closerange(3, 100)", "ended with exit code "),
    ] {
        // Only where a file lies.
        let body = format!("if os.path.exists(os.path.dirname(__file__) + '/break'):\n    {body}");
        let place = Place::instead("sample", &body);
        let (model, parameters) = place.fitted().unwrap();
        let before = sample(&*model, &parameters, 300, 1).unwrap();
        let mark = place.folder().join("break");
        std::fs::write(&mark, "").unwrap();
        let error = sample(&*model, &parameters, 300, 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Plugin);
        assert!(
            error.to_string().contains(&format!("class Blob: sample: the interpreter {expected}")),
            "{error}"
        );
        std::fs::remove_file(mark).unwrap();
        assert_eq!(sample(&*model, &parameters, 300, 1).unwrap(), before);
    }
}

#[test]
fn a_file_that_changes_is_not_mixed_with_what_it_was() {
    let place = Place::with(BLOB);
    let (model, parameters) = place.fitted().unwrap();
    std::fs::write(place.folder().join("flow.py"), format!("{BLOB}\n")).unwrap();
    sample(&*model, &parameters, 300, 1).unwrap();
    // The second interpreter reads the file anew.
    let context: &dyn Context = &testing::Threads;
    let error = context.collect(40, |i| sample(&*model, &parameters, 20_000, i as u64)).unwrap_err();
    assert!(error.to_string().contains("was changed while it was used: start again"), "{error}");
}

#[test]
fn what_lies_where_the_program_was_started_is_not_imported() {
    let (place, elsewhere) = (Place::with(BLOB), Place::with(""));
    for name in ["random.py", "numpy.py", "json.py"] {
        std::fs::write(elsewhere.folder().join(name), "raise SystemExit(name)").unwrap();
    }
    let script = place.folder().join("elsewhere");
    let source = format!("#!/bin/sh\ncd {} && exec {} \"$@\"\n", elsewhere.folder().display(), python());
    std::fs::write(&script, source).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut config = place.config();
    config["python"] = script.display().to_string().into();
    made(&config).unwrap();
}

#[test]
fn what_it_prints_is_not_in_the_way() {
    let place = Place::instead(
        "sample",
        "print('x' * 100_000)\nfor k in range(1000): warnings.warn(str(k)); sys.stderr.write('no end')\nos.write(1, b'raw')",
    );
    let (model, parameters) = place.fitted().unwrap();
    let usual = Place::with(BLOB);
    let (plain, same) = usual.fitted().unwrap();
    assert_eq!(sample(&*model, &parameters, 300, 1).unwrap(), sample(&*plain, &same, 300, 1).unwrap());
}

#[test]
fn a_memory_limit_is_an_exception() {
    let place = Place::instead("fit", "numpy.ones(10**9)");
    let mut config = place.config();
    config["memory_limit"] = 4.0.into();
    let error =
        made(&config).and_then(|generator| prepared(&generator)).err().expect("a refusal").to_string();
    assert!(error.contains("MemoryError"), "{error}");
}

/// Processes whose command line or name has this text, and that are no zombies.
fn running(text: &str) -> usize {
    let list = std::fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
        let read = |name: &str| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
        read("environ").contains(text) && !read("stat").contains(") Z ")
    });
    list.count()
}

/// Waits until none of them runs.
fn gone(text: &str) -> bool {
    let begun = Instant::now();
    while running(text) > 0 && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    running(text) == 0
}

/// An interpreter that is told apart by a variable of its environment.
fn marked(place: &Place, mark: &str) -> String {
    let script = place.folder().join("marked");
    std::fs::write(&script, format!("#!/bin/sh\nMARK={mark} exec {} \"$@\"\n", python())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    script.display().to_string()
}

#[test]
fn forks_answer_nothing_and_end_with_it() {
    let body = "if os.fork() == 0 and os.fork() == 0:\n    time.sleep(1000)\nimport subprocess; subprocess.Popen(['sleep', '1000'])";
    let place = Place::instead("sample", body);
    let mut config = place.config();
    config["python"] = marked(&place, "forks-of-a-test").into();
    let generator = made(&config).unwrap();
    let model = prepared(&generator).unwrap();
    let parameters = common::fit(&*model).unwrap();
    let usual = Place::with(BLOB);
    let (plain, same) = usual.fitted().unwrap();
    assert_eq!(sample(&*model, &parameters, 300, 1).unwrap(), sample(&*plain, &same, 300, 1).unwrap());
    assert!(running("MARK=forks-of-a-test") > 2);
    drop((generator, model));
    assert!(gone("MARK=forks-of-a-test"));
}

#[derive(Default)]
struct Stopping(AtomicBool);

impl Context for Stopping {
    fn progress(&self, done: u64, total: u64, loss: Option<f64>) {
        assert_eq!((done, total, loss), (3, 10, Some(0.5)));
        self.0.store(true, Ordering::SeqCst);
    }

    fn cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn parallel(&self, n: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..n).for_each(work);
    }
}

#[test]
fn a_fit_says_how_far_it_is_and_is_stopped() {
    let place = Place::instead(
        "fit",
        "if settings['iterations'] > 1:\n    settings.progress(3, 10, 0.5)\n    time.sleep(1000)",
    );
    let model = prepared(&place.generator().unwrap()).unwrap();
    let rows: Vec<u64> = (0..500).collect();
    let stopped = model.fit(&rows, &TrainingSettings::default(), Seed::new(1), &Stopping::default());
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Cancelled);
}

/// Starts itself once more, as the process that it kills in a call that never returns.
#[test]
fn nothing_stays_behind_a_process_that_is_killed() {
    if let Ok(file) = std::env::var("HANGING") {
        let mut config = Place::with("").config();
        config["file"] = file.into();
        config["python"] = std::env::var("HANGING_PYTHON").unwrap().into();
        let _ = prepared(&made(&config).unwrap());
        return;
    }
    // One line of C holds the interpreter's lock for ever.
    let place = Place::instead(
        "fit",
        "print('begun', flush=True)\nopen(__file__ + '.begun', 'w').close()\nsum(iter(int, 1))",
    );
    let mut other = Command::new(std::env::current_exe().unwrap());
    other
        .args(["--exact", "nothing_stays_behind_a_process_that_is_killed"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    other.env("HANGING", place.folder().join("flow.py"));
    other.env("HANGING_PYTHON", marked(&place, "hanging-in-a-test"));
    let mut other = other.spawn().unwrap();
    let begun = Instant::now();
    while !place.folder().join("flow.py.begun").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the call never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(running("MARK=hanging-in-a-test") > 0);
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(gone("MARK=hanging-in-a-test"));
}
