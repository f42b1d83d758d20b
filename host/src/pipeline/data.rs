//! True events of one replica: training and left-out in memory, holdout and truth as streams.

use amplicast_sdk::abi::LoadedDataset;
use amplicast_sdk::ndarray::{Array2, ArrayView2, s};
use amplicast_sdk::{Batch, Chunk, Error, Origin, Result, Seed, Split, Summary, chunk_events};

use super::select::Cuts;
use crate::config::{ReferenceName, Sizes};

/// The true events of one replica.
pub struct TrueEvents<'a> {
    dataset: &'a LoadedDataset,
    sizes: &'a Sizes,
    seed: Seed,
    /// All n_train events: those that the generator sees first, then the left-out ones.
    training: Array2<f64>,
    seen: usize,
    rows: Vec<u64>,
}

impl<'a> TrueEvents<'a> {
    /// Reads the training events of replica `replica`.
    pub fn read(dataset: &'a LoadedDataset, sizes: &'a Sizes, replica: u64) -> Result<Self> {
        let seed = Seed::new(sizes.seed).split("data").index(replica);
        let n = usize::try_from(sizes.n_train)
            .map_err(|_| Error::data("n_train is too large for this machine"))?;
        let dimension = dataset.schema().dimension();
        let mut training = Array2::zeros((n, dimension));
        let first = replica * sizes.n_train;
        let stream = seed.split("training");
        let step = chunk_events(dimension);
        for (index, mut rows) in
            training.axis_chunks_iter_mut(amplicast_sdk::ndarray::Axis(0), step).enumerate()
        {
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
        })
    }

    /// The events that the generator sees.
    pub fn seen(&self) -> Batch<'_> {
        self.slice(Origin::Training, 0, self.seen)
    }

    fn slice(&self, origin: Origin, first: usize, end: usize) -> Batch<'_> {
        Batch {
            values: self.training.slice(s![first..end, ..]),
            origin,
            rows: &self.rows[first..end],
            weights: None,
        }
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
                return each(&self.slice(Origin::LeftOut, self.seen, self.training.nrows()));
            }
            // A sampler's truth is its holdout stream under another seed.
            ReferenceName::Holdout => (Split::Holdout, Origin::Holdout, "holdout"),
            ReferenceName::Truth => (Split::Holdout, Origin::Truth, "truth"),
        };
        let n = self.events(reference)?.ok_or_else(|| {
            Error::data(format!("expected events for the reference `{}`, found none", reference.text()))
        })?;
        let seed = self.seed.split(name);
        let dimension = self.dataset.schema().dimension();
        let step = chunk_events(dimension) as u64;
        let mut values = vec![0.0; step as usize * dimension];
        let mut first = 0;
        while first < n {
            let rows: Vec<u64> = (first..(first + step).min(n)).collect();
            let length = rows.len();
            let chunk = Chunk { index: first / step, first_event: first, seed: seed.index(first / step) };
            let values = &mut values[..length * dimension];
            let out = amplicast_sdk::ndarray::ArrayViewMut2::from_shape((length, dimension), values)
                .map_err(|e| Error::plugin(e.to_string()))?;
            self.dataset.read(split, chunk, out)?;
            let view = ArrayView2::from_shape((length, dimension), &*values)
                .map_err(|e| Error::plugin(e.to_string()))?;
            each(&Batch { values: view, origin, rows: &rows, weights: None })?;
            first += step;
        }
        Ok(())
    }

    /// The values of one summary of the reference's events that pass the cuts.
    pub fn summaries(
        &self,
        reference: ReferenceName,
        summaries: &[Option<Box<dyn Summary>>],
        summary: usize,
        cuts: &Cuts,
    ) -> Result<Vec<f64>> {
        let mut kept = Vec::new();
        self.stream(reference, |batch| {
            let values = evaluate(summaries, summary, batch)?;
            kept.extend(cuts.keep(summaries, batch, &values)?);
            Ok(())
        })?;
        Ok(kept)
    }
}

/// One summary of a batch; that it is finite is checked where it crosses the boundary.
pub fn evaluate(
    summaries: &[Option<Box<dyn Summary>>],
    summary: usize,
    batch: &Batch<'_>,
) -> Result<Vec<f64>> {
    let mut values = vec![0.0; batch.values.nrows()];
    let function = summaries[summary].as_ref().ok_or_else(|| Error::data("a summary is not available"))?;
    function.evaluate(batch, &mut values)?;
    Ok(values)
}
