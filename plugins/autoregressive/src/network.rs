//! The network and its coordinates, apart from its parameters.

use std::sync::Arc;

use amplicast_nn::{CausalTransformer, Coordinates};

use crate::columns::Columns;

/// What a model and its members share.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) shape: CausalTransformer,
    pub(crate) columns: Columns,
    pub(crate) coordinates: Arc<dyn Coordinates>,
    pub(crate) components: usize,
}
