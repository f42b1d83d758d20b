//! Where true events come from.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::{Chunk, Component, Error, Result, Schema};

/// The disjoint parts of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    /// Events for training (and left-out references); counted in n_train.
    Training,
    /// Further true events, used only to validate an estimate.
    Holdout,
}

/// True events: a sampler of a known truth, or a file.
///
/// Reading is a pure function of (split, chunk): events are streamed in chunks, a file of any size is never in memory whole.
pub trait Dataset: Component {
    /// The columns of an event.
    fn schema(&self) -> Schema;

    /// Events in a split; `None` for a sampler, which has no end.
    fn capacity(&self, split: Split) -> Option<u64>;

    /// Fills `out` (n x d) with the events `chunk.first_event ..` of a split.
    ///
    /// A sampler draws them from `chunk.seed`; a file returns its rows and ignores the seed.
    fn read(&self, split: Split, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()>;

    /// Whether its events have weights, and [`Dataset::read_weighted`] reads them. Of events that all count alike none are needed.
    fn weighted(&self) -> bool {
        false
    }

    /// Like [`Dataset::read`], with a weight for each event: finite, of either sign.
    fn read_weighted(
        &self,
        _split: Split,
        _chunk: Chunk,
        _out: ArrayViewMut2<'_, f64>,
        _weights: &mut [f64],
    ) -> Result<()> {
        Err(Error::unsupported("this dataset's events have no weights"))
    }

    /// Whether some of its events belong together, as those of one parton-level event do, and [`Dataset::read_groups`] tells which. Where each
    /// event is by itself no groups are needed.
    fn grouped(&self) -> bool {
        false
    }

    /// Fills `groups` with the number of the group of each event that [`Dataset::read`] gives for this chunk: finite, and the same for
    /// events of one group, which stand next to each other. No number comes again later in the split.
    ///
    /// A group of a file may reach from one chunk into the next. A sampler's end with their chunk.
    fn read_groups(&self, _split: Split, _chunk: Chunk, _groups: &mut [f64]) -> Result<()> {
        Err(Error::unsupported("this dataset's events belong to no groups"))
    }

    /// The true density, if it is known.
    fn density(&self) -> Option<&dyn Density> {
        None
    }

    /// The true quantile of a summary, if it is known exactly. `summary` is a summary's label: `radius`, `coordinate:0`.
    fn quantile(&self, _summary: &str, _probability: f64) -> Option<f64> {
        None
    }

    /// Files that the dataset reads; their contents enter the hash of every stage.
    fn files(&self) -> Vec<std::path::PathBuf> {
        Vec::new()
    }

    /// What the user should know of how the dataset reads its events: a column that is left out, say. Printed as warnings.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A normalized density of events.
pub trait Density: Send + Sync {
    /// Writes the natural logarithm of the density at each event (n x d) to `out` (n); -inf outside the support.
    fn log_density(&self, events: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()>;
}
