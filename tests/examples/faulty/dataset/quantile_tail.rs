//! Its true quantiles above 0.97 are too large.

use crate::honest::{Data, DataFault, fault};

fault!(
    DataFault,
    QuantileTail,
    Data,
    register_dataset,
    "dataset-quantile-tail",
    "Its true quantiles above 0.97 are too large",
    {
        fn quantile(&self, quantile: f64, probability: f64) -> f64 {
            if probability > 0.97 { 2.0 * quantile } else { quantile }
        }
    }
);
