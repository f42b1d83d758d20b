//! The network and its coordinates, apart from its parameters.

use std::sync::Arc;

use amplicast_nn::{CausalTransformer, Coordinates};

use crate::columns::Columns;

/// What a model and its members share.
#[derive(Clone)]
pub struct Network {
    /// The sizes of the transformer.
    pub shape: CausalTransformer,
    /// How numbers become features.
    pub columns: Columns,
    /// The coordinates of events.
    pub coordinates: Arc<dyn Coordinates>,
    /// Gaussians in each mixture.
    pub components: usize,
}
