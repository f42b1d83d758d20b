//! The generator `autoregressive`: a causal transformer that writes events number by number (Bahl et al. 2025, Eqs 6-8).
//!
//! An event's density is the product of one-dimensional conditionals, each a mixture of Gaussians whose weights, means
//! and widths the transformer reads off the numbers before it. The loss is exact, sampling is one pass, and the density
//! of a sample costs next to nothing. See [`AutoregressiveConfig`] for its settings.
//!
//! ```
//! use amplicast_nn_autoregressive::{Autoregressive, AutoregressiveConfig};
//! use amplicast_sdk::ndarray::arr2;
//! use amplicast_sdk::*;
//!
//! let generator = Autoregressive::new(AutoregressiveConfig::default()).unwrap();
//! let events = arr2(&[[0.1, 0.2], [1.0, -0.5], [-0.8, 0.9]]);
//! let batch = Batch::new(events.view(), Origin::Training, &[0, 1, 2]);
//! let model = generator.prepare(&batch, &Schema::columns(["x", "y"])).unwrap();
//! assert_eq!(model.layout().len(), 19_260);
//!
//! let member = model.at(&model.initial(Seed::new(1)).unwrap()).unwrap();
//! let mut sample = ndarray::Array2::zeros((10, 2));
//! member.sample(Chunk { index: 0, first_event: 0, seed: Seed::new(2) }, sample.view_mut()).unwrap();
//! assert!(sample.iter().all(|x| x.is_finite()));
//! ```

mod columns;
mod config;
mod generator;
mod gradient;
mod member;
mod memory;
mod model;
mod network;
#[cfg(test)]
mod tests;

pub use columns::Columns;
pub use config::{AutoregressiveConfig, CoordinateSystem};
pub use generator::Autoregressive;
pub use gradient::Loss;
pub use memory::Pool;
pub use model::{AutoregressiveModel, Step};
pub use network::Network;
