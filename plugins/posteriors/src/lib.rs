//! Uncertainty models: a single fit, fits to bootstraps, to halves and to subsets of the events, a variational Gaussian
//! posterior, Langevin chains, an ensemble whose members repel each other.
//!
//! ```
//! use amplicast_posteriors::{Ensemble, EnsembleConfig};
//! use amplicast_sdk::{Component, UncertaintyModel};
//!
//! let ensemble = Ensemble::new(EnsembleConfig::default()).unwrap();
//! assert_eq!(ensemble.chains(10), 10);
//! ```

mod bayesian;
mod convergence;
mod ensemble;
mod fits;
#[cfg(test)]
mod gaussian_model;
mod halves;
mod langevin;
mod parts;
mod point;
mod repulsion;
mod repulsive;
mod sgld;
mod subsets;
mod target;

pub use bayesian::{Bayesian, BayesianConfig};
pub use ensemble::{Ensemble, EnsembleConfig, EnsembleData};
pub use halves::{Halves, HalvesConfig};
pub use point::{Point, PointConfig};
pub use repulsion::Kernel;
pub use repulsive::{RepulsiveEnsemble, RepulsiveEnsembleConfig};
pub use sgld::{Sgld, SgldConfig};
pub use subsets::{Subsets, SubsetsConfig};

amplicast_sdk::export_plugin!();
