//! `amplicast plugins ...` and `amplicast schema`: what there is to build experiments from.

use amplicast_sdk::abi::Kind;
use serde_json::Value;

use super::plugin_arguments::{ComponentCommand, ListCommand, PathCommand};
use super::process::{Process, refused, usage};
use crate::exit::{EXIT_FAILED, EXIT_OK};
use crate::pipeline::{TRAINED_MODEL, TRAINED_MODEL_ABOUT, TrainedModelConfig};
use crate::plugins::{Catalogue, Entry, Listed, plugin_folders};
use crate::report::Columns;
use crate::terminal;

/// Lists all components, and files that cannot be used.
pub fn list(command: &ListCommand, process: &Process) -> u8 {
    let session = match process.session(&command.plugin_path, &[]) {
        Ok(session) => session,
        Err(error) => return refused(error),
    };
    let catalogue = &session.catalogue;
    if command.load {
        catalogue.load_all(&|| session.check_stop().is_err());
        if let Err(error) = session.check_stop() {
            return refused(error);
        }
    }
    let mut listed = catalogue.listed();
    listed.sort_by_key(|l| l.record.kind);
    let mut table = Columns::new().words("kind").words("component").words("what it is").words("library");
    for Listed { record, file, shadowed } in listed {
        let file = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = if shadowed {
            format!("{} (shadowed by an earlier library)", record.name)
        } else {
            record.name.clone()
        };
        table.row([record.title, &name, &record.about, &file]);
    }
    table.row([Kind::Dataset.table(), TRAINED_MODEL, TRAINED_MODEL_ABOUT, "(the host)"]);
    println!("{}", table.text(terminal::width()));
    let refused = catalogue.refused();
    for refused in &refused {
        println!("not loaded: {}: {}", refused.path.display(), refused.reason);
    }
    if refused.is_empty() { EXIT_OK } else { EXIT_FAILED }
}

/// The components of this name, of whatever kind.
fn find<'a>(catalogue: &'a Catalogue, name: &str) -> Result<Vec<&'a Entry>, String> {
    let found: Vec<&Entry> = Kind::ALL
        .into_iter()
        .filter(|kind| !catalogue.files_of(*kind, name).is_empty())
        .filter_map(|kind| catalogue.find(kind, name).ok())
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let names: Vec<String> = catalogue.listed().iter().map(|l| l.record.name.clone()).collect();
    let near =
        crate::config::nearest(name, &names).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
    let refused: Vec<String> = catalogue
        .refused()
        .iter()
        .map(|r| format!("\n  not loaded: {}: {}", r.path.display(), r.reason))
        .collect();
    Err(format!(
        "no component `{name}` in any plugin{near}\n  there are: {}{}",
        names.join(", "),
        refused.concat()
    ))
}

/// The components of a name: what each of them is and where it comes from, and the JSON Schema of its configuration.
fn described(command: &ComponentCommand, process: &Process) -> Result<Vec<(String, Value)>, u8> {
    if command.component == TRAINED_MODEL {
        let kind = Kind::Dataset.table();
        let about =
            format!("{TRAINED_MODEL} ({kind}): {TRAINED_MODEL_ABOUT}\nlibrary: none, it is the host's own");
        return Ok(vec![(about, schemars::schema_for!(TrainedModelConfig).into())]);
    }
    let session = process.session(&command.plugin_path, &[]).map_err(refused)?;
    let of_entry = |entry: &Entry| {
        let (component, library) = (&entry.component, &entry.library);
        let about = format!(
            "{} ({}): {}\nlibrary: {}\nbuilt with amplicast-sdk {}, {}",
            component.name,
            component.title(),
            component.about,
            library.path.display(),
            library.tag.sdk,
            library.tag.rustc
        );
        let caller = session.caller(component.kind(), &component.name).map_err(usage)?;
        let schema = component.schema(&caller).map_err(usage)?;
        Ok((about, serde_json::from_str(&schema).map_err(usage)?))
    };
    find(&session.catalogue, &command.component).map_err(usage)?.into_iter().map(of_entry).collect()
}

/// Describes a component: what it is, where it comes from, what can be configured.
pub fn info(command: &ComponentCommand, process: &Process) -> u8 {
    let all = match described(command, process) {
        Ok(all) => all,
        Err(code) => return code,
    };
    for (about, schema) in all {
        println!("{about}");
        describe(&schema);
    }
    EXIT_OK
}

/// Prints what can be configured.
fn describe(schema: &Value) {
    let Some(properties) = schema["properties"].as_object().filter(|p| !p.is_empty()) else {
        println!("nothing to configure");
        return;
    };
    println!("configuration:");
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in properties {
        let what = property["description"].as_str().unwrap_or_default().replace('\n', " ");
        let default = match property.get("default") {
            Some(value) if !value.is_null() => format!(" [default: {value}]"),
            None if required.contains(&name.as_str()) => " [required]".into(),
            _ => String::new(),
        };
        println!("  {name}{default}  {what}");
    }
}

/// Prints the JSON Schema of a component's configuration.
pub fn schema(command: &ComponentCommand, process: &Process) -> u8 {
    let all = match described(command, process) {
        Ok(all) => all,
        Err(code) => return code,
    };
    for (_, schema) in all {
        println!("{schema:#}");
    }
    EXIT_OK
}

/// Prints the folders of the plugin path.
pub fn path(command: &PathCommand, process: &Process) -> u8 {
    for folder in plugin_folders(&process.paths(&command.plugin_path), &[]) {
        let note = if folder.is_dir() { "" } else { "  (does not exist)" };
        println!("{}{note}", folder.display());
    }
    EXIT_OK
}
