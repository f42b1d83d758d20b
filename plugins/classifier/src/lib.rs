//! Classifiers as summary statistics.
//!
//! ```
//! use amplicast_classifier::{ClassifierLr, ClassifierLrConfig};
//! use amplicast_sdk::{Component, SummaryStatistic};
//!
//! let summary = ClassifierLr::new(ClassifierLrConfig::default()).unwrap();
//! assert_eq!(summary.needs().fit.unwrap().training_fraction, 0.5);
//! ```

mod classifier_lr;
mod network;
mod sample;
mod training;

pub use classifier_lr::{ClassifierLr, ClassifierLrConfig};

amplicast_sdk::export_plugin!();

#[cfg(test)]
mod tests;
