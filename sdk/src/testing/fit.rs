//! Fits of a summary to the suite's events.

use super::inputs::Events;
use crate::abi::LoadedFittedSummary;
use crate::{Batch, Context, Origin, Result, Seed, SummaryFit};

/// The parameters of a fit to some of these events.
pub fn fit_to(
    fitted: &LoadedFittedSummary,
    events: &Events,
    seed: Seed,
    context: &dyn Context,
) -> Result<Vec<f32>> {
    Ok(with_fit(fitted, events, 0, (seed, context), |fit| fitted.fit(fit))?.parameters)
}

/// Fits to the first eighth of the events as true ones, and to the last half as generated ones; what lies between is unseen,
/// without its first `skipped` events.
pub fn with_fit<T>(
    fitted: &LoadedFittedSummary,
    events: &Events,
    skipped: usize,
    (seed, context): (Seed, &dyn Context),
    call: impl FnOnce(&SummaryFit<'_>) -> Result<T>,
) -> Result<T> {
    let n = events.rows.len();
    let generated = Batch { origin: Origin::Generated, ..events.batch().part(n / 2..n) };
    let unseen = if fitted.needs().cross_fitted() { 0..0 } else { n / 8 + skipped..n / 2 };
    call(&SummaryFit {
        schema: &events.schema,
        training: events.batch().part(0..n / 8),
        unseen: events.batch().part(unseen),
        generated,
        seed,
        context,
    })
}
