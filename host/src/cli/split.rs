//! `amplicast split`: the training events of members that are trained elsewhere.

use std::fs::create_dir_all;
use std::path::Path;

use amplicast_sdk::abi::Kind;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::rand::seq::SliceRandom;
use amplicast_sdk::{Chunk, Error, ErrorKind, Result, Seed, Split, chunk_events};
use ndarray::{Array1, Array2, Axis};
use ndarray_npy::write_npy;
use serde_json::json;

use super::estimate_arguments::SplitCommand;
use super::process::{Process, usage};
use crate::exit::EXIT_OK;
use crate::pipeline::{Groups, first_of_each};

/// Writes files of events and of their rows.
pub fn split(command: &SplitCommand, process: &Process) -> u8 {
    match write(command, process) {
        Ok(lines) => {
            lines.iter().for_each(|line| println!("{line}"));
            EXIT_OK
        }
        Err(error) => usage(error),
    }
}

fn write(command: &SplitCommand, process: &Process) -> Result<Vec<String>> {
    let TrainingEvents { events, weights, groups } = events(command, process)?;
    let n = events.nrows();
    // Events that belong together go together.
    let (independent, what) = match &groups {
        None => (n as u64, "training events"),
        Some(groups) => (groups.number() as u64, "groups of training events"),
    };
    let out = process.path(&command.out);
    create_dir_all(&out).map_err(|e| Error::io(out.display(), e))?;
    let mut lines = Vec::new();
    for (word, number, kind) in [
        ("half", command.halves, Kinds::Half),
        ("bootstrap", command.bootstraps, Kinds::Bootstrap),
        ("subset", command.subsets, Kinds::Subset),
    ] {
        let Some(number) = number else { continue };
        if word == "half" && !number.is_multiple_of(2) {
            return Err(Error::config(
                "--halves",
                format!("expected an even number, halves and their rests, found {number}"),
            ));
        }
        if independent < 2 * number.max(4) {
            return Err(Error::data(format!(
                "expected at least {} {what}, found {independent}",
                2 * number.max(4)
            )));
        }
        let width = number.to_string().len();
        let mut sizes = Vec::new();
        for k in 0..number {
            let drawn = rows(kind, k, number, independent, Seed::new(command.seed).split(word));
            let rows = groups.as_ref().map_or_else(|| drawn.clone(), |groups| groups.rows(&drawn));
            sizes.push((drawn.len() as u64, rows.len()));
            let name = format!("{word}_{:0width$}", k + 1);
            write_one(&out, &name, (&events, weights.as_deref()), &rows)?;
        }
        let (drawn, size) = sizes[sizes.len() - 1];
        let size = match &groups {
            None => format!("{size} of {n} events"),
            Some(_) => {
                let mean = sizes.iter().map(|(_, rows)| rows).sum::<usize>() / sizes.len();
                format!("{drawn} of {independent} groups, some {mean} of {n} events")
            }
        };
        lines.push(format!(
            "{}: {number} files {word}_*.npy of {size}, {}and their rows in {word}_*.rows.npy; train for {} of the steps that all events take",
            command.out.display(),
            if weights.is_some() { format!("their weights in {word}_*.weights.npy, ") } else { String::new() },
            if drawn == independent { "all".to_string() } else { format!("{drawn}/{independent}") }
        ));
    }
    Ok(lines)
}

#[derive(Clone, Copy)]
enum Kinds {
    Half,
    Bootstrap,
    Subset,
}

/// The rows of part `k` of `number`, of `n` events.
fn rows(kind: Kinds, k: u64, number: u64, n: u64, seed: Seed) -> Vec<u64> {
    let mut all: Vec<u64> = (0..n).collect();
    let mut rows = match kind {
        Kinds::Bootstrap => {
            let mut stream = seed.index(k).stream();
            return (0..n).map(|_| stream.random_range(0..n)).collect();
        }
        // Each and its rest.
        Kinds::Half => {
            all.shuffle(&mut seed.index(k / 2).stream());
            let rest = all.split_off(n.div_ceil(2) as usize);
            if k.is_multiple_of(2) { all } else { rest }
        }
        Kinds::Subset => {
            all.shuffle(&mut seed.stream());
            let size = n / number;
            all[(k * size) as usize..((k + 1) * size) as usize].to_vec()
        }
    };
    rows.sort_unstable();
    rows
}

