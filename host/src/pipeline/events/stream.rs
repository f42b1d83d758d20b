//! A stream of events that is read chunk by chunk.

use std::ops::Range;

use amplicast_sdk::ndarray::{ArrayView2, ArrayViewMut2, ShapeError};
use amplicast_sdk::{Batch, Chunk, Error, Origin, Result, Seed, chunk_events};

use crate::inspection::Rounding;

/// What belongs to the events of a chunk, where it is known.
#[derive(Default)]
pub struct Beside {
    /// The log density of each under the member.
    pub log_density: Option<Vec<f64>>,
    /// The weight of each.
    pub weights: Option<Vec<f64>>,
    /// The number of the group of each.
    pub groups: Option<Vec<u64>>,
}

/// A stream of events that is read chunk by chunk, so that memory does not depend on its length.
pub struct Stream<'a> {
    /// Numbers in an event.
    pub dimension: usize,
    /// The randomness of the whole stream.
    pub seed: Seed,
    /// What its events are.
    pub origin: Origin,
    /// The precision that they are brought to.
    pub rounding: &'a Rounding,
}

impl Stream<'_> {
    /// Reads `events`, which begin at the begin of a chunk, and passes them on in batches of one chunk.
    ///
    /// `read` fills a chunk, and gives what belongs to its events.
    pub fn read(
        &self,
        events: Range<u64>,
        read: impl Fn(Chunk, ArrayViewMut2<'_, f64>) -> Result<Beside>,
        each: impl FnMut(&Batch<'_>) -> Result<()>,
    ) -> Result<()> {
        self.read_pieces(&self.pieces(events), read, each)
    }

    /// These events chunk by chunk.
    pub fn pieces(&self, events: Range<u64>) -> Vec<Range<u64>> {
        let step = chunk_events(self.dimension) as u64;
        let piece = |first: u64| first..(first + step).min(events.end);
        events.clone().step_by(step as usize).map(piece).collect()
    }

    /// The same, in these pieces, of events that do not depend on where they are cut.
    pub fn read_pieces(
        &self,
        pieces: &[Range<u64>],
        read: impl Fn(Chunk, ArrayViewMut2<'_, f64>) -> Result<Beside>,
        mut each: impl FnMut(&Batch<'_>) -> Result<()>,
    ) -> Result<()> {
        let step = chunk_events(self.dimension) as u64;
        let longest = pieces.iter().map(|piece| piece.end - piece.start).max().unwrap_or(0);
        let mut values = vec![0.0; longest as usize * self.dimension];
        let shape = |error: ShapeError| Error::plugin(error.to_string());
        for piece in pieces {
            let (first, rows): (u64, Vec<u64>) = (piece.start, piece.clone().collect());
            let size = (rows.len(), self.dimension);
            let values = &mut values[..size.0 * size.1];
            let index = first / step;
            let chunk = Chunk { index, first_event: first, seed: self.seed.index(index) };
            let Beside { log_density, weights, groups } =
                read(chunk, ArrayViewMut2::from_shape(size, &mut *values).map_err(shape)?)?;
            self.rounding.apply(ArrayViewMut2::from_shape(size, &mut *values).map_err(shape)?);
            let values = ArrayView2::from_shape(size, values).map_err(shape)?;
            each(&Batch {
                log_density: log_density.as_deref(),
                weights: weights.as_deref(),
                groups: groups.as_deref(),
                ..Batch::new(values, self.origin, &rows)
            })?;
        }
        Ok(())
    }
}
