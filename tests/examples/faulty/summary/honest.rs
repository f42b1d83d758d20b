//! It keeps the contract.

use crate::honest::{Column, SummaryFault, fault};

fault!(SummaryFault, Honest, Column, register_summary, "summary-honest", "It keeps the contract", {});
