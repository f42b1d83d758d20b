//! It depends on the place of an event in the batch.

use amplicast_sdk::Batch;

use crate::honest::{Column, SummaryFault, column, fault};

fault!(
    SummaryFault,
    BatchOrder,
    Column,
    register_summary,
    "summary-batch-order",
    "It depends on the place of an event in the batch",
    {
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            column(batch, i) + 1e-6 * i as f64
        }
    }
);
