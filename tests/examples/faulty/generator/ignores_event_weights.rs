//! It says that it learns from event weights, and does not.

use crate::honest::{GaussianFault, Network, fault};

fault!(
    GaussianFault,
    IgnoresEventWeights,
    Network,
    register_generator,
    "generator-ignores-event-weights",
    "It says that it learns from event weights, and does not",
    {
        fn says_weights(&self) -> bool {
            true
        }
    }
);
