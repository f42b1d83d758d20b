//! The ring of Bahl et al. 2025 and the default autoregressive network on it.

use amplicast_sdk::abi::LoadedModel;
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Batch, Chunk, Origin, Result, Seed, Split};
use serde_json::json;

use crate::plugins::Plugins;

/// Training events.
pub const TRAINING: usize = 1000;

/// The default network prepared on a ring of [`TRAINING`] events.
pub fn model(plugins: &Plugins, dimension: usize) -> Result<LoadedModel<'static>> {
    let ring = plugins.dataset("gaussian-ring", &json!({ "dimension": dimension }))?;
    let mut events = Array2::zeros((TRAINING, dimension));
    ring.read(Split::Training, chunk(0), events.view_mut())?;
    let rows = rows();
    let batch = Batch::new(events.view(), Origin::Training, &rows);
    plugins.generator("autoregressive", &json!({}))?.prepare(&batch, ring.schema())
}

/// The numbers of all training events.
pub fn rows() -> Vec<u64> {
    (0..TRAINING as u64).collect()
}

/// The chunk with that number of a stream.
pub fn chunk(index: u64) -> Chunk {
    Chunk { index, first_event: 0, seed: Seed::new(1).index(index) }
}
