//! Where true events come from: a dataset of a plugin, or a member of an earlier run.

use amplicast_sdk::abi::LoadedDataset;
use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::{Chunk, Density, Error, Result, Schema, Split};

/// What the host asks of a dataset; see [`amplicast_sdk::Dataset`].
pub trait TrueSource: Send + Sync {
    /// The columns of an event.
    fn schema(&self) -> &Schema;
    /// Events in a split; `None` without end.
    fn capacity(&self, split: Split) -> Result<Option<u64>>;
    /// Fills `out` with the events of a chunk.
    fn read(&self, split: Split, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()>;
    /// Whether its events have weights.
    fn weighted(&self) -> bool {
        false
    }
    /// The same with the weight of each event.
    fn read_weighted(
        &self,
        _split: Split,
        _chunk: Chunk,
        _out: ArrayViewMut2<'_, f64>,
        _weights: &mut [f64],
    ) -> Result<()> {
        Err(Error::plugin("expected events with weights, found a source without"))
    }
    /// Whether some of its events belong together.
    fn grouped(&self) -> bool {
        false
    }
    /// The number of each event's group.
    fn read_groups(&self, _split: Split, _chunk: Chunk, _groups: &mut [f64]) -> Result<()> {
        Err(Error::plugin("expected events that belong together, found a source without"))
    }
    /// The density, if it is known.
    fn density(&self) -> Option<&dyn Density>;
    /// The exact quantile of a summary, if it is known.
    fn quantile(&self, summary: &str, probability: f64) -> Result<Option<f64>>;
}

impl TrueSource for LoadedDataset {
    fn schema(&self) -> &Schema {
        self.schema()
    }
    fn capacity(&self, split: Split) -> Result<Option<u64>> {
        self.capacity(split)
    }
    fn read(&self, split: Split, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()> {
        self.read(split, chunk, out)
    }
    fn weighted(&self) -> bool {
        self.weighted()
    }
    fn read_weighted(
        &self,
        split: Split,
        chunk: Chunk,
        out: ArrayViewMut2<'_, f64>,
        weights: &mut [f64],
    ) -> Result<()> {
        self.read_weighted(split, chunk, out, weights)
    }
    fn grouped(&self) -> bool {
        self.grouped()
    }
    fn read_groups(&self, split: Split, chunk: Chunk, groups: &mut [f64]) -> Result<()> {
        self.read_groups(split, chunk, groups)
    }
    fn density(&self) -> Option<&dyn Density> {
        self.density()
    }
    fn quantile(&self, summary: &str, probability: f64) -> Result<Option<f64>> {
        self.quantile(summary, probability)
    }
}
