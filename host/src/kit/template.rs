//! The templates: whole small components, in `host/kit/`, called `my-plugin`.

use std::fs;
use std::path::Path;

use amplicast_sdk::{Error, Result};
use clap::ValueEnum;

use super::name::{class, module};
use super::sdk::Sdk;

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PluginKind {
    /// A Gaussian for each column.
    Generator,
    /// The distance of an event from the origin.
    Summary,
    /// The distance of two medians, with its law for true samples.
    Metric,
    /// Fits to bootstraps of the training events.
    Posterior,
    /// Exponential numbers.
    Dataset,
}

/// The experiment's file in a new folder.
pub const EXPERIMENT: &str = "experiment.toml";

/// The name of components and classes in the templates.
const NAME: &str = "my-plugin";

const MANIFEST: &str = include_str!("../../kit/manifest.toml");

/// A kind's source and its experiment.
macro_rules! files {
    ($folder:literal, $source:literal) => {
        (
            include_str!(concat!("../../kit/", $folder, "/", $source)),
            include_str!(concat!("../../kit/", $folder, "/experiment.toml")),
        )
    };
}

/// The files of a new plugin.
#[derive(Debug)]
pub struct Template {
    /// Path in the folder, what it is, and content.
    pub files: Vec<(String, &'static str, String)>,
}

impl Template {
    /// A crate.
    pub fn of_crate(name: &str, kind: PluginKind, sdk: &Sdk) -> Result<Self> {
        let (source, experiment) = match kind {
            PluginKind::Generator => files!("generator", "lib.rs"),
            PluginKind::Summary => files!("summary", "lib.rs"),
            PluginKind::Metric => files!("metric", "lib.rs"),
            PluginKind::Posterior => files!("posterior", "lib.rs"),
            PluginKind::Dataset => files!("dataset", "lib.rs"),
        };
        let manifest = MANIFEST.replace(NAME, name) + &sdk.dependency()?;
        Ok(Template {
            files: vec![
                ("Cargo.toml".into(), "the crate", manifest),
                (
                    "src/lib.rs".into(),
                    "the component, and the conformance suite as its test",
                    source.replace(NAME, name),
                ),
                (EXPERIMENT.into(), "an experiment with it", experiment.replace(NAME, name)),
                (".gitignore".into(), "what is built is not kept", "/target\n/runs\n".into()),
            ],
        })
    }

    /// A class in Python, of a kind that may be one.
    pub fn of_class(name: &str, kind: PluginKind) -> Result<Self> {
        let (source, experiment) = match kind {
            PluginKind::Generator => files!("python-generator", "my_plugin.py"),
            PluginKind::Summary => files!("python-summary", "my_plugin.py"),
            _ => {
                let found =
                    kind.to_possible_value().map_or_else(String::new, |value| value.get_name().into());
                let message =
                    format!("expected a generator or a summary, found `--kind {found}`: write it in Rust");
                return Err(Error::config("--python", message));
            }
        };
        let named = |text: &str| {
            let text = text.replace(NAME, name).replace(&module(NAME), &module(name));
            text.replace(&class(NAME), &class(name))
        };
        Ok(Template {
            files: vec![
                (format!("{}.py", module(name)), "the class", named(source)),
                (EXPERIMENT.into(), "an experiment with it", named(experiment)),
            ],
        })
    }

    /// Module and class of Python for a name.
    pub fn class_of(name: &str) -> (String, String) {
        (module(name), class(name))
    }

    /// Writes the files into a new folder; nothing that is there is touched.
    pub fn write(&self, folder: &Path) -> Result<()> {
        if folder.symlink_metadata().is_ok() {
            let found = format!("expected a new folder, found {}", folder.display());
            return Err(Error::config("NAME", format!("{found}, which is there already")));
        }
        fs::create_dir(folder).map_err(|e| Error::io(format!("cannot make {}", folder.display()), e))?;
        for (name, _, content) in &self.files {
            let file = folder.join(name);
            let written =
                fs::create_dir_all(file.parent().unwrap_or(folder)).and_then(|()| fs::write(&file, content));
            written.map_err(|e| Error::io(format!("cannot write {}", file.display()), e))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_the_templates_name() {
        let sdk = Sdk::Version("0.1.0".into());
        let mut all: Vec<Template> = PluginKind::value_variants()
            .iter()
            .map(|kind| Template::of_crate("two-words", *kind, &sdk).unwrap())
            .collect();
        for kind in [PluginKind::Generator, PluginKind::Summary] {
            all.push(Template::of_class("two-words", kind).unwrap());
        }
        for template in all {
            let whole: String = template.files.iter().map(|(name, _, text)| name.clone() + text).collect();
            assert!(
                !whole.contains(NAME) && !whole.contains("my_plugin") && !whole.contains("MyPlugin"),
                "{whole}"
            );
            assert!(whole.contains("two-words") || whole.contains("two_words"), "{whole}");
        }
        let error = Template::of_class("x", PluginKind::Metric).unwrap_err().to_string();
        assert_eq!(
            error,
            "--python: expected a generator or a summary, found `--kind metric`: write it in Rust"
        );
    }

    #[test]
    fn what_is_there_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let template = Template::of_class("x", PluginKind::Summary).unwrap();
        let error = template.write(place.path()).unwrap_err().to_string();
        assert!(error.ends_with("which is there already"), "{error}");
        template.write(&place.path().join("new")).unwrap();
        assert!(place.path().join("new/x.py").is_file());
    }
}
