//! It keeps the contract.

use crate::honest::{GaussianFault, Network, fault};

fault!(GaussianFault, Honest, Network, register_generator, "generator-honest", "It keeps the contract", {});
