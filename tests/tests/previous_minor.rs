//! The promise of `docs/src/compatibility.md`: a plugin that was built with another minor version of the SDK is loaded, since the
//! boundary has the same number.

use std::fs;
use std::path::{Path, PathBuf};

use amplicast_sdk::abi::Tag;
use amplicast_tests::{Place, cargo, check, lines, results, succeeds, text};
use serde_json::json;
use toml_edit::{DocumentMut, value};

/// A plugin of one summary.
const SOURCE: &str = "
use amplicast_sdk::*;

config! { pub struct NoConfig {} }
struct Earlier;

impl Component for Earlier {
    type Config = NoConfig;
    const NAME: &'static str = \"earlier\";
    const ABOUT: &'static str = \"The first column of an event\";
    fn new(_: NoConfig) -> Result<Self> { Ok(Earlier) }
}
impl SummaryStatistic for Earlier {
    fn label(&self) -> String { \"earlier\".into() }
    fn prepare(&self, _: &Schema) -> Result<Box<dyn Summary>> { Ok(Box::new(Earlier)) }
}
impl Summary for Earlier {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        out.iter_mut().zip(batch.values.column(0)).for_each(|(y, &x)| *y = x);
        Ok(())
    }
}
register_summary!(Earlier);
export_plugin!();
";

const MANIFEST: &str = "
[package]
name = \"earlier\"
version = \"0.1.0\"
edition = \"2024\"

[lib]
crate-type = [\"cdylib\"]

[dependencies]
amplicast-sdk.workspace = true
";

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copied(&entry.path(), &target);
        } else {
            written(&target, &fs::read(entry.path()).expect("a file"));
        }
    }
}

/// What is there already keeps its time, so that it is not built again.
fn written(file: &Path, content: &[u8]) {
    if fs::read(file).ok().as_deref() != Some(content) {
        fs::write(file, content).expect("a file can be written");
    }
}

/// The minor version before this one, or after it where there is none before.
fn another_minor(version: &str) -> String {
    let mut parts: Vec<u64> = version.split('.').map(|part| part.parse().expect("a number")).collect();
    parts[1] = if parts[1] > 0 { parts[1] - 1 } else { 1 };
    parts.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// A plugin that is built with a copy of the SDK whose manifest says `version`.
fn built_with(version: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("previous-minor");
    for name in ["src", "build.rs", "Cargo.toml"] {
        let (from, to) = (root.join("sdk").join(name), folder.join("sdk").join(name));
        fs::create_dir_all(folder.join("sdk")).expect("a folder");
        if from.is_dir() { copied(&from, &to) } else { written(&to, &fs::read(from).expect("a file")) }
    }
    fs::create_dir_all(folder.join("plugin/src")).expect("a folder");
    written(&folder.join("plugin/src/lib.rs"), SOURCE.as_bytes());
    written(&folder.join("plugin/Cargo.toml"), MANIFEST.as_bytes());
    // The workspace as it is, with another version and other members, and built as fast as can be.
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("the manifest");
    let mut manifest: DocumentMut = manifest.parse().expect("TOML");
    manifest["workspace"]["members"] = value(["sdk", "plugin"].into_iter().collect::<toml_edit::Array>());
    manifest["workspace"].as_table_mut().expect("a table").remove("default-members");
    manifest["workspace"]["package"]["version"] = value(version);
    manifest["workspace"]["dependencies"]["amplicast-sdk"]["version"] = value(version);
    manifest.remove("profile");
    manifest["profile"]["dev"] = toml_edit::table();
    manifest["profile"]["dev"]["debug"] = value(false);
    manifest["profile"]["dev"]["incremental"] = value(false);
    written(&folder.join("Cargo.toml"), manifest.to_string().as_bytes());
    if !folder.join("Cargo.lock").exists() {
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");
    }
    // The crates are those of this workspace, which is built.
    succeeds(cargo().args(["build", "--offline", "--package", "earlier"]).current_dir(&folder));
    folder.join("target/debug/libearlier.so")
}

#[test]
fn a_plugin_of_another_minor_version_is_loaded_tested_and_run() {
    let version = another_minor(&Tag::own().sdk);
    let file = built_with(&version);
    let place = Place::new();
    fs::create_dir(place.path("plugins")).expect("a folder");
    fs::copy(&file, place.path("plugins/libearlier.so")).expect("the plugin");
    place
        .amplicast(&["plugins", "info", "earlier", "--plugin-path", "plugins"])
        .expect(0)
        .prints(&["libearlier.so", &format!("built with amplicast-sdk {version}, ")]);
    let finished = check(&place, &file, &[("earlier", json!({}))], &["--json"]).expect(0);
    assert!(lines(&finished).iter().filter(|line| text(line, "status") == "passed").count() > 10);
    place.write(
        "x.toml",
        "[experiment]\nname = \"x\"\nn_train = 100\nn_gen = 2000\nmembers = 4\ncheckpoints = 3\nn_truth = 2000\n\
         [dataset]\nplugin = \"gaussian\"\n[[generator]]\nplugin = \"gaussian-fit\"\n[[uncertainty]]\nplugin = \"ensemble\"\n\
         [[summary]]\nplugin = \"earlier\"\n[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 1.0]]\n",
    );
    place.amplicast(&["run", "x.toml", "--out", "run", "--plugin-path", "plugins"]).expect(0);
    assert!(results(&place.path("run"))["cells"][0]["overall"]["verdict"].is_string());
}
