//! Two columns of normal numbers.

use amplicast_sdk::ndarray::{ArrayView2, ArrayViewMut2};
use amplicast_sdk::*;

use super::generator::normal_log_density;
use super::simple::draw;

/// What may be wrong in it.
pub trait DataFault: Clone + Default + Send + Sync + 'static {
    const NAME: &'static str;
    const ABOUT: &'static str;

    /// Where the events of a chunk of so many rows come from.
    fn seed(&self, split: Split, chunk: Chunk, _rows: usize) -> Seed {
        chunk.seed.split(if split == Split::Training { "training" } else { "holdout" })
    }

    /// What the quantile of a column is said to be, from what it is.
    fn quantile(&self, quantile: f64, _probability: f64) -> f64 {
        quantile
    }

    /// Whether it says that its events have weights, which are all 1 and of other events.
    fn says_weights(&self) -> bool {
        false
    }

    /// Whether it says that its events belong together, in groups whose numbers come again.
    fn says_groups(&self) -> bool {
        false
    }

    /// One event.
    fn event(&self, stream: &mut Stream, event: &mut [f64]) {
        draw(&[0.0, 0.0], stream, event);
    }
}

pub struct Data<F>(pub F);

super::component!(Data, DataFault);

impl<F: DataFault> Dataset for Data<F> {
    fn schema(&self) -> Schema {
        Schema::columns(["x", "y"])
    }

    fn capacity(&self, _: Split) -> Option<u64> {
        None
    }

    fn read(&self, split: Split, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let mut stream = self.0.seed(split, chunk, out.nrows()).stream();
        for mut row in out.rows_mut() {
            let event = row.as_slice_mut().ok_or_else(|| Error::plugin("expected a row-major batch"))?;
            self.0.event(&mut stream, event);
        }
        Ok(())
    }

    fn weighted(&self) -> bool {
        self.0.says_weights()
    }

    fn read_weighted(
        &self,
        split: Split,
        chunk: Chunk,
        out: ArrayViewMut2<'_, f64>,
        weights: &mut [f64],
    ) -> Result<()> {
        if !self.weighted() {
            return Err(Error::unsupported("these events have no weights"));
        }
        weights.fill(1.0);
        self.read(split, Chunk { seed: chunk.seed.split("weighted"), ..chunk }, out)
    }

    fn grouped(&self) -> bool {
        self.0.says_groups()
    }

    fn read_groups(&self, _: Split, _: Chunk, groups: &mut [f64]) -> Result<()> {
        if !self.grouped() {
            return Err(Error::unsupported("these events are each by itself"));
        }
        groups.iter_mut().enumerate().for_each(|(row, group)| *group = (row / 3 % 10) as f64);
        Ok(())
    }

    fn density(&self) -> Option<&dyn Density> {
        Some(self)
    }

    /// Those of the standard normal distribution that are in every table.
    fn quantile(&self, summary: &str, probability: f64) -> Option<f64> {
        let one = QUANTILES
            .iter()
            .find(|(p, _)| (p - probability).abs().min((1.0 - p - probability).abs()) < 1e-12)?;
        let quantile = if probability < 0.5 { -one.1 } else { one.1 };
        summary.starts_with("coordinate:").then(|| self.0.quantile(quantile, probability))
    }
}

const QUANTILES: [(f64, f64); 7] = [
    (0.5, 0.0),
    (0.75, 0.674_489_750_2),
    (0.9, 1.281_551_565_5),
    (0.95, 1.644_853_627),
    (0.975, 1.959_963_984_5),
    (0.99, 2.326_347_874),
    (0.999, 3.090_232_306_2),
];

impl<F: DataFault> Density for Data<F> {
    fn log_density(&self, events: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
        let densities = events.rows().into_iter().map(|event| normal_log_density(&[0.0, 0.0], event, 1.0));
        out.iter_mut().zip(densities).for_each(|(y, x)| *y = x);
        Ok(())
    }
}
