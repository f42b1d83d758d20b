//! A logarithm that ends at 8 TeV.

use amplicast_sdk::*;

use crate::honest::{Column, SummaryFault, at_least, fault, momentum};

fault!(
    SummaryFault,
    TenTev,
    Column,
    register_summary,
    "summary-ten-tev",
    "A logarithm that ends at 8 TeV",
    {
        fn check(&self, schema: &Schema) -> Result<()> {
            at_least(schema, 1)
        }
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            (8000.0 - momentum(batch, i, 0)[0]).ln()
        }
    }
);
