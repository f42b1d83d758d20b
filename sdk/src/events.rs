//! Events: their columns, batches of them, and the chunks in which they stream.

use std::ops::Range;

use ndarray::{ArrayView2, s};

use crate::Seed;

/// What the columns of an event are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    columns: Vec<String>,
    particles: Vec<String>,
}

impl Schema {
    /// Events of plain numbers with these column names.
    pub fn columns(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Schema { columns: names.into_iter().map(Into::into).collect(), particles: Vec::new() }
    }

    /// Events of four-momenta (E, px, py, pz) in GeV, particle by particle.
    pub fn four_momenta(particles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let particles: Vec<String> = particles.into_iter().map(Into::into).collect();
        let columns =
            particles.iter().flat_map(|p| ["E", "px", "py", "pz"].map(|c| format!("{p}.{c}"))).collect();
        Schema { columns, particles }
    }

    /// A schema from both lists; particles may be empty, otherwise each has four columns.
    pub fn from_parts(columns: Vec<String>, particles: Vec<String>) -> crate::Result<Self> {
        if !particles.is_empty() && columns.len() != 4 * particles.len() {
            return Err(crate::Error::data(format!(
                "expected 4 columns (E, px, py, pz) for each of {} particles, found {} columns",
                particles.len(),
                columns.len()
            )));
        }
        Ok(Schema { columns, particles })
    }

    /// Numbers in an event.
    pub fn dimension(&self) -> usize {
        self.columns.len()
    }

    /// Names of the columns.
    pub fn column_names(&self) -> &[String] {
        &self.columns
    }

    /// Names of the particles; empty for events that are not four-momenta.
    pub fn particles(&self) -> &[String] {
        &self.particles
    }
}

/// Where the events of a batch come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// True events that the generator was fitted to.
    Training,
    /// Events of a generator.
    Generated,
    /// True events of the training sample that were kept from the generator (counted in n_train).
    LeftOut,
    /// Further true events, used only to validate.
    Holdout,
    /// Fresh events of a known truth.
    Truth,
}

/// Events with their origin and row numbers.
///
/// `rows[i]` is the number of event i in its origin, so that a cross-fitted summary finds an event's fold after any cut.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// n x d, row-major.
    pub values: ArrayView2<'a, f64>,
    /// Where the events come from.
    pub origin: Origin,
    /// The number of each event in its origin; as long as `values` has rows.
    pub rows: &'a [u64],
    /// A weight for each event, of either sign; `None` if all count alike.
    pub weights: Option<&'a [f64]>,
    /// A number for each event, the same for those that belong together, which stand next to each other; `None` if each is by itself. Only
    /// the host knows it: it does not cross to plugins.
    pub groups: Option<&'a [u64]>,
    /// log p of each event under the member that its summary belongs to, for a summary that asks for it.
    pub log_density: Option<&'a [f64]>,
    /// log p of each event under the truth, for a summary that asks for it.
    pub true_log_density: Option<&'a [f64]>,
    /// The gradient of log p of each event under the truth by its columns, one event after the other (n x d), for a summary that asks
    /// for it.
    pub true_gradient: Option<&'a [f64]>,
}

impl<'a> Batch<'a> {
    /// Events (n x d) of this origin with their numbers in it.
    pub fn new(values: ArrayView2<'a, f64>, origin: Origin, rows: &'a [u64]) -> Self {
        Batch {
            values,
            origin,
            rows,
            weights: None,
            groups: None,
            log_density: None,
            true_log_density: None,
            true_gradient: None,
        }
    }

    /// The events with these places in the batch.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let part = |numbers: &'a [f64]| &numbers[range.clone()];
        Batch {
            values: self.values.slice_move(s![range.clone(), ..]),
            origin: self.origin,
            rows: &self.rows[range.clone()],
            weights: self.weights.map(part),
            groups: self.groups.map(|groups| &groups[range.clone()]),
            log_density: self.log_density.map(part),
            true_log_density: self.true_log_density.map(part),
            true_gradient: self.true_gradient.map(|numbers| {
                let columns = self.values.ncols();
                &numbers[columns * range.start..columns * range.end]
            }),
        }
    }
}

/// One piece of a stream of events, with its own random stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Number of the chunk in its stream.
    pub index: u64,
    /// Number of its first event in the stream.
    pub first_event: u64,
    /// The seed of this chunk alone.
    pub seed: Seed,
}

/// Largest number of events in a chunk.
pub const CHUNK_EVENTS: usize = 1 << 16;

/// Largest size of a chunk's events in bytes.
pub const CHUNK_BYTES: usize = 16 << 20;

/// Events in each chunk of a stream of events with `dimension` numbers.
pub fn chunk_events(dimension: usize) -> usize {
    (CHUNK_BYTES / (8 * dimension.max(1))).clamp(1, CHUNK_EVENTS)
}
