//! Fits to known parts of the training events, and what x = 1/G was taken apart into.

use super::interval::Parts;
use super::matrix::{Symmetric, center, difference};

/// The integrals of a sample of true events.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its events; of events with weights, how many that count alike know the integrals as well.
    pub events: f64,
    /// The integrals.
    pub means: Vec<f64>,
    /// Their covariance from one event to another, row by row.
    pub covariance: Vec<f64>,
    /// Relative standard error of the trace of this covariance.
    pub trace_error: f64,
    /// The covariance of each integral with the logarithm of the trace, times the events.
    pub with_trace: Vec<f64>,
}

/// Fits to one part of the training events, from one or several starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The integrals of these events.
    pub own: Vec<f64>,
    /// The generated integrals, from each start.
    pub starts: Vec<Vec<f64>>,
}

/// What procedures S and C take.
#[derive(Debug, Clone, PartialEq)]
pub struct Fits {
    /// All training events.
    pub training: Sample,
    /// The generated integrals of fits to all of them.
    pub full: Vec<Vec<f64>>,
    /// Fits to parts of them.
    pub parts: Vec<Part>,
    /// Parts that are each other's rest, by their numbers; all of them or none.
    pub pairs: Vec<[usize; 2]>,
    /// The variance of one fit's integrals from the finite number of generated events, summed over the regions.
    pub finite: f64,
    /// By what the variances over parts are to be multiplied, so that they are those over training sets of the whole size.
    pub factor: f64,
}

/// How x was taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Of one fit: its own training noise is in it. With members alone, of their mean.
    pub one: Parts,
    /// Of the mean of all fits to all events, where there are several.
    pub mean: Option<Parts>,
    /// In how many directions the generated integrals scatter.
    pub directions: f64,
    /// The part of v that is the noise of one fit's training, T(n), where it was measured.
    pub training_noise: Option<f64>,
}

impl Fits {
    /// tr M, the variance of an event's integrals.
    pub fn unit(&self) -> f64 {
        self.training.of_event().trace()
    }

    /// The generated integrals of each part, the mean over its starts.
    pub fn centers(&self) -> Vec<Vec<f64>> {
        self.parts.iter().map(|part| center(&part.starts)).collect()
    }

    /// What these are from the integrals of the part's own events.
    pub fn gaps(&self, centers: &[Vec<f64>]) -> Vec<Vec<f64>> {
        self.parts.iter().zip(centers).map(|(part, g)| difference(g, &part.own)).collect()
    }

    /// The generated integrals of fits to all events, or where there are none, of those to parts.
    pub fn generated(&self, centers: &[Vec<f64>]) -> Vec<f64> {
        center(if self.full.is_empty() { centers } else { &self.full })
    }
}

impl Sample {
    /// M, the covariance from one event to another.
    pub fn of_event(&self) -> Symmetric {
        Symmetric { size: self.means.len(), entries: self.covariance.clone() }
    }
}
