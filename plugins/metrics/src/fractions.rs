//! What fractions of events in regions have in common, with weights and groups or without.

use amplicast_sdk::{Error, Expectations, Result};

/// The complaint when no event differs from another.
pub const WITHOUT_VARIANCE: &str =
    "expected generated events inside and outside of the regions, found none on one side";

/// An event is inside or outside: I (1 - I) (Eqs 12, 16).
pub fn binomial(means: &[f64]) -> Vec<f64> {
    means.iter().map(|i| i * (1.0 - i)).collect()
}

/// Refuses events whose weights have no positive sum.
pub fn expect_positive(weights: f64) -> Result<()> {
    if weights > 0.0 {
        return Ok(());
    }
    Err(Error::data("expected events with a positive sum of weights, found one that is not"))
}

/// Refuses fractions that are not two of their own errors away from zero. What is nearer has lost its events to cancelling weights, and the number
/// of effective ones, I (1 - I) / V, to chance.
pub fn expect_known(found: &Expectations) -> Result<()> {
    let size = found.means.iter().map(|mean| mean * mean).sum::<f64>().sqrt();
    let trace: f64 = found.covariance.iter().step_by(found.means.len() + 1).sum();
    let error = (trace / found.events).max(0.0).sqrt();
    if size >= 2.0 * error {
        return Ok(());
    }
    let sum: f64 = found.means.iter().sum();
    Err(Error::data(format!(
        "expected regions whose weighted fraction the training events know to a half, found {sum:.2e} +- {error:.2e}: positive and negative \
         weights cancel there; ask for a larger region"
    )))
}
