//! After three million events its numbers are others.

use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::*;

use crate::honest::{Column, SummaryFault, column, fault};

fault!(
    SummaryFault,
    LateCalls,
    Column,
    register_summary,
    "summary-late-calls",
    "After three million events its numbers are others",
    {
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            static EVENTS: AtomicU64 = AtomicU64::new(0);
            let late = EVENTS.fetch_add(1, Ordering::Relaxed) > 3_000_000;
            column(batch, i) + f64::from(u8::from(late))
        }
    }
);
