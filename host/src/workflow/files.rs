//! The files of the engine: Snakemake's rules, its profiles, what REANA asks for.

use std::path::Path;

use amplicast_sdk::{Error, Result};

use super::asked::{Asked, FILE};
use crate::store::write_atomically;

const SNAKEFILE: &str = include_str!("engine/Snakefile");
const REQUIREMENTS: &str = include_str!("engine/requirements.txt");
const REANA: &str = include_str!("engine/reana.yaml");
const PROFILES: [(&str, &str); 3] = [
    ("local", include_str!("engine/local.yaml")),
    ("slurm", include_str!("engine/slurm.yaml")),
    ("htcondor", include_str!("engine/htcondor.yaml")),
];

/// Writes a workflow into a run's folder; profiles that are there may have been edited, and stay.
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
        if !file.exists() {
            write_atomically(&file, profile(template, &run)?.as_bytes())?;
        }
    }
    Ok(())
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
    fn profiles_name_the_folder_whatever_it_is_called() {
        for (name, template) in PROFILES {
            let text = profile(template, Path::new("/a b/\"c\": {d}")).unwrap();
            assert!(text.contains("directory: \"/a b/\\\"c\\\": {d}\"\n"), "{name}: {text}");
            assert!(text.contains("snakefile: \"/a b/\\\"c\\\": {d}/Snakefile\"\n"), "{name}: {text}");
        }
    }
}
