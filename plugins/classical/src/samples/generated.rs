//! A file of generated events: those of them that count alike.

use std::collections::HashMap;
use std::sync::Arc;

use amplicast_sdk::ndarray::{Array2, ArrayViewMut2};
use amplicast_sdk::{Error, Result, Schema, chunk_events};
use amplicast_tables::{EventFile, OneEach};

use super::unweighting::Unweighted;

/// A file of generated events; of events with weights those that are kept.
#[derive(Debug, Clone)]
pub struct Generated {
    pub file: EventFile,
    unweighted: Option<Arc<Unweighted>>,
    events: u64,
}

impl Generated {
    /// The events of a file, which have these weights if there are some; `member` is its number.
    pub fn new(file: EventFile, weights: Option<&OneEach>, member: u64) -> Result<Self> {
        let unweighted = weights.map(|weights| Unweighted::draw(weights, member)).transpose()?.map(Arc::new);
        let events = unweighted.as_ref().map_or(file.rows(), |unweighted| unweighted.events());
        Ok(Generated { file, unweighted, events })
    }

    /// How many events are taken.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What is known of its weights, if there are some.
    pub fn unweighted(&self) -> Option<&Unweighted> {
        self.unweighted.as_deref()
    }

    /// The same, read as events of the training set's schema.
    pub fn like(&self, schema: &Schema) -> Result<Self> {
        Ok(Generated { file: self.file.like(schema, "in the training set")?, ..self.clone() })
    }

    /// Fills `out` (n x d) with the events from this number on.
    pub fn read(&self, first: u64, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let Some(kept) = self.unweighted().and_then(Unweighted::kept) else {
            return self.file.read(first, out);
        };
        let (n, d) = out.dim();
        let end = first.saturating_add(n as u64);
        if end > self.events {
            let message = format!("expected events within 0..{}, found {first}..{end}", self.events);
            return Err(Error::data(message).at(self.file.path().display().to_string()));
        }
        let row = |event: u64| kept.row(event).ok_or_else(|| Error::plugin("expected an event that is kept"));
        let mut number = 0;
        while number < n {
            // The rows of a chunk at a time, however many of them are left out.
            let start = row(first + number as u64)?;
            let stop = (start + chunk_events(d) as u64).min(row(end - 1)? + 1);
            let mut rows = Array2::zeros(((stop - start) as usize, d));
            self.file.read(start, rows.view_mut())?;
            for row in kept.within(start..stop) {
                out.row_mut(number).assign(&rows.row((row - start) as usize));
                number += 1;
            }
        }
        Ok(())
    }
}

/// Of files with as many events each, as many are taken: as there are of the one of which the fewest are kept.
pub fn of_one_length(files: &mut [Generated]) {
    let mut fewest = HashMap::new();
    for file in files.iter() {
        let least: &mut u64 = fewest.entry(file.file.rows()).or_insert(file.events);
        *least = file.events.min(*least);
    }
    files.iter_mut().for_each(|file| file.events = fewest[&file.file.rows()]);
}
