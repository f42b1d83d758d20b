//! Likelihood ratios as summary statistics.
//!
//! ```
//! use amplicast_likelihood_ratio::{TrueLr, TrueLrConfig};
//! use amplicast_sdk::{Component, SummaryStatistic};
//!
//! let ratio = TrueLr::new(TrueLrConfig {}).unwrap();
//! assert!(ratio.needs().log_density && ratio.needs().true_log_density);
//! ```

mod true_lr;

pub use true_lr::{TrueLr, TrueLrConfig};

amplicast_sdk::export_plugin!();
