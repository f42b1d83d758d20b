//! `amplicast convert`: events of a file in another one.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use amplicast_sdk::abi::Kind;
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Chunk, Error, Result, Schema, Seed, Split, chunk_events};
use serde_json::json;

use super::convert_arguments::ConvertCommand;
use super::process::{Process, refused};
use super::reading_arguments::some;
use crate::event_files::{Block, Contents, GROUP, WEIGHT, beside, create};
use crate::exit::EXIT_OK;
use crate::format;
use crate::root::{Asked, Events};

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
    if is_root(&process.path(&command.file)) {
        return write_root(command, process);
    }
    for (option, given) in [
        ("--tree", command.tree.is_some()),
        ("--branches", !command.branches.is_empty()),
        ("--cut", command.cut.is_some()),
    ] {
        if given {
            return Err(Error::config(
                option,
                format!("expected a ROOT file, found {}", command.file.display()),
            ));
        }
    }
    let session = process.session(&command.plugin_path, &[])?;
    let mut config = command.reading.dataset(&command.file, process)?;
    command.groups.add_to(&mut config, process)?;
    config["particles"] = json!(some(&command.momenta.particles));
    config["layout"] = json!(command.momenta.layout);
    let entry = session.catalogue.find(Kind::Dataset, "events-file").map_err(|e| Error::config("", e))?;
    let caller = session.caller(Kind::Dataset, "events-file")?;
    let dataset = entry.component.dataset(&config.to_string(), caller)?;
    for note in dataset.notes()? {
        eprintln!("note: {note}");
    }
    let events = dataset.capacity(Split::Training)?.unwrap_or(0);
    let (schema, weighted, grouped) = (dataset.schema(), dataset.weighted(), dataset.grouped());
    let contents = Contents {
        schema,
        events,
        weighted,
        grouped,
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
        let mut groups = vec![0.0; n];
        if grouped {
            dataset.read_groups(Split::Training, chunk, &mut groups)?;
        }
        file.write(Block {
            events: rows.view(),
            weights: weighted.then_some(&weights[..]),
            groups: grouped.then_some(&groups[..]),
        })?;
        task.update(first + n as u64, events, None);
    }
    file.finish()?;
    task.finish("done");
    Ok(said(command, events, schema.dimension(), [weighted, grouped]))
}

/// Whether a file begins as those of ROOT do.
fn is_root(path: &Path) -> bool {
    let mut begin = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && begin == *b"root"
}

/// Events of a ROOT file, which uproot reads.
fn write_root(command: &ConvertCommand, process: &Process) -> Result<String> {
    for (option, given, instead) in [
        ("--columns", !command.reading.columns.is_empty(), "--branches"),
        ("--select", !command.reading.select.is_empty(), "--branches"),
        ("--weights-file", command.reading.weights_file.is_some(), "--weights"),
        ("--groups-file", command.groups.groups_file.is_some(), "--groups"),
    ] {
        if given {
            return Err(Error::config(
                option,
                format!("expected {instead}, which names branches of a ROOT file"),
            ));
        }
    }
    let session = process.session(&command.plugin_path, &[])?;
    let asked = Asked {
        file: process.path(&command.file),
        tree: command.tree.clone(),
        branches: command.branches.clone(),
        weights: command.reading.weights.clone(),
        groups: command.groups.groups.clone(),
        cut: command.cut.clone(),
    };
    let task = session.progress.task(&format!("events of {}", command.file.display()));
    let mut events = Events::read(&asked, &command.python)?;
    let schema = named(command, &events.schema)?;
    let contents = Contents {
        schema: &schema,
        events: events.events,
        weighted: events.weighted,
        grouped: events.grouped,
        origin: format!("events of {}", command.file.display()),
        les_houches: command.les_houches.said(),
    };
    let mut file = create(&process.path(&command.out), contents)?;
    let step = chunk_events(schema.dimension()) as u64;
    for first in (0..events.events).step_by(step as usize) {
        session.check_stop()?;
        let n = step.min(events.events - first) as usize;
        let rows = events.next(n)?;
        let values = Array2::from_shape_vec((n, schema.dimension()), rows.values);
        let values = values.map_err(|e| Error::data(e.to_string()))?;
        file.write(Block {
            events: values.view(),
            weights: events.weighted.then_some(&rows.weights[..]),
            groups: events.grouped.then_some(&rows.groups[..]),
        })?;
        task.update(first + n as u64, events.events, None);
    }
    events.check()?;
    file.finish()?;
    task.finish("done");
    Ok(said(command, events.events, schema.dimension(), [events.weighted, events.grouped]))
}

/// The columns as four-momenta if particles are named, whose components they are in turn.
fn named(command: &ConvertCommand, schema: &Schema) -> Result<Schema> {
    if command.momenta.particles.is_empty() {
        return Ok(schema.clone());
    }
    let momenta = Schema::four_momenta(&command.momenta.particles);
    if momenta.dimension() != schema.dimension() {
        return Err(Error::config(
            "--particles",
            format!(
                "expected 4 branches (E, px, py, pz) for each of {} particles, found {}",
                command.momenta.particles.len(),
                schema.dimension()
            ),
        ));
    }
    Ok(momenta)
}

/// What was written, and how what stands beside the events is named when the file is read.
fn said(command: &ConvertCommand, events: u64, numbers: usize, [weighted, grouped]: [bool; 2]) -> String {
    let named = |what: &str, column: &str| match command.out.extension() {
        Some(ending) if ending == "npy" => {
            format!("{what} (--{what}-file {})", beside(&command.out, what).display())
        }
        _ => format!("{what} (--{what} {column})"),
    };
    let with = [weighted.then(|| named("weights", WEIGHT)), grouped.then(|| named("groups", GROUP))];
    let with: Vec<String> = with.into_iter().flatten().collect();
    let with = if with.is_empty() { String::new() } else { format!(", with {}", with.join(" and ")) };
    format!("{}: {} events of {numbers} numbers{with}", command.out.display(), format::count(events))
}
