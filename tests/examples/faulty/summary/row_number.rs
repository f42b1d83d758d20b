//! It depends on the number of the row.

use amplicast_sdk::Batch;

use crate::honest::{Column, SummaryFault, column, fault};

fault!(
    SummaryFault,
    RowNumber,
    Column,
    register_summary,
    "summary-row-number",
    "It depends on the number of the row",
    {
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            column(batch, i) + if batch.rows[i] > 100_000 { 0.1 } else { 0.0 }
        }
    }
);
