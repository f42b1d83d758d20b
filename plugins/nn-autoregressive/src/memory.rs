//! The memory of a gradient, kept from step to step.

use std::sync::{Mutex, PoisonError};

use amplicast_nn::lanes::{BackwardWorkspace, Rows, Slots, Workspace, block_events};
use amplicast_nn::pulp::Simd;

use crate::network::Network;

/// The memory for a block of events.
pub(crate) struct Memory {
    pub work: Workspace,
    pub back: BackwardWorkspace,
    /// For each position the inputs.
    pub features: Slots,
    /// The outputs at a position.
    pub raw: Rows,
    /// For each position the gradient of the outputs.
    pub outputs: Slots,
    /// Two rows for each component of a mixture.
    pub scratch: Rows,
    /// Two rows that go between lanes and scalars: coordinates and weights, then the two parts of the log density.
    pub pair: Rows,
}

impl Memory {
    fn new<S: Simd>(network: &Network) -> Self {
        let (shape, events) = (&network.shape, block_events::<S>());
        Memory {
            work: Workspace::of_all(shape, events),
            back: BackwardWorkspace::new::<S>(shape, events),
            features: Slots::new(shape.positions, shape.features, events),
            raw: Rows::new(shape.outputs, events),
            outputs: Slots::new(shape.positions, shape.outputs, events),
            scratch: Rows::new(2 * network.components, events),
            pair: Rows::new(2, events),
        }
    }

    /// Makes zero what other blocks add to.
    pub fn prepare(&mut self) {
        self.back.clear();
        self.outputs.clear();
    }
}

/// What one call needs.
pub(crate) struct Memories {
    lanes: usize,
    /// For the start token.
    pub start: Memory,
    /// For blocks of events.
    pub block: Memory,
}

/// Memory that no call uses at the moment: threads may train the same model.
#[derive(Default)]
pub struct Pool(Mutex<Vec<Memories>>);

impl Pool {
    /// Memory for registers of this size; new if there is none.
    pub(crate) fn take<S: Simd>(&self, network: &Network) -> Memories {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        found.filter(|memories| memories.lanes == S::F32_LANES).unwrap_or_else(|| {
            let (start, block) = (Memory::new::<S>(network), Memory::new::<S>(network));
            Memories { lanes: S::F32_LANES, start, block }
        })
    }

    /// Gives memory back.
    pub(crate) fn put(&self, memories: Memories) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(memories);
    }
}
