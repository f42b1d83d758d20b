//! True events of one training set: training and left-out in memory, holdout and truth as streams.

use std::ops::Range;

use amplicast_sdk::ndarray::{Array2, ArrayViewMut2, s};
use amplicast_sdk::{Batch, Chunk, Error, FitNeeds, Origin, Result, Seed, Split, TrainingUse};

use super::stream::{Beside, Stream};
use crate::config::{ReferenceName, Sizes};
use crate::inspection::Rounding;
use crate::pipeline::plan::{
    TrueSource, first_of_each, left_out, training_chunks, training_groups, whole_pieces,
};

/// How true events are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// All alike, each by itself.
    Alike,
    /// By weights.
    Weighted,
    /// Some belong together, with weights or without.
    Grouped,
}

/// The true events of one training set.
pub struct TrueEvents<'a> {
    dataset: &'a dyn TrueSource,
    sizes: &'a Sizes,
    seed: Seed,
    /// All n_train events: those that the generator sees first, then the left-out ones.
    training: Array2<f64>,
    /// Their weights, if they have some.
    weights: Option<Vec<f64>>,
    /// The row of the first event of the group of each, if some belong together.
    groups: Option<Vec<u64>>,
    seen: usize,
    rows: Vec<u64>,
    rounding: Rounding,
}

impl<'a> TrueEvents<'a> {
    /// Reads the training events of the training set with this number.
    pub fn read(dataset: &'a dyn TrueSource, sizes: &'a Sizes, number: u64) -> Result<Self> {
        let seed = Seed::new(sizes.seed).split("data").index(number);
        let n = usize::try_from(sizes.n_train)
            .map_err(|_| Error::data("n_train is too large for this machine"))?;
        let dimension = dataset.schema().dimension();
        let mut training = Array2::zeros((n, dimension));
        let groups = training_groups(dataset, sizes, number)?;
        let mut weights = dataset.weighted().then(|| vec![0.0; n]);
        for (chunk, events) in training_chunks(sizes, number, dimension) {
            let rows = training.slice_mut(s![events.clone(), ..]);
            match &mut weights {
                None => dataset.read(Split::Training, chunk, rows)?,
                Some(weights) => {
                    dataset.read_weighted(Split::Training, chunk, rows, &mut weights[events])?;
                }
            }
        }
        let left_out = left_out(sizes);
        Ok(TrueEvents {
            dataset,
            sizes,
            seed,
            training,
            weights,
            groups,
            seen: n - left_out,
            rows: (0..sizes.n_train).collect(),
            rounding: Rounding::default(),
        })
    }

    /// Whether true events have weights.
    pub fn weighted(&self) -> bool {
        self.weights.is_some()
    }

    /// Whether some true events belong together.
    pub fn grouped(&self) -> bool {
        self.groups.is_some()
    }

    /// How they are counted.
    pub fn counting(&self) -> Counting {
        match (self.grouped(), self.weighted()) {
            (true, _) => Counting::Grouped,
            (false, true) => Counting::Weighted,
            (false, false) => Counting::Alike,
        }
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
        match needs.training {
            TrainingUse::Held { training_fraction } => (self.seen as f64 * training_fraction) as usize,
            TrainingUse::CrossFitted => 0,
        }
    }

    /// The events that a summary is fitted to, and the others that the generator sees: none of a cross-fitted one.
    pub fn parts(&self, needs: &FitNeeds) -> [Batch<'_>; 2] {
        let end = if needs.cross_fitted() { self.seen } else { self.fitted(needs) };
        [0..end, end..self.seen].map(|r| self.slice(Origin::Training, r.start, r.end))
    }

    fn slice(&self, origin: Origin, first: usize, end: usize) -> Batch<'_> {
        let events = self.training.slice(s![first..end, ..]);
        let weights = self.weights.as_ref().map(|weights| &weights[first..end]);
        let groups = self.groups.as_ref().map(|groups| &groups[first..end]);
        Batch { weights, groups, ..Batch::new(events, origin, &self.rows[first..end]) }
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

    /// What stands for the truth: a sampler's own events without end, else the holdout; none of training events alone.
    pub fn best(&self) -> Result<Option<(ReferenceName, u64)>> {
        for name in [ReferenceName::Truth, ReferenceName::Holdout] {
            if let Some(n) = self.events(name)? {
                return Ok(Some((name, n)));
            }
        }
        Ok(None)
    }

    /// Passes the events of a reference, batch by batch.
    pub fn stream(
        &self,
        reference: ReferenceName,
        mut each: impl FnMut(&Batch<'_>) -> Result<()>,
    ) -> Result<()> {
        match reference {
            ReferenceName::Training => each(&self.slice(Origin::Training, 0, self.seen)),
            ReferenceName::LeftOut => each(&self.left_out()),
            ReferenceName::Holdout | ReferenceName::Truth => {
                let n = self.events(reference)?.ok_or_else(|| {
                    Error::data(format!(
                        "expected events for the reference `{}`, found none",
                        reference.text()
                    ))
                })?;
                self.stream_part(reference, 0..n, each)
            }
        }
    }

    /// Passes a part of the events of a reference that is no part of the training sample, from the begin of a chunk on. Of events that belong
    /// together the part is moved to where groups begin and end, so that parts next to each other stay so; a batch has whole groups.
    pub fn stream_part(
        &self,
        reference: ReferenceName,
        events: Range<u64>,
        each: impl FnMut(&Batch<'_>) -> Result<()>,
    ) -> Result<()> {
        // A sampler's truth is its holdout stream under another seed.
        let (origin, name) = match reference {
            ReferenceName::Truth => (Origin::Truth, "truth"),
            _ => (Origin::Holdout, "holdout"),
        };
        let dimension = self.dataset.schema().dimension();
        let stream = Stream { dimension, seed: self.seed.split(name), origin, rounding: &self.rounding };
        let read = |chunk: Chunk, out: ArrayViewMut2<'_, f64>| {
            let mut beside = Beside::default();
            if self.grouped() {
                let mut numbers = vec![0.0; out.nrows()];
                self.dataset.read_groups(Split::Holdout, chunk, &mut numbers)?;
                beside.groups = Some(first_of_each(&numbers, chunk.first_event));
            }
            if !self.weighted() {
                self.dataset.read(Split::Holdout, chunk, out)?;
                return Ok(beside);
            }
            let mut weights = vec![0.0; out.nrows()];
            self.dataset.read_weighted(Split::Holdout, chunk, out, &mut weights)?;
            Ok(Beside { weights: Some(weights), ..beside })
        };
        let pieces = whole_pieces(self.dataset, stream.pieces(events))?;
        stream.read_pieces(&pieces, read, each)
    }
}
