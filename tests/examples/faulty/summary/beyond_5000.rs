//! It panics beyond 5000.

use amplicast_sdk::Batch;

use crate::honest::{Column, SummaryFault, column, fault};

fault!(SummaryFault, Beyond5000, Column, register_summary, "summary-beyond-5000", "It panics beyond 5000", {
    fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
        // A table of 10 001 entries.
        let table = |x: f64| (0..=10_000).nth((x + 5000.0) as usize).expect("faulty: beyond the table");
        column(batch, i) + 0.0 * f64::from(table(column(batch, i).abs()))
    }
});
