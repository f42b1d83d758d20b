//! The shell's customs: signals that whoever started the program ignores, stopped jobs, streams that are closed, links in a run's
//! folder, files of others, and names of any bytes.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant, SystemTime};

use amplicast_tests::{
    Finished, GAUSSIAN, Place, USUAL_SIGNALS, fits, hostile_plugin, light_folder, results, signal,
    stage_files,
};

const SIZES: &str = "n_train = 100\nn_gen = 2000\nmembers = 4\ncheckpoints = 3\nn_truth = 2000";

const HALF: &str = "[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 20.0]]\n";

/// A quick experiment.
fn place() -> Place {
    let place = Place::new();
    place.write("x.toml", fits(GAUSSIAN, SIZES, HALF));
    place
}

/// An experiment whose members' chunks take `delay` milliseconds, and the arguments that run it.
fn slow(place: &Place, delay: u64) -> Vec<String> {
    let generator = format!("plugin = \"hostile-generator\"\ndelay = {delay}");
    place.write("slow.toml", fits(GAUSSIAN, SIZES, HALF).replace("plugin = \"gaussian-fit\"", &generator));
    let plugins = hostile_plugin().display().to_string();
    ["run", "slow.toml", "--out", "run", "--threads", "1", "--plugin-path", &plugins].map(String::from).into()
}

