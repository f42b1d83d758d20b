//! Which programs an experiment brings, and which of them the user trusts.
//!
//! Plugins, TorchScript modules and Python files are programs: they may do whatever the user may. An experiment that somebody
//! sends names such files, so they are named before the first one runs, and its folders of plugins need the user's word.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::error::ConfigError;
use super::source::Source;

/// Ends of the names of files that are programs to the components that open them.
const PROGRAMS: [&str; 5] = ["pt", "pth", "ts", "py", "so"];

/// What the user has said once and for all.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserConfig {
    /// Folders of plugins that experiments may name.
    #[serde(default)]
    trusted_plugins: Vec<PathBuf>,
}

/// The user's configuration: `amplicast/config.toml` in `XDG_CONFIG_HOME`, or in `~/.config`.
fn user_config() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_CONFIG_HOME").filter(|f| !f.is_empty()).map(PathBuf::from);
    let folder = folder.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")));
    folder.map(|f| f.join("amplicast/config.toml"))
}

fn trusted_folders(file: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ConfigError::new(format!("{}: {error}", file.display()))),
    };
    let config: UserConfig = toml_edit::de::from_str(&text)
        .map_err(|error| ConfigError::new(format!("{}: {}", file.display(), error.to_string().trim_end())))?;
    Ok(config.trusted_plugins)
}

/// An error unless the user trusts the folders of plugins that an experiment names: `trust` is his word in this call.
pub fn expect_trusted(source: &Source, folders: &[PathBuf], trust: bool) -> Result<(), ConfigError> {
    const FIELD: &str = "experiment.plugin_path";
    // What the user wrote into the command is his own.
    if folders.is_empty() || trust || source.is_overridden(FIELD) {
        return Ok(());
    }
    let config = user_config();
    let trusted = config.as_deref().map(trusted_folders).transpose()?.unwrap_or_default();
    let real = |folder: &PathBuf| folder.canonicalize().unwrap_or_else(|_| folder.clone());
    let trusted: Vec<PathBuf> = trusted.iter().map(real).collect();
    let Some(folder) = folders.iter().find(|folder| !trusted.iter().any(|t| real(folder).starts_with(t)))
    else {
        return Ok(());
    };
    let where_to = config.map_or_else(String::new, |file| {
        format!(", or list the folder as `trusted_plugins` in {}", file.display())
    });
    Err(source.error(
        FIELD,
        &format!(
            "the experiment brings plugins of its own, {}: they are programs, and run with all your rights as soon as they are loaded; \
             if you trust whoever wrote them, say so with `--trust-plugins`{where_to}",
            folder.display()
        ),
    ))
}

/// The files that an experiment names and that are programs, each with the field that names it.
pub fn programs(source: &Source) -> Vec<(String, String)> {
    fn look(value: &Value, place: &str, found: &mut Vec<(String, String)>) {
        match value {
            Value::String(text) => {
                let end = Path::new(text).extension().and_then(|e| e.to_str()).unwrap_or_default();
                if PROGRAMS.contains(&end) {
                    found.push((text.clone(), place.to_string()));
                }
            }
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(i, v)| look(v, &format!("{place}[{i}]"), found));
            }
            Value::Object(map) => map.iter().for_each(|(key, v)| {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                look(v, &place, found);
            }),
            _ => {}
        }
    }
    let mut found = Vec::new();
    look(&source.json, "", &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::parse(Path::new("x.toml"), text.into()).unwrap()
    }

    #[test]
    fn programs_are_found_anywhere() {
        let source = source(
            "[[generator]]\nplugin = \"torchscript\"\nfiles = [\"nets/*.pt\", \"a.npy\"]\n[dataset]\nplugin = \"x\"\nscript = \"make.py\"\n",
        );
        let found = programs(&source);
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(found, [("make.py", "dataset.script"), ("nets/*.pt", "generator[0].files[0]")]);
    }

    #[test]
    fn folders_of_plugins_need_a_word() {
        let source = source("[experiment]\nplugin_path = [\"their-plugins\"]\n");
        let folder = [PathBuf::from("/nowhere/their-plugins")];
        let error = expect_trusted(&source, &folder, false).unwrap_err().to_string();
        assert!(error.contains("x.toml:2:") && error.contains("/nowhere/their-plugins"), "{error}");
        assert!(error.contains("--trust-plugins"), "{error}");
        assert!(expect_trusted(&source, &folder, true).is_ok());
        assert!(expect_trusted(&source, &[], false).is_ok());
    }

    #[test]
    fn the_users_own_list_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        assert!(trusted_folders(&file).unwrap().is_empty());
        std::fs::write(&file, "trusted_plugins = [\"/opt/plugins\"]\n").unwrap();
        assert_eq!(trusted_folders(&file).unwrap(), [PathBuf::from("/opt/plugins")]);
        std::fs::write(&file, "trusted = [1]\n").unwrap();
        let error = trusted_folders(&file).unwrap_err().to_string();
        assert!(error.contains("config.toml") && error.contains("trusted_plugins"), "{error}");
    }
}
