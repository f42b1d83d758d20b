//! The number of one event in ten thousand is NaN.

use amplicast_sdk::Batch;

use crate::honest::{Column, SummaryFault, column, fault};

fault!(
    SummaryFault,
    NanRare,
    Column,
    register_summary,
    "summary-nan-rare",
    "The number of one event in ten thousand is NaN",
    {
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            let x = column(batch, i);
            if (x * 1e9).rem_euclid(1e4) < 1.0 && x != 0.0 && x.abs() < 1.0 { f64::NAN } else { x }
        }
    }
);
