//! Its true quantiles are those of uniform numbers.

use crate::honest::{Data, DataFault, fault};

fault!(
    DataFault,
    QuantileOther,
    Data,
    register_dataset,
    "dataset-quantile-other",
    "Its true quantiles are those of uniform numbers",
    {
        fn quantile(&self, quantile: f64, probability: f64) -> f64 {
            if quantile.is_finite() { probability } else { quantile }
        }
    }
);
