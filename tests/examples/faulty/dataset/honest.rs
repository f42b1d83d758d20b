//! It keeps the contract.

use crate::honest::{Data, DataFault, fault};

fault!(DataFault, Honest, Data, register_dataset, "dataset-honest", "It keeps the contract", {});
