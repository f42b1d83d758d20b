//! Metrics of amplicast: `integral` and `mean` (averaging amplification) and `ks` (differential amplification).
//!
//! Both follow Bahl et al. 2025, "Forecasting Generative Amplification". A metric measures; the host alone solves Eq. 3.

mod averaging;
mod fractions;
mod grouped_integral;
mod integral;
mod ks;
mod mean;
mod numbers;
mod regions;
mod weighted_mean;

pub use integral::{Integral, IntegralConfig};
pub use ks::{Distance, GapCounts, Ks, KsConfig, kolmogorov};
pub use mean::{Mean, MeanConfig};

amplicast_sdk::export_plugin!();
