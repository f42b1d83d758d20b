//! The cosine of the polar angle: NaN for a momentum of zero.

use amplicast_sdk::*;

use crate::honest::{Column, SummaryFault, at_least, fault, momentum};

fault!(
    SummaryFault,
    ZeroMomentum,
    Column,
    register_summary,
    "summary-zero-momentum",
    "The cosine of the polar angle: NaN for a momentum of zero",
    {
        fn check(&self, schema: &Schema) -> Result<()> {
            at_least(schema, 1)
        }
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            let [_, x, y, z] = momentum(batch, i, 0);
            z / (x * x + y * y + z * z).sqrt()
        }
    }
);
