//! The way of the data: components, plan, posteriors, streaming passes, results.

mod against_truth;
mod collect;
mod columns;
mod components;
mod data;
mod diagnosed;
mod fitting;
mod forecast;
mod found;
mod inspect;
mod memory;
mod models;
mod observables;
mod overall;
mod own;
mod pair;
mod plan;
mod plane;
mod points;
mod posterior;
mod run;
mod select;
mod simulation;
mod stream;
mod trained_model;
mod true_source;
mod truth;

pub use components::{Components, Made};
pub use forecast::Forecast;
pub use models::check_models;
pub use plan::{Plan, PlannedCell, member_count};
pub use run::Run;
pub use simulation::{CONFIDENCE, Resolved, Resources};
pub use trained_model::{ABOUT as TRAINED_MODEL_ABOUT, NAME as TRAINED_MODEL, TrainedModelConfig};
