//! The events of a batch as slices, which is what makes the loops fast.

use amplicast_sdk::{Batch, Error, Result};

/// Applies `f` to each event (a slice of d numbers) and writes its value to `out`.
pub fn for_each_event(batch: &Batch<'_>, out: &mut [f64], f: impl Fn(&[f64]) -> f64) -> Result<()> {
    let values = batch
        .values
        .as_slice()
        .ok_or_else(|| Error::plugin("expected a row-major batch, found another memory layout"))?;
    let events = values.chunks_exact(batch.values.ncols().max(1));
    out.iter_mut().zip(events).for_each(|(y, event)| *y = f(event));
    Ok(())
}
