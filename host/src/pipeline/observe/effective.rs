//! What true events with weights, or that belong together, are worth to a question.

use amplicast_sdk::{Comparison, Result};

use super::kept::Kept;
use super::observables::Observed;
use crate::pipeline::plan::Question;

/// How many events that count alike, each by itself, all true events of a batch that pass are worth to a comparison. None if none
/// passes. Those before `first`, which something was fitted to, are worth what the others are.
pub fn effective_events(
    training: &Observed<'_, '_>,
    first: usize,
    name: Question,
    comparison: &dyn Comparison,
) -> Result<Option<f64>> {
    let n = training.events();
    let mut memory = Kept::default();
    let kept = training.kept(name.summary, name.selection, first..n, &mut memory)?;
    if kept.events() == 0 {
        return Ok(None);
    }
    Ok(Some(comparison.effective_events(kept)? * n as f64 / (n - first) as f64))
}
