//! What lies in a folder of plugins and is none, or is damaged: it is named, nothing waits for it, and the plugins beside it work.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use amplicast_tests::{Place, built, light_folder};

/// Much more than any of these takes, and much less than a pipe without a writer.
const SOON: Duration = Duration::from_secs(10);

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

fn library() -> PathBuf {
    light_folder().join("libamplicast_metrics.so")
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let place = Place::new();
    fifo(&place.path("pipe.so"));
    std::fs::create_dir(place.path("folder.so")).expect("a folder");
    let _socket = UnixListener::bind(place.path("socket.so")).expect("a socket");
    symlink("pipe.so", place.path("link.so")).expect("a link");
    for (file, found) in [
        ("pipe.so", "a pipe, a socket or a device"),
        ("link.so", "a pipe, a socket or a device"),
        ("socket.so", "a pipe, a socket or a device"),
        ("/dev/zero", "a pipe, a socket or a device"),
        ("/dev/full", "a pipe, a socket or a device"),
        ("folder.so", "a folder"),
        (".", "a folder"),
        ("nothing.so", "No such file"),
    ] {
        let begun = Instant::now();
        let ended = place.amplicast(&["plugins", "check", file]).expect(2).says(&[found]);
        assert!(begun.elapsed() < SOON, "{file}");
        assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    }
}

/// In a folder of plugins all of it is listed, and the plugins are loaded.
#[test]
fn what_is_no_plugin_in_a_folder_is_said() {
    let place = Place::new();
    let folder = place.path("plugins");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::copy(library(), folder.join("good.so")).expect("a copy");
    symlink("b.so", folder.join("a.so")).expect("a link");
    symlink("a.so", folder.join("b.so")).expect("a link");
    symlink("/nowhere/x.so", folder.join("dangling.so")).expect("a link");
    std::fs::create_dir(folder.join("folder.so")).expect("a folder");
    fifo(&folder.join("pipe.so"));
    std::fs::write(folder.join("text.so"), "hello").expect("writable");
    std::fs::write(folder.join("empty.so"), "").expect("writable");
    std::fs::write(folder.join("README.md"), "no library").expect("writable");
    let begun = Instant::now();
    let listed = place.amplicast(&["plugins", "list", "--plugin-path", "plugins"]).expect(1);
    assert!(begun.elapsed() < SOON);
    for (name, why) in [
        ("a.so", "Too many levels of symbolic links"),
        ("b.so", "Too many levels of symbolic links"),
        ("dangling.so", "No such file"),
        ("folder.so", "found a folder"),
        ("pipe.so", "found a pipe"),
        ("text.so", "found another kind of file"),
        ("empty.so", "found an empty file"),
    ] {
        let named =
            |line: &str| line.starts_with("not loaded: ") && line.contains(&format!("plugins/{name}: "));
        let lines: Vec<&str> = listed.out.lines().filter(|line| named(line)).collect();
        assert!(matches!(lines[..], [line] if line.contains(why)), "{name}: {}", listed.out);
    }
    assert_eq!(listed.out.matches("not loaded: ").count(), 7, "{}", listed.out);
    assert!(listed.out.contains("good.so"), "{}", listed.out);
    // What is asked for is found; what is not is said with what was passed over.
    place.amplicast(&["schema", "integral", "--plugin-path", "plugins"]).expect(0);
    let unknown = place.amplicast(&["schema", "integrall", "--plugin-path", "plugins"]).expect(2);
    unknown.says(&["did you mean `integral`?", "not loaded: ", "dangling.so: "]);
}

/// A folder that was asked for is an argument; one that is on the path anyway is none.
#[test]
fn a_folder_of_plugins_that_is_not_there_is_said() {
    let place = Place::new();
    place.write("file", "");
    place.write(
        "x.toml",
        amplicast_tests::fits(
            amplicast_tests::GAUSSIAN,
            "n_train = 100",
            "[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 1.0]]\n",
        ),
    );
    place.normal_npy("t.npy", 100, 1, 1);
    let estimate = [
        "estimate",
        "--train",
        "t.npy",
        "--members",
        "t.npy",
        "--summary",
        "coordinate:0",
        "--region",
        "0:1",
    ];
    let calls: [&[&str]; 8] = [
        &["plugins", "list"],
        &["plugins", "info", "ks"],
        &["schema", "ks"],
        &["check", "x.toml"],
        &["run", "x.toml"],
        &["plan", "x.toml"],
        &["calibrate", "x.toml"],
        &estimate,
    ];
    for call in calls {
        for (folder, why) in [("nowhere", "No such file"), ("file", "Not a directory")] {
            let ended = place.amplicast(&[call, &["--plugin-path", folder]].concat()).expect(2);
            ended.says(&["error: --plugin-path: expected a folder with plugins, found ", folder, why]);
        }
    }
    assert!(!place.path("runs").exists());
    // There, and not to be read.
    place.shell("mkdir closed && chmod 0 closed").expect(0);
    let ended = place.amplicast_bound(&["plugins", "list", "--plugin-path", "closed"]).expect(2);
    ended.says(&[
        "error: --plugin-path: expected a folder with plugins, found ",
        "closed",
        "Permission denied",
    ]);
    let mut list = place.command(&["plugins", "list"]);
    let output =
        list.env("AMPLICAST_PLUGIN_PATH", place.path("nowhere")).output().expect("the host can be started");
    let listed = amplicast_tests::Finished::of(output).expect(1);
    listed.prints(&["not loaded: ", "nowhere: cannot look for plugins there: No such file", "gaussian-ring"]);
    place.amplicast(&["plugins", "list"]).expect(0);
    place
        .amplicast(&["plugins", "path", "--plugin-path", "nowhere"])
        .expect(0)
        .prints(&["nowhere  (does not exist)"]);
}

