//! How the events of a training set count: their weights, and the groups that they belong to.

use serde::{Deserialize, Serialize};

/// The weights of a training set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventWeights {
    /// How many events that count alike they are worth, (sum w)^2 / sum w^2 (Kish 1965).
    pub effective: f64,
    /// Part of the events that have a negative weight.
    pub negative: f64,
    /// The largest weight by size, in units of the mean one.
    pub largest: f64,
}

/// The groups of the events of a training set that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventGroups {
    /// How many there are.
    pub number: u64,
    /// Events in the largest.
    pub largest: u64,
    /// How many events, each by itself and all alike, they are worth where those of a group know nothing but the same:
    /// (sum W)^2 / sum W^2 (Kish 1965), W the weight of a group.
    pub effective: f64,
}
