//! It subtracts the mean over the batch.

use amplicast_sdk::Batch;

use crate::honest::{Column, SummaryFault, column, fault};

fault!(
    SummaryFault,
    BatchMean,
    Column,
    register_summary,
    "summary-batch-mean",
    "It subtracts the mean over the batch",
    {
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            column(batch, i) - batch.values.column(0).mean().unwrap_or(0.0)
        }
    }
);
