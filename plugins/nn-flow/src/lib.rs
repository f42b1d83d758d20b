//! Generators by conditional flow matching: a velocity field carries a simple base distribution into the events
//! (Lipman et al. 2210.02747; Bahl et al. 2025, section 5).
//!
//! At time t = 0 are the events, at t = 1 the base distribution, and between the two straight lines in the coordinates of
//! the network. What differs from one generator to the next is the network of the velocity alone:
//!
//! | generator | velocity |
//! |---|---|
//! | [`FlowTransformer`](transformer::FlowTransformer) | a transformer over particles or columns |
//! | [`FlowLgatr`](lgatr::FlowLgatr) | multivectors and scalars, equivariant under Lorentz transformations |
//! | [`FlowLgatrSlim`](slim::FlowLgatrSlim) | vectors and scalars, equivariant as well |
//! | [`FlowLloca`](lloca::FlowLloca) | a transformer over particles in local frames, equivariant as well |
//!
//! The loss is a surrogate, not a likelihood: a Bayesian posterior of it needs an explicit temperature.
//!
//! ```
//! use amplicast_nn_flow::transformer::{FlowTransformer, FlowTransformerConfig};
//! use amplicast_sdk::ndarray::{Array2, arr2};
//! use amplicast_sdk::*;
//!
//! let config = FlowTransformerConfig { width: 16, heads: 2, blocks: 1, ..Default::default() };
//! let generator = FlowTransformer::new(config).unwrap();
//! let events = arr2(&[[0.1, 0.2], [1.0, -0.5], [-0.8, 0.9]]);
//! let batch = Batch::new(events.view(), Origin::Training, &[0, 1, 2]);
//! let model = generator.prepare(&batch, &Schema::columns(["x", "y"])).unwrap();
//! let member = model.at(&model.initial(Seed::new(1)).unwrap()).unwrap();
//! let mut sample = Array2::zeros((10, 2));
//! member.sample(Chunk { index: 0, first_event: 0, seed: Seed::new(2) }, sample.view_mut()).unwrap();
//! assert!(sample.iter().all(|x| x.is_finite()));
//! ```

mod equivariant;
pub mod flow;
mod lanes;
pub mod lgatr;
pub mod lloca;
mod parameters;
pub mod slim;
pub mod space;
#[cfg(test)]
mod tests;
pub mod time;
pub mod transformer;
