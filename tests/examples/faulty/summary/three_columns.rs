//! It panics on events of three columns.

use amplicast_sdk::Batch;

use crate::honest::{Column, SummaryFault, column, fault};

fault!(
    SummaryFault,
    ThreeColumns,
    Column,
    register_summary,
    "summary-three-columns",
    "It panics on events of three columns",
    {
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            assert!(batch.values.ncols() != 3, "faulty: three columns");
            column(batch, i)
        }
    }
);
