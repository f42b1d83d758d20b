//! It keeps the contract.

use crate::honest::{Blob, SimpleFault, fault};

fault!(
    SimpleFault,
    HonestSimple,
    Blob,
    register_generator,
    "generator-honest-simple",
    "It keeps the contract",
    {}
);
