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
mod true_score;

pub use true_lr::{TrueLr, TrueLrConfig};
pub use true_score::{TrueScore, TrueScoreConfig};

amplicast_sdk::export_plugin!();
