//! From curves to results. Nothing is computed here but comparisons and Eq. 3.

mod against_truth;
mod collector;
mod covering;
mod demonstration;
mod fits;
mod found;
mod histograms;
mod overall;
mod points;

pub use collector::{Collector, Outcome};
pub use histograms::Generated;
