//! What the neural plugins share, over libtorch (tch) and over plain Rust.
//!
//! Training, sampling and densities run through [`lanes`]: forward and backward passes in plain Rust that handle as many
//! events side by side as the processor has SIMD lanes. For small networks that is several times faster than libtorch, and
//! it can be called from any thread.
//!
//! libtorch has the same networks as graphs, for training on a GPU and as what the lanes are tested against:
//! [`loss_and_gradient`] turns the flat parameter vector into one leaf tensor with a view per segment. Both read the same
//! flat parameters.
//!
//! ```
//! use amplicast_nn::{Initial, Parameter, initial_parameters, layout, loss_and_gradient};
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

mod coordinates;
mod device;
mod error;
mod flat;
mod initial;
pub mod lanes;
mod mixture;
mod perceptron;
mod sizes;
mod threads;
mod transformer;

pub use coordinates::{Coordinates, ETA_MAX, LOG_MAX, LogPtPhiEtaLogM2, OFFSET, Standardized, UNIT_GEV};
pub use device::parse_device;
pub use error::guarded;
pub use flat::{Views, loss_and_gradient};
pub use initial::{Initial, Parameter, initial_parameters, layout};
pub use mixture::{MixtureHead, SIGMA_FLOOR, Support};
pub use perceptron::Perceptron;
pub use pulp;
pub use sizes::{check_heads, check_sizes};
pub use threads::single_threaded;
pub use transformer::CausalTransformer;
