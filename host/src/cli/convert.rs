//! `amplicast convert`: events of a file in another one.

use amplicast_sdk::abi::Kind;
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Chunk, Error, Result, Seed, Split, chunk_events};
use serde_json::json;

use super::arguments::ConvertCommand;
use super::process::{Process, refused};
use crate::event_files::{Contents, create};
use crate::exit::EXIT_OK;
use crate::format;

/// Reads one file and writes the other.
pub fn convert(command: &ConvertCommand, process: &Process) -> u8 {
    match write(command, process) {
        Ok(line) => {
            println!("{line}");
            EXIT_OK
        }
        Err(error) => refused(error),
    }
}

fn write(command: &ConvertCommand, process: &Process) -> Result<String> {
    let session = process.session(&command.plugin_path, &[])?;
    let some = |list: &[String]| (!list.is_empty()).then(|| json!(list));
    let config = json!({
        "train": process.written(&command.file)?,
        "columns": some(&command.columns),
        "particles": some(&command.particles),
        "layout": command.layout,
        "select": some(&command.select),
        "weights": command.weights,
        "weights_file": command.weights_file.as_ref().map(|path| process.written(path)).transpose()?,
    });
    let entry = session.catalogue.find(Kind::Dataset, "events-file").map_err(|e| Error::config("", e))?;
    let caller = session.caller(Kind::Dataset, "events-file")?;
    let dataset = entry.component.dataset(&config.to_string(), caller)?;
    for note in dataset.notes()? {
        eprintln!("note: {note}");
    }
    let events = dataset.capacity(Split::Training)?.unwrap_or(0);
    let (schema, weighted) = (dataset.schema(), dataset.weighted());
    let contents = Contents {
        schema,
        events,
        weighted,
        origin: format!("events of {}", command.file.display()),
        les_houches: command.les_houches.said(),
    };
    let mut file = create(&process.path(&command.out), contents)?;
    let step = chunk_events(schema.dimension()) as u64;
    let task = session.progress.task(&format!("events of {}", command.file.display()));
    for first in (0..events).step_by(step as usize) {
        session.check_stop()?;
        let n = step.min(events - first) as usize;
        let mut rows = Array2::zeros((n, schema.dimension()));
        let chunk = Chunk { index: first / step, first_event: first, seed: Seed::new(0) };
        let mut weights = vec![1.0; n];
        match weighted {
            true => dataset.read_weighted(Split::Training, chunk, rows.view_mut(), &mut weights)?,
            false => dataset.read(Split::Training, chunk, rows.view_mut())?,
        }
        file.write(rows.view(), weighted.then_some(&weights[..]))?;
        task.update(first + n as u64, events, None);
    }
    file.finish()?;
    task.finish("done");
    let with = if weighted { ", with weights" } else { "" };
    Ok(format!(
        "{}: {} events of {} numbers{with}",
        command.out.display(),
        format::count(events),
        schema.dimension()
    ))
}