fn write_one(
    out: &Path,
    name: &str,
    (events, weights): (&Array2<f64>, Option<&[f64]>),
    rows: &[u64],
) -> Result<()> {
    let places: Vec<usize> = rows.iter().map(|row| *row as usize).collect();
    let numbers: Array1<i64> = rows.iter().map(|row| *row as i64).collect();
    let path = |what: &str| out.join(format!("{name}{what}.npy"));
    let write = || {
        write_npy(path(""), &events.select(Axis(0), &places))?;
        if let Some(weights) = weights {
            write_npy(path(".weights"), &places.iter().map(|row| weights[*row]).collect::<Array1<f64>>())?;
        }
        write_npy(path(".rows"), &numbers)
    };
    write().map_err(|e| Error::new(ErrorKind::Io, e.to_string()).at(path("").display().to_string()))
}

/// All training events of a file.
struct TrainingEvents {
    events: Array2<f64>,
    /// Their weights, if these differ.
    weights: Option<Vec<f64>>,
    /// Their groups, if some belong together.
    groups: Option<Groups>,
}

fn events(command: &SplitCommand, process: &Process) -> Result<TrainingEvents> {
    let session = process.session(&command.plugin_path, &[])?;
    let mut config = command.reading.dataset(&command.train, process)?;
    command.groups.add_to(&mut config, process)?;
    config["default_key"] = json!(command.key);
    let entry = session.catalogue.find(Kind::Dataset, "events-file").map_err(|e| Error::config("", e))?;
    let caller = session.caller(Kind::Dataset, "events-file")?;
    let dataset = entry.component.dataset(&config.to_string(), caller)?;
    let n = dataset.capacity(Split::Training)?.unwrap_or(0);
    let dimension = dataset.schema().dimension();
    let mut events = Array2::zeros((n as usize, dimension));
    let step = chunk_events(dimension);
    let mut weights = dataset.weighted().then(|| vec![0.0; n as usize]);
    let mut numbers = dataset.grouped().then(|| vec![0.0; n as usize]);
    for (index, part) in events.axis_chunks_iter_mut(Axis(0), step).enumerate() {
        let chunk = Chunk { index: index as u64, first_event: (index * step) as u64, seed: Seed::new(0) };
        let places = index * step..index * step + part.nrows();
        if let Some(numbers) = &mut numbers {
            dataset.read_groups(Split::Training, chunk, &mut numbers[places.clone()])?;
        }
        match &mut weights {
            None => dataset.read(Split::Training, chunk, part)?,
            Some(weights) => {
                dataset.read_weighted(Split::Training, chunk, part, &mut weights[places])?;
            }
        }
    }
    let groups = numbers.map(|numbers| Groups::new(&first_of_each(&numbers, 0)));
    Ok(TrainingEvents { events, weights, groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_what_they_are_called() {
        let of = |kind, k| rows(kind, k, 4, 101, Seed::new(2));
        let [half, rest, next] = [0, 1, 2].map(|k| of(Kinds::Half, k));
        assert!(half.len() == 51 && half.windows(2).all(|pair| pair[0] < pair[1]) && half != next);
        assert!(rest.len() == 50 && rest.iter().all(|row| !half.contains(row)));
        let mut all: Vec<u64> = (0..4).flat_map(|k| of(Kinds::Subset, k)).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 100);
        let bootstrap = of(Kinds::Bootstrap, 0);
        assert_eq!(bootstrap.len(), 101);
        assert!(crate::covering::distinct(&bootstrap) < 90);
    }
}
