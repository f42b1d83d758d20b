//! The files of the engine: Snakemake's rules, its profiles, what REANA asks for.

use std::path::Path;

use amplicast_sdk::{Error, Result};

use super::asked::{Asked, FILE};
use crate::store::{remove_leftovers, write_atomically};

const SNAKEFILE: &str = include_str!("engine/Snakefile");
const REQUIREMENTS: &str = include_str!("engine/requirements.txt");
const REANA: &str = include_str!("engine/reana.yaml");
const PROFILES: [(&str, &str); 3] = [
    ("local", include_str!("engine/local.yaml")),
    ("slurm", include_str!("engine/slurm.yaml")),
    ("htcondor", include_str!("engine/htcondor.yaml")),
];

/// Writes a workflow into a run's folder; profiles that are there may have been edited, and keep all but their paths.
pub fn write(run: &Path, asked: &Asked, experiment: &str, experiment_file: &str) -> Result<()> {
    let run = std::path::absolute(run).map_err(|e| Error::io(run.display(), e))?;
    let list = serde_json::to_vec_pretty(asked).map_err(|e| Error::plugin(e.to_string()))?;
    for (name, content) in [
        (experiment_file, experiment.as_bytes()),
        (FILE, &list),
        ("Snakefile", SNAKEFILE.as_bytes()),
        ("requirements.txt", REQUIREMENTS.as_bytes()),
        ("reana.yaml", REANA.as_bytes()),
    ] {
        write_atomically(&run.join(name), content)?;
    }
    for (name, template) in PROFILES {
        let folder = run.join(name);
        std::fs::create_dir_all(&folder).map_err(|e| Error::io(folder.display(), e))?;
        let file = folder.join("config.yaml");
        let fresh = profile(template, &run)?;
        let text = match std::fs::read_to_string(&file) {
            Ok(edited) => in_this_folder(&edited, &fresh),
            Err(_) => fresh,
        };
        write_atomically(&file, text.as_bytes())?;
    }
    forget_results(&run);
    Ok(())
}

/// Has the results put together again: those that are there may be of what was asked before.
fn forget_results(run: &Path) {
    for workflow in std::fs::read_dir(run.join("jobs")).into_iter().flatten().flatten() {
        // Where it cannot be removed there is none.
        let _ = std::fs::remove_file(workflow.path().join("batches").join("collect"));
        for kind in std::fs::read_dir(workflow.path()).into_iter().flatten().flatten() {
            // Of jobs that were killed while they wrote a record.
            remove_leftovers(&kind.path());
        }
    }
}

/// A profile that somebody edited, with the paths of this folder: it may have been moved, or copied.
fn in_this_folder(edited: &str, fresh: &str) -> String {
    const PATHS: [&str; 3] = ["snakefile:", "directory:", "htcondor-jobdir:"];
    let line = |line: &str| {
        let key = PATHS.iter().find(|key| line.starts_with(**key));
        let path = key.and_then(|key| fresh.lines().find(|fresh| fresh.starts_with(*key)));
        path.unwrap_or(line).to_string() + "\n"
    };
    edited.lines().map(line).collect()
}

/// A profile for a run's folder: a string of JSON is one of YAML too.
fn profile(template: &str, run: &Path) -> Result<String> {
    let quoted = |path: &Path| {
        let text = path.to_str().ok_or_else(|| {
            Error::config("--out", format!("expected a path in UTF-8, found {}", path.display()))
        })?;
        serde_json::to_string(text).map_err(|e| Error::plugin(e.to_string()))
    };
    let jobs = run.join("jobs").join("htcondor");
    Ok(template
        .replace("{snakefile}", &quoted(&run.join("Snakefile"))?)
        .replace("{folder}", &quoted(run)?)
        .replace("{jobs}", &quoted(&jobs)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edited_profiles_follow_their_folder() {
        let edited = "directory: \"/old\"\n# mine\njobs: 7\nsnakefile: \"/old/Snakefile\"\n";
        let fresh = profile(PROFILES[1].1, Path::new("/new")).unwrap();
        assert_eq!(
            in_this_folder(edited, &fresh),
            "directory: \"/new\"\n# mine\njobs: 7\nsnakefile: \"/new/Snakefile\"\n"
        );
    }

    #[test]
    fn profiles_name_the_folder_whatever_it_is_called() {
        for (name, template) in PROFILES {
            let text = profile(template, Path::new("/a b/\"c\": {d}")).unwrap();
            assert!(text.contains("directory: \"/a b/\\\"c\\\": {d}\"\n"), "{name}: {text}");
            assert!(text.contains("snakefile: \"/a b/\\\"c\\\": {d}/Snakefile\"\n"), "{name}: {text}");
        }
    }
}
