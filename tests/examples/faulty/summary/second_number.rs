//! The second of its two numbers depends on the batch.

use amplicast_sdk::{Batch, Schema};

use crate::honest::{Column, SummaryFault, fault};

fault!(
    SummaryFault,
    SecondNumber,
    Column,
    register_summary,
    "summary-second-number",
    "The second of its two numbers depends on the batch",
    {
        fn numbers(&self, _: &Schema) -> Vec<String> {
            vec!["first".into(), "second".into()]
        }
        fn second(&self, batch: &Batch<'_>, i: usize) -> f64 {
            batch.values[[i, 0]] + batch.values.nrows() as f64
        }
    }
);
