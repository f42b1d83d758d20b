//! It depends on what it was asked for before.

use amplicast_sdk::Batch;

use crate::honest::{Column, SummaryFault, column, fault, never_the_same};

fault!(
    SummaryFault,
    HiddenState,
    Column,
    register_summary,
    "summary-hidden-state",
    "It depends on what it was asked for before",
    {
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            column(batch, i) + 1e-6 * never_the_same()
        }
    }
);
