//! On one type of machine the same experiment gives the same bytes, whatever is set around it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use amplicast_tests::{Finished, Place, fits, light_folder, run_files};

const SIZES: &str = "name = \"settings\"\nn_train = 200\nn_gen = 20_000\nmembers = 4\ncheckpoints = 4\ntraining_sets = 2\nn_holdout = 1000";

/// The user's own members as well, which are found by a pattern.
const TABLES: &str = r#"
[[generator]]
plugin = "resample"
[[generator]]
name = "own"
plugin = "samples"
members = ["member-*.npy"]
members_data = "bootstrap"
[[summary]]
plugin = "radius"
[[selection]]
name = "cut"
cuts = [{ summary = "x", quantiles = [0.2, 1.0] }]
plane = ["x", "radius"]
[[metric]]
name = "quarters"
plugin = "integral"
quantiles = 4
regions = "2-3"
[[metric]]
plugin = "ks"
reference = ["training", "holdout"]
"#;

const RUN: &str = "\"$0\" run x.toml --out run";

/// Runs the experiment in a folder of this name by a script of the shell, in which `$0` is the host.
fn files(place: &Place, folder: &str, script: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = place.path(folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    for name in
        ["x.toml", "true.npy", "holdout.npy", "member-0.npy", "member-1.npy", "member-2.npy", "member-3.npy"]
    {
        std::fs::copy(place.path(name), folder.join(name)).expect("a file");
    }
    let mut shell = place.command_of(Path::new("bash"), &["-c", script]);
    shell.arg(light_folder().join("amplicast")).current_dir(&folder);
    Finished::of(shell.output().expect("bash can be started")).expect(0);
    run_files(&folder.join("run"), &folder)
}

/// A locale whose numbers have a comma, if it can be made here; programs that set no locale do not care, libraries may.
fn with_commas(place: &Place) -> String {
    let folder = place.path("locales");
    std::fs::create_dir(&folder).expect("a folder");
    let made = Command::new("localedef")
        .args(["-i", "de_DE", "-f", "UTF-8"])
        .arg(folder.join("de_DE.UTF-8"))
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        println!("no locale with a decimal comma can be made here");
    }
    format!("LOCPATH='{}' LC_ALL=de_DE.UTF-8 {RUN}", folder.display())
}

/// Other allocators, where they are installed.
fn allocators() -> Vec<PathBuf> {
    let names = ["libjemalloc.so.2", "libtcmalloc_minimal.so.4", "libmimalloc.so.2", "libmimalloc.so.3"];
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    let found = folders.iter().flat_map(|folder| names.map(|name| Path::new(folder).join(name)));
    found.filter(|file| file.is_file()).collect()
}

#[test]
fn the_same_bytes_whatever_is_set_around_a_run() {
    let place = Place::new();
    place.write(
        "x.toml",
        fits("plugin = \"events-file\"\ntrain = \"true.npy\"\nholdout = \"holdout.npy\"", SIZES, TABLES),
    );
    place.normal_npy("true.npy", 2000, 2, 1);
    place.normal_npy("holdout.npy", 1000, 2, 9);
    (0..4).for_each(|i| drop(place.normal_npy(&format!("member-{i}.npy"), 20_000, 2, 2 + i)));
    let expected = files(&place, "plain", RUN);
    assert!(expected.keys().any(|name| name.starts_with("figures")));

    let long = format!("a folder/with a long name, and λ [1]/{}", "x".repeat(150));
    let mut settings: Vec<(String, String)> = vec![
        (long, RUN.into()),
        ("one thread".into(), format!("{RUN} --threads 1")),
        ("memory that was used".into(), format!("MALLOC_PERTURB_=85 MALLOC_ARENA_MAX=1 {RUN}")),
        (
            "no caches of memory".into(),
            format!("GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.mmap_threshold=4096 {RUN}"),
        ),
        (
            "addresses in order".into(),
            format!("setarch -R true 2> /dev/null && exec setarch -R {RUN}; {RUN}"),
        ),
        ("comma".into(), with_commas(&place)),
        ("turkish".into(), format!("LC_ALL=tr_TR.UTF-8 LANG=C LANGUAGE=tr TZ=Pacific/Chatham {RUN}")),
        ("posix".into(), format!("LC_ALL=C TZ=America/St_Johns {RUN}")),
        ("closed".into(), format!("umask 077; {RUN}")),
        ("open".into(), format!("umask 000; {RUN}")),
        ("no variables".into(), format!("exec env -i {RUN} < /dev/null")),
        (
            "other variables".into(),
            format!(
                "RAYON_NUM_THREADS=1 OMP_NUM_THREADS=7 RUST_BACKTRACE=1 TERM=dumb COLUMNS=40 NO_COLOR=1 HOME=/nowhere {RUN}"
            ),
        ),
        ("less of the machine".into(), format!("ulimit -n 64 -s 1024; exec nice -n 5 {RUN}")),
    ];
    let preloaded = |file: PathBuf| {
        (
            format!("allocator {}", file.display()).replace('/', " "),
            format!("LD_PRELOAD={} {RUN}", file.display()),
        )
    };
    settings.extend(allocators().into_iter().map(preloaded));
    for (name, script) in &settings {
        let found = files(&place, name, script);
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{name}");
        for (file, content) in &expected {
            assert!(found[file] == *content, "{name}: {}", file.display());
        }
    }
}
