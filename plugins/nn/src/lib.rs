//! What the neural plugins share, in plain Rust.
//!
//! Training, sampling and densities run through [`lanes`]: forward and backward passes that handle as many events side by
//! side as the processor has SIMD lanes. For small networks that is several times faster than libtorch, and it can be called
//! from any thread. The same networks as graphs in libtorch, for a GPU and as what the lanes are tested against, are in
//! `amplicast-nn-torch`; both read the same flat parameters.
//!
//! ```
//! use amplicast_nn::lanes::{Learner, Slope};
//! use amplicast_nn::{Perceptron, initial_parameters, layout};
//! use amplicast_sdk::Seed;
//! let shape = Perceptron { widths: vec![1, 8, 1] };
//! let parameters = shape.parameters();
//! let layout = layout(&parameters);
//! let theta = initial_parameters(&parameters, Seed::new(1));
//! let mut gradient = vec![0.0; theta.len()];
//! // Half of the squared distance of the output from 1, at the inputs 0.5 and 2.
//! let half_square = |_: usize, y: f32| Slope { loss: 0.5 * f64::from(y - 1.0).powi(2), slope: y - 1.0 };
//! let mut learner = Learner::new(&shape, &layout);
//! let loss = learner.loss_and_gradient(&theta, &[0.5, 2.0], half_square, &mut gradient);
//! assert!(loss > 0.0 && gradient.iter().any(|g| *g != 0.0));
//! ```

mod coordinates;
mod initial;
pub mod lanes;
mod mixture;
mod perceptron;
mod sizes;
mod transformer;

pub use coordinates::{
    Conditional, Coordinates, ETA_MAX, LOG_MAX, LogPtPhiEtaLogM2, OFFSET, Standardized, UNIT_GEV,
};
pub use initial::{Initial, Parameter, initial_parameters, layout};
pub use mixture::{IMAGES, SIGMA_FLOOR, Support};
pub use perceptron::Perceptron;
pub use pulp;
pub use sizes::{check_cpu, check_heads, check_sizes};
pub use transformer::{CausalTransformer, NORM_EPSILON};
