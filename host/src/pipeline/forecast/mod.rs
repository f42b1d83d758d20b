//! What an experiment will be able to resolve, before anything is trained.

mod forecaster;
mod simulation;

pub use forecaster::{Forecast, forecast};
pub use simulation::{CONFIDENCE, Resolved, Resources};
