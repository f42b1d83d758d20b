//! True events of one replica: training and left-out in memory, holdout and truth as streams.

use std::ops::Range;

use amplicast_sdk::ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, ShapeError, s};
use amplicast_sdk::{Batch, Chunk, Error, FitNeeds, Origin, Result, Seed, Split, chunk_events};

use super::true_source::TrueSource;
use crate::config::{ReferenceName, Sizes};
use crate::inspection::Rounding;

/// The true events of one replica.
pub struct TrueEvents<'a> {
    dataset: &'a dyn TrueSource,
    sizes: &'a Sizes,
    seed: Seed,
    /// All n_train events: those that the generator sees first, then the left-out ones.
    training: Array2<f64>,
    seen: usize,
    rows: Vec<u64>,
    rounding: Rounding,
}

impl<'a> TrueEvents<'a> {
    /// Reads the training events of replica `replica`.
    pub fn read(dataset: &'a dyn TrueSource, sizes: &'a Sizes, replica: u64) -> Result<Self> {
        let seed = Seed::new(sizes.seed).split("data").index(replica);
        let n = usize::try_from(sizes.n_train)
            .map_err(|_| Error::data("n_train is too large for this machine"))?;
        let dimension = dataset.schema().dimension();
        let mut training = Array2::zeros((n, dimension));
        let first = replica * sizes.n_train;
        let stream = seed.split("training");
        let step = chunk_events(dimension);
        for (index, mut rows) in training.axis_chunks_iter_mut(Axis(0), step).enumerate() {
            let chunk = Chunk {
                index: index as u64,
                first_event: first + (index * step) as u64,
                seed: stream.index(index as u64),
            };
            dataset.read(Split::Training, chunk, rows.view_mut())?;
        }
        let left_out = (sizes.n_train as f64 * sizes.left_out) as usize;
        Ok(TrueEvents {
            dataset,
            sizes,
            seed,
            training,
            seen: n - left_out,
            rows: (0..sizes.n_train).collect(),
            rounding: Rounding::default(),
        })
    }

    /// The precision in which all events are compared.
    pub fn rounding(&self) -> &Rounding {
        &self.rounding
    }

    /// Brings these events, and all that will be streamed, to this precision.
    pub fn round(&mut self, rounding: Rounding) {
        rounding.apply(self.training.view_mut());
        self.rounding = rounding;
    }

    /// The events that the generator sees.
    pub fn seen(&self) -> Batch<'_> {
        self.slice(Origin::Training, 0, self.seen)
    }

    /// The events that are kept from the generator.
    pub fn left_out(&self) -> Batch<'_> {
        self.slice(Origin::LeftOut, self.seen, self.training.nrows())
    }

    /// How many of the events that the generator sees a summary is fitted to and not evaluated on: the first ones.
    pub fn fitted(&self, needs: &FitNeeds) -> usize {
        if needs.cross_fitted { 0 } else { (self.seen as f64 * needs.training_fraction) as usize }
    }

    /// The events that a summary is fitted to, and the others that the generator sees: none of a cross-fitted one.
    pub fn parts(&self, needs: &FitNeeds) -> [Batch<'_>; 2] {
        let end = if needs.cross_fitted { self.seen } else { self.fitted(needs) };
        [0..end, end..self.seen].map(|r| self.slice(Origin::Training, r.start, r.end))
    }

    fn slice(&self, origin: Origin, first: usize, end: usize) -> Batch<'_> {
        Batch::new(self.training.slice(s![first..end, ..]), origin, &self.rows[first..end])
    }

    /// All n_train events: the generator's and the left-out ones.
    pub fn all(&self) -> Batch<'_> {
        self.slice(Origin::Training, 0, self.training.nrows())
    }

    /// Events of a reference; `None` if the dataset does not have it.
    pub fn events(&self, reference: ReferenceName) -> Result<Option<u64>> {
        let holdout = self.dataset.capacity(Split::Holdout)?;
        Ok(match reference {
            ReferenceName::Training => Some(self.seen as u64),
            ReferenceName::LeftOut => Some((self.training.nrows() - self.seen) as u64),
            ReferenceName::Holdout => match (self.sizes.n_holdout, holdout) {
                (Some(n), _) => Some(n),
                (None, Some(n)) => Some(n),
                (None, None) => Some(10 * self.sizes.n_train),
            },
            ReferenceName::Truth => holdout.is_none().then_some(self.sizes.n_truth),
        }
        .filter(|&n| n > 0))
    }

    /// Passes the events of a reference, batch by batch.
    pub fn stream(
        &self,
        reference: ReferenceName,
        mut each: impl FnMut(&Batch<'_>) -> Result<()>,
    ) -> Result<()> {
        let (split, origin, name) = match reference {
            ReferenceName::Training => return each(&self.slice(Origin::Training, 0, self.seen)),
            ReferenceName::LeftOut => {
                return each(&self.left_out());
            }
            // A sampler's truth is its holdout stream under another seed.
            ReferenceName::Holdout => (Split::Holdout, Origin::Holdout, "holdout"),
            ReferenceName::Truth => (Split::Holdout, Origin::Truth, "truth"),
        };
        let n = self.events(reference)?.ok_or_else(|| {
            Error::data(format!("expected events for the reference `{}`, found none", reference.text()))
        })?;
        let dimension = self.dataset.schema().dimension();
        let stream = Stream { dimension, seed: self.seed.split(name), origin, rounding: &self.rounding };
        stream.read(0..n, |chunk, out| self.dataset.read(split, chunk, out).map(|()| None), each)
    }
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
    /// `read` fills a chunk, and gives the events' log densities under the member if it knows them.
    pub fn read(
        &self,
        events: Range<u64>,
        read: impl Fn(Chunk, ArrayViewMut2<'_, f64>) -> Result<Option<Vec<f64>>>,
        mut each: impl FnMut(&Batch<'_>) -> Result<()>,
    ) -> Result<()> {
        let step = chunk_events(self.dimension) as u64;
        let longest = step.min(events.end - events.start) as usize;
        let mut values = vec![0.0; longest * self.dimension];
        let shape = |error: ShapeError| Error::plugin(error.to_string());
        for first in events.clone().step_by(step as usize) {
            let rows: Vec<u64> = (first..(first + step).min(events.end)).collect();
            let size = (rows.len(), self.dimension);
            let values = &mut values[..size.0 * size.1];
            let index = first / step;
            let chunk = Chunk { index, first_event: first, seed: self.seed.index(index) };
            let log_density = read(chunk, ArrayViewMut2::from_shape(size, &mut *values).map_err(shape)?)?;
            self.rounding.apply(ArrayViewMut2::from_shape(size, &mut *values).map_err(shape)?);
            let values = ArrayView2::from_shape(size, values).map_err(shape)?;
            each(&Batch { log_density: log_density.as_deref(), ..Batch::new(values, self.origin, &rows) })?;
        }
        Ok(())
    }
}
