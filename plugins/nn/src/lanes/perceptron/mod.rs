//! A perceptron.

mod forward;
mod learner;

pub use forward::Layers;
pub use learner::{Learner, Slope};
