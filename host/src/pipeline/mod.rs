//! From an experiment to its results. What is asked (`plan`), what is computed and stored (`compute` over the rooms below it), what
//! follows (`collect`).
//!
//! ```text
//! compute/    drives a run
//! collect/    curves -> results          forecast/  what would be resolved
//! curves/     one pass over each member's events, and over true ones
//! look/       members and true events, before a number is made of them
//! posterior/  chains, members, fits of summaries, how a member sees events
//! observe/    summaries and selections on a batch; columns; what is counted
//! events/     true events, streams of chunks
//! plan/       components, cells, refusals
//! stage/      what every stage depends on
//! ```
//!
//! Imports point downward only; `cargo xtask lint` sees to it.

mod collect;
mod compute;
mod curves;
mod events;
mod forecast;
mod look;
mod observe;
mod plan;
mod posterior;
mod stage;

pub use collect::{Generated, Outcome};
pub use compute::{Around, Change, Reason, Times, Why, jobs, measure, run, why, work};
pub use forecast::{CONFIDENCE, Forecast, Resolved, Resources, forecast};
pub use plan::{
    Components, Groups, Made, Plan, PlannedCell, Setting, TrueSource, first_of_each, member_count, plan,
};
pub use posterior::{
    TRAINED_MODEL, TRAINED_MODEL_ABOUT, TrainedModel, TrainedModelConfig, check_models, own_dataset,
};
pub use stage::{Job, Jobs, JobsOfRow, in_groups};
