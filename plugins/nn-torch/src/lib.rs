//! What the plugins share that need libtorch (tch): networks as graphs, for a GPU, and as what the lanes of `amplicast-nn` are
//! tested against.
//!
//! [`loss_and_gradient`] turns the flat parameter vector into one leaf tensor with a view per segment.
//!
//! ```
//! use amplicast_nn::{Initial, Parameter, initial_parameters, layout};
//! use amplicast_nn_torch::loss_and_gradient;
//! use amplicast_sdk::Seed;
//! use tch::{Device, Kind};
//! let parameters = [Parameter::new("mean", [2], Initial::Constant(3.0))];
//! let layout = layout(&parameters);
//! let theta = initial_parameters(&parameters, Seed::new(1));
//! let mut gradient = [0.0; 2];
//! // The loss sum(mean^2) and its gradient 2 mean.
//! let loss = loss_and_gradient(&layout, &theta, (Kind::Float, Device::Cpu), &mut gradient, |mut views| {
//!     let mean = views.take();
//!     (&mean * &mean).sum(Kind::Float)
//! }).unwrap();
//! assert_eq!((loss, gradient), (18.0, [6.0, 6.0]));
//! ```

mod device;
mod error;
mod flat;
mod mixture;
mod perceptron;
#[cfg(test)]
mod tests;
mod threads;
mod transformer;

pub use device::parse_device;
pub use error::guarded;
pub use flat::{Views, loss_and_gradient};
pub use mixture::MixtureHead;
pub use perceptron::perceptron;
pub use threads::single_threaded;
pub use transformer::{causal_transformer, linear};
