//! One over the first column: infinite at 0.

use amplicast_sdk::Batch;

use crate::honest::{Column, SummaryFault, column, fault};

fault!(
    SummaryFault,
    Inverse,
    Column,
    register_summary,
    "summary-inverse",
    "One over the first column: infinite at 0",
    {
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            1.0 / column(batch, i)
        }
    }
);
