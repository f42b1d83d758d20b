//! It does not write the number of the last event.

use amplicast_sdk::Batch;

use crate::honest::{Column, SummaryFault, column, fault};

fault!(
    SummaryFault,
    LastNumber,
    Column,
    register_summary,
    "summary-last-number",
    "It does not write the number of the last event",
    {
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            if i + 1 < batch.values.nrows() || i == 0 { column(batch, i) } else { f64::NAN }
        }
    }
);
