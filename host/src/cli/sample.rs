//! `amplicast sample`: events of a member of a run, in a file.

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Chunk, Error, Result, Seed, Split, chunk_events};

use super::arguments::SampleCommand;
use super::process::{Process, refused};
use crate::config::{ConfigError, Experiment, Source, expect_trusted};
use crate::event_files::{Block, Contents, create};
use crate::exit::EXIT_OK;
use crate::format;
use crate::pipeline::{TrainedModel, TrainedModelConfig, TrueSource, in_groups};

/// Chunks that are drawn before they are written, for each of those that may be drawn at once.
const CHUNKS_AHEAD: u64 = 2;

/// Writes events of a member.
pub fn sample(command: &SampleCommand, process: &Process) -> u8 {
    match write(command, process) {
        Ok(line) => {
            println!("{line}");
            EXIT_OK
        }
        Err(error) => refused(error),
    }
}

fn write(command: &SampleCommand, process: &Process) -> Result<String> {
    let threads = process.threads(command.threads)?;
    let run = process.path(&command.run);
    let own = own_plugins(command, &run.join("experiment.toml"))?;
    let session = process.session(&command.plugins.plugin_path, &own)?;
    let config = TrainedModelConfig {
        run: run.clone().into(),
        generator: command.generator.clone(),
        uncertainty: command.uncertainty.clone(),
        member: Some(command.member),
        training_set: Some(command.training_set),
    };
    let model = TrainedModel::open(&session, &config).map_err(|error| match error.place() {
        "run" => error,
        field @ ("generator" | "uncertainty" | "member" | "training_set") => {
            Error::config(format!("--{}", field.replace('_', "-")), error.message())
        }
        _ => error,
    })?;
    let out = process.path(&command.out);
    let schema = model.schema();
    let contents = Contents {
        schema,
        events: command.events,
        weighted: false,
        grouped: false,
        origin: format!(
            "{} events of {}, member {} of the run {}",
            command.events,
            model.name,
            command.member,
            command.run.display()
        ),
        les_houches: command.les_houches.said(),
    };
    let mut file = create(&out, contents)?;
    // Another stream than those that the run was made of.
    let seed = Seed::new(command.seed).split("sample of a run");
    let (dimension, step) = (schema.dimension(), chunk_events(schema.dimension()) as u64);
    let chunks = command.events.div_ceil(step);
    let at_once = model.at_once.min(threads);
    let task = session.progress.task(&format!("events of {}", model.name));
    for first in (0..chunks).step_by((CHUNKS_AHEAD * at_once as u64) as usize) {
        session.check_stop()?;
        let some = (chunks - first).min(CHUNKS_AHEAD * at_once as u64);
        let drawn = in_groups(some, at_once, |k| {
            let index = first + k;
            let first_event = index * step;
            let n = step.min(command.events - first_event) as usize;
            let mut events = Array2::zeros((n, dimension));
            let chunk = Chunk { index, first_event, seed: seed.index(index) };
            session.attempt("sample", || model.read(Split::Training, chunk, events.view_mut()))?;
            Ok(events)
        })?;
        drawn.iter().try_for_each(|events| {
            file.write(Block { events: events.view(), weights: None, groups: None })
        })?;
        task.update(((first + some) * step).min(command.events), command.events, None);
    }
    file.finish()?;
    task.finish("done");
    Ok(format!("{}: {} events of {}", command.out.display(), format::count(command.events), model.name))
}

/// Folders of plugins that the run's experiment brings, if it may.
fn own_plugins(command: &SampleCommand, file: &std::path::Path) -> Result<Vec<std::path::PathBuf>> {
    if !file.exists() {
        return Err(Error::config(
            "RUN",
            format!("expected the folder of a run, found no {}", file.display()),
        ));
    }
    let wrong = |error: ConfigError| Error::config("RUN", error.to_string());
    let source = Source::read(file).map_err(wrong)?;
    let experiment = Experiment::read(&source).map_err(wrong)?;
    let own: Vec<_> = experiment.experiment.plugin_path.iter().map(|p| experiment.folder.join(p)).collect();
    expect_trusted(&source, &own, command.plugins.trust_plugins).map_err(wrong)?;
    Ok(own)
}
