//! It hangs when it is evaluated.

use amplicast_sdk::Batch;

use crate::honest::{Column, SummaryFault, fault};

fault!(SummaryFault, Hangs, Column, register_summary, "summary-hangs", "It hangs when it is evaluated", {
    fn number(&self, _: &Batch<'_>, _: usize) -> f64 {
        loop {
            std::thread::sleep(std::time::Duration::from_secs(3600));
        }
    }
});
