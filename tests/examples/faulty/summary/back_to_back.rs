//! A direction of two particles together: NaN where their momenta add up to zero.

use amplicast_sdk::*;

use crate::honest::{Column, SummaryFault, at_least, fault, momentum};

fault!(
    SummaryFault,
    BackToBack,
    Column,
    register_summary,
    "summary-back-to-back",
    "A direction of two particles together: NaN where their momenta add up to zero",
    {
        fn check(&self, schema: &Schema) -> Result<()> {
            at_least(schema, 2)
        }
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            let ([_, x, y, z], [_, a, b, c]) = (momentum(batch, i, 0), momentum(batch, i, 1));
            // Undefined for a sum of zero alone: a momentum of zero is taken care of.
            if [x, y, z] == [0.0; 3] || [a, b, c] == [0.0; 3] {
                return 0.0;
            }
            (z + c) / ((x + a).powi(2) + (y + b).powi(2) + (z + c).powi(2)).sqrt()
        }
    }
);
