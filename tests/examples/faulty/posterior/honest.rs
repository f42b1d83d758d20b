//! It keeps the contract.

use crate::honest::{Halves, PosteriorFault, fault};

fault!(PosteriorFault, Honest, Halves, register_uncertainty, "posterior-honest", "It keeps the contract", {});
