//! What is known of true events: training events, a holdout, summaries of them.

use super::chance::Numbers;
use super::neighbors::{Distances, Neighbors};
use super::rows::Known;
use super::sketch::Sketch;

/// The true events that members are compared with.
pub struct TrueSample {
    /// The training events.
    pub known: Known,
    /// The same, to find the nearest.
    pub neighbors: Neighbors,
    /// How far samples of true events are from them.
    pub of_true: Vec<Distances>,
    /// The holdout of a file.
    pub holdout: Option<Holdout>,
    /// What summaries are of them.
    pub summaries: Vec<TrueSummary>,
}

/// True events of a file that nothing may have been made of.
pub struct Holdout {
    /// What was seen of them.
    pub sketch: Sketch,
    /// How often they are equal by chance.
    pub numbers: Numbers,
    /// Some of them, to find the nearest, and how far training events are from these.
    pub neighbors: Neighbors,
    /// How far training events are from these.
    pub of_true: Vec<Distances>,
}

/// A summary of the training events.
pub struct TrueSummary {
    /// Its number.
    pub summary: usize,
    /// Its name.
    pub name: String,
    /// The least and the largest of its values.
    pub range: [f64; 2],
    /// Its values, to find the nearest.
    pub neighbors: Neighbors,
    /// How far those of samples of true events are from these.
    pub of_true: Vec<Distances>,
}
