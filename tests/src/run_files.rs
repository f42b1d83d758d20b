//! Everything that a run wrote, for comparison with another run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the report's part begins that tells one run from another.
const PROVENANCE: &str = "What ran, where and on what";

/// Every file of a run with its content, except for what tells one run from another: its times, and the folder of its experiment.
pub fn run_files(run: &Path, experiment: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    collect(run, run, &mut files);
    files.remove(Path::new("provenance.json")).expect("a provenance");
    let folder = experiment.display().to_string();
    let mut edit = |name: &str, change: &dyn Fn(&str) -> String| {
        let file = files.get_mut(Path::new(name)).expect("a file of every run");
        *file = change(std::str::from_utf8(file).expect("UTF-8")).replace(&folder, "FOLDER").into_bytes();
    };
    edit("experiment.toml", &str::to_string);
    edit("report.html", &|text| {
        let (before, rest) = text.split_once(PROVENANCE).expect("the provenance");
        let (_, after) = rest.split_once("</details>").expect("its end");
        [before, after].concat()
    });
    files
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for path in std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()) {
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("in the folder").to_path_buf();
            files.insert(name, std::fs::read(&path).expect("a file"));
        }
    }
}