fn text(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

/// Waits until a run has stored something: its plugins are loaded, and its members are under way.
fn under_way(place: &Place, child: &mut Child) {
    let begun = Instant::now();
    while stage_files(&place.path("run")).is_empty() {
        assert!(child.try_wait().expect("a child").is_none(), "the run ended at once");
        assert!(begun.elapsed() < Duration::from_secs(60), "waited for a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// All files below a folder with their content.
fn contents(folder: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let time = entry.metadata().and_then(|m| m.modified()).expect("a time");
        if path.is_dir() {
            found.extend(contents(&path));
            found.insert(path, (time, Vec::new()));
        } else {
            found.insert(path.clone(), (time, std::fs::read(path).expect("a file")));
        }
    }
    found
}

/// `nohup` has a signal ignored, and means it; a terminal that closes stops what it started otherwise. The program hears of it in
/// both processes, as when a terminal closes.
#[test]
fn a_run_outlives_its_terminal_if_it_was_told_to() {
    for (ignored, code) in [("trap '' HUP; ", 0), ("trap '' HUP INT; ", 0), ("", 3)] {
        let place = Place::new();
        let arguments = slow(&place, 150);
        let script = format!("{ignored}exec \"$0\" \"$@\"");
        let mut shell = place.command_of(Path::new("env"), &[USUAL_SIGNALS, "bash", "-c", &script]);
        shell.arg(light_folder().join("amplicast")).args(&arguments);
        let mut child = grouped(shell);
        under_way(&place, &mut child);
        signal("HUP", -i64::from(child.id()));
        if ignored.contains("INT") {
            signal("INT", -i64::from(child.id()));
        }
        Finished::of(child.wait_with_output().expect("a child")).expect(code);
        assert_eq!(place.path("run/results.json").exists(), code == 0);
    }
}

/// A call in a process group of its own.
fn grouped(mut command: Command) -> Child {
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;
    command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("bash can be started")
}

/// Ctrl-Z, a suspended job, a laptop that sleeps: 3 s in which nothing runs are no silence of 2 s.
#[test]
fn time_in_which_a_run_is_stopped_is_nobodys_fault() {
    let place = Place::new();
    let arguments = [slow(&place, 150), vec!["--time-limit".into(), "2".into()]].concat();
    let mut child = place.start(&text(&arguments));
    under_way(&place, &mut child);
    signal("STOP", -i64::from(child.id()));
    std::thread::sleep(Duration::from_secs(3));
    signal("CONT", -i64::from(child.id()));
    let ended = Finished::of(child.wait_with_output().expect("a child")).expect(0);
    assert!(!ended.err.contains("did not return"), "{}", ended.err);
}

/// Standard error that nobody reads, or that can hold nothing, loses what was said there and no more.
#[test]
fn streams_that_are_closed_end_no_run() {
    let place = place();
    let calls = [
        ("2> /dev/full", 0),
        ("2>&-", 0),
        (">&-", 0),
        ("<&-", 0),
        (">&- 2>&- <&-", 0),
        ("2>&1 > /dev/null | head -1 > first; exit ${PIPESTATUS[0]}", 0),
        ("2>&1 > /dev/null | true; exit ${PIPESTATUS[0]}", 0),
        // What was asked for is not there: the table.
        ("> /dev/full", 1),
        ("> /dev/full 2>&1", 1),
    ];
    for (i, (streams, code)) in calls.into_iter().enumerate() {
        let ended = place.shell(&format!("\"$0\" run x.toml --out run{i} {streams}")).expect(code);
        assert!(!ended.err.contains("panicked") && !ended.out.contains("panicked"), "{streams}");
        assert_eq!(results(&place.path(&format!("run{i}")))["cells"].as_array().map(Vec::len), Some(1));
        assert!(place.path(&format!("run{i}/report.html")).exists(), "{streams}");
        if streams.contains("first") {
            let first = std::fs::read_to_string(place.path("first")).expect("a line");
            assert!(first.lines().count() == 1 && !first.contains("panicked"), "{first}");
        }
        place.shell(&format!("\"$0\" report run{i} {streams}")).expect(code);
        place.shell(&format!("\"$0\" check x.toml {streams}")).expect(code);
    }
}

/// The link is refused or replaced by a file; what it points to stays as it is.
#[test]
fn nothing_is_written_through_links_in_a_runs_folder() {
    let place = place();
    let precious = place.path("precious");
    std::fs::create_dir_all(&precious).expect("a folder");
    std::fs::write(precious.join("thesis.tex"), "years of work").expect("writable");
    std::fs::write(precious.join("x.svg"), "a figure").expect("writable");
    let before = contents(&precious);
    let run = |name: &str, to: &Path| {
        let _ = std::fs::remove_dir_all(place.path("run"));
        std::fs::create_dir(place.path("run")).expect("a folder");
        symlink(to, place.path("run").join(name)).expect("a link");
        place.amplicast(&["run", "x.toml", "--out", "run"])
    };
    let thesis = precious.join("thesis.tex");
    for to in [thesis.as_path(), Path::new("/nowhere/file"), &place.path("run/lock")] {
        run("lock", to)
            .expect(2)
            .says(&["run/lock: expected a file of the run's own, found a link: remove it"]);
        assert!(!place.path("run/results.json").exists());
    }
    run("figures", &precious)
        .expect(1)
        .says(&["run/figures: expected a folder of the run's own, found a link"]);
    place.amplicast(&["report", "run"]).expect(2).says(&["run/figures: expected a folder of the run's own"]);
    for name in
        ["results.json", "results.csv", "table.csv", "experiment.toml", "provenance.json", "report.html"]
    {
        run(name, &thesis).expect(0);
        let found = place.path("run").join(name).symlink_metadata().expect("a file");
        assert!(found.is_file(), "{name} is written anew");
        std::fs::remove_file(place.path("run/report.html")).expect("a report");
        symlink(&thesis, place.path("run/report.html")).expect("a link");
        place.amplicast(&["report", "run"]).expect(0);
    }
    assert!(before == contents(&precious));
}

/// Some file systems cannot lock: that is no other run.
#[test]
fn a_folder_that_cannot_be_locked_is_used_with_a_warning() {
    let place = place();
    let source = place.write(
        "flock.c",
        "#include <errno.h>\nint flock(int f, int how) { (void)f; (void)how; errno = ENOSYS; return -1; }\n",
    );
    let library = place.path("flock.so");
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status();
    assert!(compiled.expect("a C compiler").success());
    let script = format!("LD_PRELOAD={} \"$0\" run x.toml --out run", library.display());
    let ended =
        place.shell(&script).expect(0).says(&["run: its file system cannot lock files", "see to it that no"]);
    assert!(!ended.err.contains("another run is using"), "{}", ended.err);
}

/// A run that somebody else made, and nobody may change, serves as the truth.
#[test]
fn a_foreign_run_is_read_and_not_changed() {
    let place = place();
    place.amplicast(&["run", "x.toml", "--out", "foreign"]).expect(0);
    let foreign = place.path("foreign");
    place.shell("chmod -R a-w foreign").expect(0);
    let before = contents(&foreign);
    place.write("own.toml", fits("plugin = \"trained-model\"\nrun = \"foreign\"", SIZES, HALF));
    for call in [&["check", "own.toml"][..], &["run", "own.toml", "--out", "own"]] {
        place.amplicast_bound(call).expect(0);
        assert!(before == contents(&foreign), "{call:?}");
    }
    place.amplicast_bound(&["report", "foreign"]).expect(2).says(&[
        "error: ",
        "foreign/",
        "Permission denied",
    ]);
    place.amplicast_bound(&["run", "x.toml", "--out", "foreign"]).expect(2).says(&[
        "cannot write to ",
        "foreign",
        "Permission denied",
    ]);
    assert!(before == contents(&foreign));
    place.shell("chmod -R u+w foreign").expect(0);
}

/// A path is bytes: what is computed is written, under a name of any encoding.
#[test]
fn names_that_are_no_text_are_used_as_they_are() {
    let place = place();
    let name = OsStr::from_bytes(b"caf\xe9");
    let folder = place.path("").join(name);
    std::fs::create_dir(&folder).expect("a folder");
    let file = OsStr::from_bytes(b"caf\xe9/caf\xe9.toml");
    std::fs::copy(place.path("x.toml"), place.path("").join(file)).expect("a copy");
    let call = |arguments: &[&OsStr]| {
        let mut command = place.command(&[]);
        Finished::of(command.args(arguments).output().expect("the host can be started"))
    };
    let s = OsStr::new;
    call(&[s("check"), file]).expect(0);
    call(&[s("run"), s("x.toml"), s("--out"), name]).expect(0);
    call(&[s("run"), file]).expect(0);
    call(&[s("run"), file, s("--out"), name]).expect(0);
    call(&[s("calibrate"), file, s("--out"), name, s("--training-sets"), s("2")]).expect(0);
    call(&[s("report"), name]).expect(0);
    call(&[s("plan"), file, s("--runs"), s("1")]).expect(0);
    assert_eq!(results(&folder)["cells"].as_array().map(Vec::len), Some(1));
    assert!(folder.join("report.html").exists());
    call(&[s("report"), OsStr::from_bytes(b"nothing-\xff")]).expect(2).says(&["expected a finished run"]);
    call(&[s("check"), OsStr::from_bytes(b"nothing-\xff.toml")])
        .expect(2)
        .says(&["cannot read the experiment"]);
}

/// Relative paths start at the experiment, wherever the program is called; stages and results are the same.
#[test]
fn relative_paths_start_at_the_experiment() {
    let place = Place::new();
    for folder in ["exp/data", "other"] {
        std::fs::create_dir_all(place.path(folder)).expect("a folder");
    }
    for (i, name) in ["t", "m1", "m2", "m3"].iter().enumerate() {
        let n = if i == 0 { 100 } else { 1000 };
        let file = place.normal_npy("events.npy", n, 1, i as u64);
        std::fs::rename(file, place.path(&format!("exp/data/{name}.npy"))).expect("writable");
    }
    place.write(
        "exp/a.toml",
        "[experiment]\nn_train = 100\nn_gen = 1000\n[dataset]\nplugin = \"events-file\"\ntrain = \"data/t.npy\"\n\
         [[generator]]\nplugin = \"samples\"\nmembers = [\"data/m*.npy\"]\n[[summary]]\nplugin = \"coordinate\"\nindex = 0\n\
         [[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 0.5]]\n",
    );
    let call = |folder: &str, arguments: &[&str]| {
        let mut command = place.command(arguments);
        Finished::of(command.current_dir(place.path(folder)).output().expect("amplicast can be started"))
    };
    call("exp", &["run", "a.toml", "--out", "../one"]).expect(0);
    call("other", &["run", "../exp/a.toml", "--out", "../two"]).expect(0);
    assert_eq!(results(&place.path("one")), results(&place.path("two")));
    let stages = |run: &str| stage_files(&place.path(run)).into_keys().collect::<Vec<_>>();
    assert_eq!(stages("one"), stages("two"));
    // The path that is wrong is said whole.
    let wrong = call("other", &["check", "../exp/a.toml", "--set", "dataset.train=data/none.npy"]).expect(2);
    wrong.says(&["/exp/data/none.npy: cannot open the file"]);
    let nowhere = call("other", &["check", "../exp/a.toml", "--set", "experiment.folder=nowhere"]).expect(2);
    nowhere.says(&["experiment.folder: expected a folder, found none at ", "/exp/nowhere"]);
}

const ESTIMATE: &str = "--summary coordinate:0 --region=-9:0";

/// Files in a folder of this name, and an estimate called there.
fn estimated(place: &Place, folder: &OsStr, files: &str, members: &str) -> Finished {
    let folder = place.path("").join(folder);
    std::fs::create_dir(&folder).expect("a folder");
    place.normal_npy("t.npy", 100, 1, 1);
    std::fs::rename(place.path("t.npy"), folder.join("t.npy")).expect("writable");
    for i in 0..3 {
        let file = place.normal_npy("g.npy", 1000, 1, 2 + i);
        std::fs::rename(file, folder.join(files.replace('#', &i.to_string()))).expect("writable");
    }
    let script = format!("\"$0\" estimate --train t.npy {members} {ESTIMATE} --out out");
    let mut shell = place.command_of(Path::new("bash"), &["-c", &script]);
    shell.arg(light_folder().join("amplicast")).current_dir(&folder);
    let ended = Finished::of(shell.output().expect("bash can be started"));
    if ended.code == Some(0) {
        return ended.says(&["3 member(s) sampled"]);
    }
    ended
}

/// The characters of a pattern in a folder's or a file's name are part of that name.
#[test]
fn pattern_characters_in_names_are_part_of_the_names() {
    let folders: [&OsStr; 6] = [
        "run[1]".as_ref(),
        "run*".as_ref(),
        "run?".as_ref(),
        "[!a]{b,c}".as_ref(),
        "**".as_ref(),
        OsStr::from_bytes(b"caf\xe9[1]"),
    ];
    for folder in folders {
        estimated(&Place::new(), folder, "gen_#.npy", "--members 'gen_*.npy'").expect(0);
    }
    for name in ["g*#.npy", "g?#.npy", "g[#].npy", "[1]#*?.npy"] {
        let members: String =
            (0..3).map(|i| format!("--members '{}' ", name.replace('#', &i.to_string()))).collect();
        estimated(&Place::new(), "folder".as_ref(), name, &members).expect(0);
    }
    let place = Place::new();
    estimated(&place, "empty[1]".as_ref(), "gen_#.npy", "--members 'none_*.npy'")
        .expect(2)
        .says(&["--members: expected files, found none that match"]);
}
