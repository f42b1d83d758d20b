//! True events: samplers of known truths, and files.
//!
//! ```
//! use amplicast_datasets::{GaussianRing, GaussianRingConfig};
//! use amplicast_sdk::{Component, Dataset};
//!
//! let ring = GaussianRing::new(GaussianRingConfig::default()).unwrap();
//! assert_eq!(ring.schema().column_names(), ["x1", "x2"]);
//! assert!((ring.quantile("radius", 0.5).unwrap() - 1.0).abs() < 1e-12);
//! ```

mod events_file;
mod gaussian;
mod gaussian_mixture;
mod gaussian_ring;
mod normal;
mod oversampling;
mod weighting;

pub use events_file::{EventsFile, EventsFileConfig};
pub use gaussian::{Gaussian, GaussianConfig};
pub use gaussian_mixture::{GaussianMixture, GaussianMixtureConfig};
pub use gaussian_ring::{GaussianRing, GaussianRingConfig};

amplicast_sdk::export_plugin!();
