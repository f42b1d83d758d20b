//! A libtorch that somebody's environment brings, as a cluster's module of PyTorch does, is not the one that plugins were linked with.

use std::path::{Path, PathBuf};
use std::process::Command;

use amplicast_tests::{Finished, Place, built, library, results};

const EXPERIMENT: &str = r#"[experiment]
n_train = 100
n_gen = 1000
members = 2
n_truth = 1000
[training]
iterations = 5
[dataset]
plugin = "gaussian-ring"
[[generator]]
plugin = "autoregressive-torch"
[[uncertainty]]
plugin = "ensemble"
[[summary]]
plugin = "radius"
[[metric]]
plugin = "integral"
intervals = [[0.0, 1.0]]
"#;

/// Where the plugins look for libtorch, by a tag that LD_LIBRARY_PATH does not override.
fn linked() -> PathBuf {
    let plugin = built("libamplicast_autoregressive_torch.so");
    let tags = Command::new("readelf").arg("--dynamic").arg(plugin).output().expect("readelf");
    let tags = String::from_utf8_lossy(&tags.stdout).into_owned();
    let line =
        tags.lines().find(|line| line.contains("(RPATH)")).unwrap_or_else(|| panic!("no RPATH in {tags}"));
    let (_, folders) = line.split_once('[').expect("folders in brackets");
    PathBuf::from(folders.trim_end_matches(']')).canonicalize().expect("one folder, which is there")
}

/// Libraries of libtorch's names that hold nothing.
fn another_libtorch(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    for name in ["libtorch_cpu.so", "libc10.so"] {
        let soname = format!("-Wl,-soname,{name}");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-x", "c", "/dev/null", &soname, "-o"]).arg(folder.join(name));
        assert!(compiler.status().expect("a C compiler").success());
    }
}

#[test]
fn plugins_run_on_the_libtorch_that_they_were_linked_with_and_provenance_names_it() {
    let place = Place::new();
    place.write("x.toml", EXPERIMENT);
    another_libtorch(&place.path("module"));
    let run = |out: &str, variable: Option<PathBuf>| {
        let mut command = place.command_of(&built("amplicast"), &["run", "x.toml", "--out", out]);
        command.env_remove("LD_LIBRARY_PATH");
        command.envs(variable.map(|folder| ("LD_LIBRARY_PATH", folder)));
        Finished::of(command.output().expect("the host can be started")).expect(0);
        let text = std::fs::read_to_string(place.path(out).join("provenance.json")).expect("provenance");
        let provenance: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        (results(&place.path(out)), provenance["libtorch"].clone())
    };
    let (usual, libtorch) = run("usual", None);
    let file = Path::new(libtorch["file"].as_str().expect("a file"));
    assert_eq!(file, linked().join("libtorch_cpu.so"));
    let version = std::fs::read_to_string(linked().with_file_name("build-version"));
    assert_eq!(libtorch["version"].as_str(), version.ok().as_deref().map(str::trim));
    // What `readelf --notes` shows.
    let notes = Command::new("readelf").arg("--notes").arg(file).output().expect("readelf");
    let build = libtorch["build_id"].as_str().expect("a build");
    assert!(String::from_utf8_lossy(&notes.stdout).contains(&format!("Build ID: {build}\n")), "{build}");

    assert_eq!(run("module-run", Some(place.path("module"))), (usual, libtorch));
}

/// An experiment on the CPU loads no libtorch, although plugins on its path would; what made it is what it used.
#[test]
fn plugins_that_are_not_needed_are_not_loaded() {
    for (generator, file) in
        [("gaussian-fit", "libamplicast_classical.so"), ("autoregressive", "libamplicast_autoregressive.so")]
    {
        let place = Place::new();
        let experiment = EXPERIMENT.replace("autoregressive-torch", generator);
        place.write("x.toml", experiment.replace("gaussian-ring", "gaussian"));
        let mut command = place.command_of(&built("amplicast"), &["run", "x.toml", "--out", "run"]);
        Finished::of(command.output().expect("the host can be started")).expect(0);
        let text = std::fs::read_to_string(place.path("run/provenance.json")).expect("provenance");
        let provenance: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(provenance["libtorch"], serde_json::Value::Null);
        let plugins = provenance["plugins"].as_array().expect("plugins");
        let files: Vec<&str> = plugins.iter().filter_map(|plugin| plugin["file"].as_str()).collect();
        let others = ["datasets", "kinematics", "metrics", "posteriors"];
        let others = others.map(|name| format!("libamplicast_{name}.so"));
        let expected: Vec<&str> = [file].into_iter().chain(others.iter().map(String::as_str)).collect();
        assert_eq!(files, expected);
    }
}

/// A GPU is asked of a generator that has none.
#[test]
fn a_gpu_is_refused_with_what_has_one() {
    let place = Place::new();
    let experiment = EXPERIMENT.replace("autoregressive-torch", "autoregressive");
    place.write("x.toml", experiment.replace("[[uncertainty]]", "device = \"cuda:0\"\n[[uncertainty]]"));
    let error = place.amplicast(&["run", "x.toml", "--out", "run"]).expect(2).err;
    for part in
        ["device: expected `cpu`, found `cuda:0`", "`autoregressive-torch`", "cargo xtask setup --torch"]
    {
        assert!(error.contains(part), "{error}");
    }
}

/// A plugin of somebody else's may have been linked otherwise: then the variable is named.
#[test]
fn a_variable_that_may_be_the_reason_is_named() {
    let place = Place::new();
    let code = "extern void of_another_library(void); of_another_library();";
    library(&place, "plugins", &[("metric", "other")], code);
    let list = |variable: Option<&str>| {
        let list = ["plugins", "list", "--load", "--plugin-path", "plugins"];
        let mut command = place.command_of(&built("amplicast"), &list);
        command.env_remove("LD_LIBRARY_PATH");
        command.envs(variable.map(|folders| ("LD_LIBRARY_PATH", folders)));
        Finished::of(command.output().expect("the host can be started")).expect(1).out
    };
    let (without, with) = (list(None), list(Some("/opt/module/lib")));
    assert!(without.contains("undefined symbol: of_another_library"), "{without}");
    assert!(!without.contains("LD_LIBRARY_PATH"), "{without}");
    assert!(with.contains("LD_LIBRARY_PATH is set (/opt/module/lib)"), "{with}");
    assert!(with.contains("try without it"), "{with}");
}
