//! `amplicast plugins check FILE.py:CLASS`: a class in Python as the component that it is.
//!
//! What a class must have is known to the plugin `python` alone: it is of those kinds whose component takes it.

use std::path::Path;

use amplicast_sdk::abi::{AbiComponent, Kind};
use amplicast_sdk::{Error, Result};

use super::plugin_arguments::ClassOptions;
use super::process::Process;
use crate::config::Source;
use crate::plugins::Catalogue;

/// The components that run classes.
pub const COMPONENT: &str = "python";

/// A class, by its file and name.
pub struct Class<'a> {
    given: &'a str,
    file: &'a str,
    name: &'a str,
}

/// The component of each kind that a class is of, and the configuration that makes it of it.
pub struct Found {
    /// The plugins that were searched.
    pub catalogue: Catalogue,
    /// One for each kind.
    pub components: Vec<AbiComponent>,
    /// The same for all of them.
    pub config: String,
}

impl<'a> Class<'a> {
    /// The class that is meant; `None` if the `other` thing is that may stand there.
    pub fn of(given: &'a Path, other: &str) -> Result<Option<Self>> {
        let is_python = given.extension().is_some_and(|extension| extension == "py");
        // A library may have any name.
        let Some(text) = given.to_str().filter(|_| is_python || !given.exists()) else { return Ok(None) };
        let expected = |found: &str| {
            Err(wrong(format!("{text}: expected {other}, or a class as FILE.py:CLASS, found {found}")))
        };
        match text.rsplit_once(':') {
            Some((file, name)) if file.ends_with(".py") && !name.is_empty() => {
                Ok(Some(Class { given: text, file, name }))
            }
            Some((file, name)) if !file.is_empty() && !name.contains(['/', '.']) => {
                expected(if name.is_empty() { "no class" } else { "a file that does not end in .py" })
            }
            _ if is_python => expected("no class"),
            _ => Ok(None),
        }
    }

    /// The file that it is in.
    pub fn file(&self) -> &Path {
        Path::new(self.file)
    }

    /// Its own name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Finds out what it is: each kind's component is made of it, which starts an interpreter.
    pub fn found(&self, options: &ClassOptions, process: &Process) -> Result<Found> {
        let session = process.session(&options.plugin_path, &[])?;
        let config = self.config(options, process)?;
        let (mut components, mut refusals) = (Vec::new(), Vec::new());
        for kind in kinds(&session.catalogue, options)? {
            session.check_stop()?;
            let entry = session.catalogue.find(kind, COMPONENT).map_err(wrong)?;
            let caller = session.caller(kind, self.given);
            match caller.and_then(|caller| entry.component.try_config(&config, caller)) {
                Ok(()) => components.push(entry.component.clone()),
                Err(error) => refusals.push((kind.table(), error.to_string())),
            }
        }
        if components.is_empty() {
            return Err(self.refusal(&refusals));
        }
        Ok(Found { catalogue: session.catalogue, components, config })
    }

    /// Its configuration in JSON.
    fn config(&self, options: &ClassOptions, process: &Process) -> Result<String> {
        let mut source = Source::parse(Path::new("--set"), String::new())?;
        for assignment in &options.set {
            source.set(assignment)?;
        }
        source.json["file"] = process.written(Path::new(self.file))?.into();
        source.json["class"] = self.name.into();
        if let Some(python) = &options.python {
            let path = python.contains('/');
            source.json["python"] =
                if path { process.written(Path::new(python))? } else { python.clone() }.into();
        }
        Ok(source.json.to_string())
    }

    /// Why it is of no kind: in one sentence, if that is the same for all.
    fn refusal(&self, refusals: &[(&str, String)]) -> Error {
        match refusals {
            [(_, first), rest @ ..] if rest.iter().all(|(_, other)| other == first) => wrong(first.clone()),
            _ => {
                let each = refusals.iter().map(|(kind, why)| format!("\n  no {kind}: {why}"));
                let kinds: Vec<&str> = refusals.iter().map(|(kind, _)| *kind).collect();
                let (given, kinds) = (self.given, kinds.join(" or a "));
                wrong(format!("{given}: expected a {kinds}, found none of them{}", each.collect::<String>()))
            }
        }
    }
}

/// Refuses options that say nothing of `what` was given instead of a class.
pub fn expect_none(options: &ClassOptions, what: &str) -> Result<()> {
    let ClassOptions { python, set, kind, plugin_path } = options;
    let given = [
        ("--python", python.is_some()),
        ("--set", !set.is_empty()),
        ("--kind", kind.is_some()),
        ("--plugin-path", !plugin_path.is_empty()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(wrong(format!("{option}: expected a class as FILE.py:CLASS, found {what}"))),
        None => Ok(()),
    }
}

/// The kinds of which a class may be: all that have the component, unless the user says which.
fn kinds(catalogue: &Catalogue, options: &ClassOptions) -> Result<Vec<Kind>> {
    let has = |kind: &Kind| !catalogue.files_of(*kind, COMPONENT).is_empty();
    let all: Vec<Kind> = Kind::ALL.into_iter().filter(has).collect();
    if all.is_empty() {
        // It says where was searched.
        catalogue.find(Kind::Generator, COMPONENT).map_err(wrong)?;
    }
    let Some(wanted) = &options.kind else { return Ok(all) };
    let names: Vec<&str> = all.iter().map(|kind| kind.table()).collect();
    let found: Vec<Kind> = all.iter().copied().filter(|kind| kind.table() == wanted).collect();
    if found.is_empty() {
        return Err(wrong(format!("--kind: expected {}, found `{wanted}`", names.join(" or "))));
    }
    Ok(found)
}

fn wrong(what: String) -> Error {
    Error::config("", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &str) -> Result<Option<(&str, &str)>> {
        Ok(Class::of(Path::new(given), "a plugin library")?.map(|class| (class.file, class.name)))
    }

    #[test]
    fn a_class_is_told_from_a_library() {
        assert_eq!(read("flow.py:Flow").unwrap(), Some(("flow.py", "Flow")));
        assert_eq!(read("/a:b/flow.py:Flow").unwrap(), Some(("/a:b/flow.py", "Flow")));
        for library in ["libflow.so", "a:b/libflow.so", "libflow:2.so", ":"] {
            assert_eq!(read(library).unwrap(), None, "{library}");
        }
        for (given, found) in [
            ("flow.py", "no class"),
            ("flow.py:", "no class"),
            ("flow.txt:Flow", "a file that does not end in .py"),
            ("flow:Flow", "a file that does not end in .py"),
        ] {
            let error = read(given).unwrap_err().to_string();
            let expected = "expected a plugin library, or a class as FILE.py:CLASS";
            assert_eq!(error, format!("{given}: {expected}, found {found}"));
        }
    }
}
