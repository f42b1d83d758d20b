//! It keeps the contract.

use crate::honest::{Distance, MetricFault, fault};

fault!(MetricFault, Honest, Distance, register_metric, "metric-honest", "It keeps the contract", {});
