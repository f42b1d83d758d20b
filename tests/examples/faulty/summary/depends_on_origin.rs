//! It depends on where an event comes from.

use amplicast_sdk::{Batch, Origin};

use crate::honest::{Column, SummaryFault, column, fault};

fault!(
    SummaryFault,
    DependsOnOrigin,
    Column,
    register_summary,
    "summary-depends-on-origin",
    "It depends on where an event comes from",
    {
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            column(batch, i) + if batch.origin == Origin::Generated { 0.1 } else { 0.0 }
        }
    }
);
