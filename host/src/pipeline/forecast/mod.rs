//! What an experiment will be able to resolve, before anything is trained.

mod forecaster;
mod simulation;
mod true_values;

pub use forecaster::{Forecast, forecast};
pub use simulation::{CONFIDENCE, Resolved, Resources};
