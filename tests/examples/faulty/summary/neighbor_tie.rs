//! It adds 1 where the event before it has the same number.

use amplicast_sdk::Batch;

use crate::honest::{Column, SummaryFault, column, fault};

fault!(
    SummaryFault,
    NeighborTie,
    Column,
    register_summary,
    "summary-neighbor-tie",
    "It adds 1 where the event before it has the same number",
    {
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            let same = i > 0 && column(batch, i - 1).to_bits() == column(batch, i).to_bits();
            column(batch, i) + f64::from(u8::from(same))
        }
    }
);
