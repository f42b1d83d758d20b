//! Its true quantiles are too large by 1 %.

use crate::honest::{Data, DataFault, fault};

fault!(
    DataFault,
    QuantileOnePercent,
    Data,
    register_dataset,
    "dataset-quantile-one-percent",
    "Its true quantiles are too large by 1 %",
    {
        fn quantile(&self, quantile: f64, _: f64) -> f64 {
            1.01 * quantile
        }
    }
);