/// The header says what a file is, and each wrong byte of it what is wrong: e_ident of the ELF specification.
#[test]
fn damaged_headers_are_named_rightly() {
    let place = Place::new();
    let bytes = std::fs::read(library()).expect("a plugin");
    let check = |change: &[(usize, u8)], length: usize| {
        let mut changed = bytes[..length.min(bytes.len())].to_vec();
        for &(at, byte) in change {
            changed[at] = byte;
        }
        place.write("x.so", changed);
        let ended = place.amplicast(&["plugins", "check", "x.so"]).expect(2);
        assert_eq!(ended.err.matches("x.so").count(), 1, "{}", ended.err);
        ended
    };
    let all = bytes.len();
    check(&[(4, 1)], all).says(&["expected a library of 64 bit, found one of 32 bit"]);
    check(&[(4, 0)], all).says(&["its header is damaged: no ELF file has class 0"]);
    check(&[(4, 7)], all).says(&["its header is damaged: no ELF file has class 7"]);
    check(&[(5, 2)], all)
        .says(&["expected a library of a little-endian machine, found one of a big-endian machine"]);
    check(&[(5, 9)], all).says(&["its header is damaged: no ELF file has byte order 9"]);
    check(&[(6, 0)], all).says(&["its header is damaged: no ELF file has version 0"]);
    check(&[(0, b'M')], all).says(&["found another kind of file"]);
    // e_machine: 8 is MIPS, 243 RISC-V.
    check(&[(18, 8), (19, 0)], all).says(&["built for machine number 8, this machine is"]);
    check(&[(18, 243), (19, 0)], all).says(&["built for machine number 243"]);
    // e_shoff and e_phoff far beyond the end, e_phentsize of nothing.
    for change in [&[(46, 0x7f)][..], &[(38, 0x7f)], &[(54, 0), (55, 0)]] {
        check(change, all).says(&["the file is truncated or damaged"]);
    }
    for length in [4, 15, 16, 63, 64, 1000, all / 2, all - 1] {
        check(&[], length).says(&["the file is truncated or damaged"]);
    }
    check(&[], 3).says(&["found another kind of file"]);
    // A string table that is not where the dynamic section says: the system's loader is the one to refuse, by name once.
    let own = place.write("missing.c", "extern int nowhere(void); int f(void) { return nowhere(); }\n");
    let script = "cc -shared -fPIC -Wl,-z,now -o plain.so missing.c && \"$0\" plugins check plain.so";
    place.shell(script).expect(2).says(&["plain.so: no amplicast plugin: it has no tag"]);
    drop(own);
}

/// A library with the tag of a plugin that the system cannot load: its reason, with the path once.
#[test]
fn a_refusal_of_the_systems_loader_names_the_file_once() {
    use amplicast_sdk::abi::{TAG_SECTION, Tag};
    let place = Place::new();
    let tag = Tag::own();
    let tag = format!("amplicast-plugin\\n{}\\n{}\\n{}\\n{}\\n", tag.abi, tag.sdk, tag.rustc, tag.target);
    place.write(
        "x.c",
        format!(
            "extern int nowhere_to_be_found(void);\n\
             __attribute__((used, section(\"{TAG_SECTION}\"))) static const char tag[256] = \"{tag}\";\n\
             int f(void) {{ return nowhere_to_be_found(); }}\n"
        ),
    );
    let ended = place.shell("cc -shared -fPIC -o libx.so x.c && \"$0\" plugins check libx.so").expect(2);
    let ended = ended.says(&["undefined symbol: nowhere_to_be_found"]);
    assert_eq!(ended.err.matches("libx.so").count(), 1, "{}", ended.err);
}

/// Of a file only its headers and its tag are looked at: 3 GB of nothing behind them cost neither time nor memory.
#[test]
fn a_long_file_is_not_read() {
    let place = Place::new();
    std::fs::create_dir(place.path("plugins")).expect("a folder");
    place
        .shell("echo 'int f(void) { return 0; }' > x.c && cc -shared -fPIC -o plugins/plain.so x.c")
        .expect(0);
    std::fs::write(place.path("plugins/zeros.so"), "").expect("writable");
    for name in ["plain.so", "zeros.so"] {
        let file =
            std::fs::File::options().write(true).open(place.path("plugins").join(name)).expect("a file");
        file.set_len(3 << 30).expect("a sparse file");
    }
    std::fs::copy(built("libamplicast_metrics.so"), place.path("plugins/good.so")).expect("a copy");
    let begun = Instant::now();
    // 2 GB of address space hold everything else.
    let limited = "ulimit -v 2000000; \"$0\"";
    let listed = place.shell(&format!("{limited} plugins list --plugin-path plugins")).expect(1);
    listed.prints(&["good.so", "zeros.so: expected a shared library (ELF), found another kind of file"]);
    place.shell(&format!("{limited} plugins check plugins/plain.so")).expect(2).says(&["it has no tag"]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
