//! Metrics of amplicast: `integral` (averaging amplification) and `ks` (differential amplification).
//!
//! Both follow Bahl et al. 2025, "Forecasting Generative Amplification". A metric measures; the host alone solves Eq. 3.

mod integral;
mod ks;
mod regions;

pub use integral::{Integral, IntegralConfig};
pub use ks::{Distance, GapCounts, Ks, KsConfig, kolmogorov};

amplicast_sdk::export_plugin!();
