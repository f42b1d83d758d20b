//! Classifiers as summary statistics.
//!
//! ```
//! use amplicast_classifier::{ClassifierLr, ClassifierLrConfig};
//! use amplicast_sdk::{Component, FittedSummary, TrainingUse};
//!
//! let summary = ClassifierLr::new(ClassifierLrConfig::default()).unwrap();
//! assert_eq!(summary.needs().training, TrainingUse::Held { training_fraction: 0.5 });
//! ```

mod auc;
mod classifier_lr;
mod diagnostics;
mod features;
mod folds;
mod network;
mod ranks;
mod sample;
mod training;

pub use classifier_lr::{ClassifierLr, ClassifierLrConfig};
pub use features::FeatureKind;

amplicast_sdk::export_plugin!();

#[cfg(test)]
mod tests;
