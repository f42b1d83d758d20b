//! Drives what is computed: a whole run, or single jobs of it.

mod jobs;
mod measure;
mod run;
mod training_set;
mod why;

pub use jobs::{Around, jobs, work};
pub use measure::{Times, measure};
pub use run::run;
pub use why::{Change, Reason, Why, why};
