//! Drives a run: training set by training set, generator by generator and posterior by posterior.

mod run;

pub use run::run;
