//! Coordinates in which networks see events, with their exact Jacobians.

mod conditional;
mod log_pt;
mod standardized;

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{Error, Result};

pub use conditional::Conditional;
pub use log_pt::{ETA_MAX, LOG_MAX, LogPtPhiEtaLogM2, OFFSET, UNIT_GEV};
pub use standardized::Standardized;

use crate::Support;

/// A smooth map between events and the coordinates x of a network, one to one on its domain.
pub trait Coordinates: Send + Sync {
    /// Where each coordinate lives.
    fn supports(&self) -> Vec<Support>;

    /// Writes an event's coordinates; returns log|dx/d(event)|, or `None` for an event outside the domain.
    fn forward(&self, event: &[f64], x: &mut [f64]) -> Option<f64>;

    /// Writes the event at these coordinates; returns log|dx/d(event)| there.
    fn inverse(&self, x: &[f64], event: &mut [f64]) -> f64;

    /// How many of the coordinates, the first ones, are those of columns that are given and not generated ([`Conditional`]).
    fn given(&self) -> usize {
        0
    }

    /// Writes these coordinates alone, whatever the other columns hold; returns whether they are finite.
    fn conditions(&self, _event: &[f64], _x: &mut [f64]) -> bool {
        true
    }
}

/// Mean and unbiased standard deviation of a sequence.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let (n, sum) = values.clone().fold((0.0, 0.0), |(n, sum), v| (n + 1.0, sum + v));
    let mean = sum / n;
    let square: f64 = values.map(|v| (v - mean) * (v - mean)).sum();
    (mean, (square / (n - 1.0)).sqrt())
}

/// Refuses what cannot be standardized: fewer than two events, a column that is constant or not finite.
fn spread(name: &str, values: impl Iterator<Item = f64> + Clone) -> Result<(f64, f64)> {
    let (mean, std) = moments(values);
    if mean.is_finite() && std.is_finite() && std > 0.0 {
        return Ok((mean, std));
    }
    Err(Error::data(format!(
        "{name}: expected at least two finite, different values to standardize, found mean {mean}, standard \
         deviation {std}"
    )))
}

/// The events as rows of one slice each, whatever the memory order.
fn rows(events: ArrayView2<'_, f64>) -> impl Iterator<Item = Vec<f64>> {
    (0..events.nrows()).map(move |i| events.row(i).to_vec())
}
