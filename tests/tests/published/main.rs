//! Numbers that others published, or that follow in closed form, from whole runs of the built program and its plugins.

mod classifier;
mod coverage;
mod gaussian;
mod likelihood_ratio;
mod paper;
mod posterior;
mod references;
mod resample;
mod ring;
mod run;
