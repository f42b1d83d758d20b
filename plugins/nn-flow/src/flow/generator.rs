//! What the generators have in common for those who bring a network of their own.

use amplicast_sdk::{Batch, Generator, Model, Result, Schema};

use super::network::{Architecture, Network};

/// A generator by flow matching.
pub trait FlowGenerator: Generator {
    /// Its kind of network.
    type Architecture: Architecture + 'static;

    /// The model of training events, with the network that this makes of the architecture for events of so many numbers.
    fn prepare_with(
        &self,
        training: &Batch<'_>,
        schema: &Schema,
        network: impl FnOnce(Self::Architecture, usize) -> Box<dyn Network>,
    ) -> Result<Box<dyn Model>>;
}
