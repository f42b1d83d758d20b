//! Uncertainty models: a single fit, an ensemble of fits, a variational Gaussian posterior.
//!
//! ```
//! use amplicast_posteriors::{Ensemble, EnsembleConfig};
//! use amplicast_sdk::{Component, UncertaintyModel};
//!
//! let ensemble = Ensemble::new(EnsembleConfig::default()).unwrap();
//! assert_eq!(ensemble.chains(10), 10);
//! ```

mod bayesian;
mod ensemble;
#[cfg(test)]
mod gaussian_model;
mod point;

pub use bayesian::{Bayesian, BayesianConfig};
pub use ensemble::{Ensemble, EnsembleConfig, EnsembleData};
pub use point::{Point, PointConfig};

amplicast_sdk::export_plugin!();
