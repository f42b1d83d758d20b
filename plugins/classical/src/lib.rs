//! Generators without a network: a fitted Gaussian, resampled training events, files of generated events.
//!
//! ```
//! use amplicast_classical::{GaussianFit, GaussianFitConfig};
//! use amplicast_sdk::ndarray::array;
//! use amplicast_sdk::*;
//!
//! let events = array![[1.0], [2.0], [6.0]];
//! let training = Batch::new(events.view(), Origin::Training, &[0, 1, 2]);
//! let generator = GaussianFit::new(GaussianFitConfig::default()).unwrap();
//! let model = generator.prepare(&training, &Schema::columns(["x1"])).unwrap();
//! let theta = model.fit(&[0, 1, 2], &TrainingSettings::default(), Seed::new(1), &Alone).unwrap();
//! assert_eq!(theta, [3.0]);
//! ```

mod gaussian_config;
mod gaussian_fit;
mod regression;
mod resample;
mod samples;

pub use gaussian_config::GaussianFitConfig;
pub use gaussian_fit::GaussianFit;
pub use resample::{Resample, ResampleConfig};
pub use samples::{Samples, SamplesConfig};

amplicast_sdk::export_plugin!();
