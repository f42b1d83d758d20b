//! The events of a batch as slices, which is what makes the loops fast.

use amplicast_sdk::{Batch, Error, Result};

/// Applies `f` to each event (a slice of d numbers) and writes its value to `out`.
pub fn for_each_event(batch: &Batch<'_>, out: &mut [f64], f: impl Fn(&[f64]) -> f64) -> Result<()> {
    out.iter_mut().zip(events(batch)?).for_each(|(y, event)| *y = f(event));
    Ok(())
}

/// Whether `f` holds for each event; `None` if it does for all.
pub fn where_defined(batch: &Batch<'_>, f: impl Fn(&[f64]) -> bool) -> Result<Option<Vec<bool>>> {
    let defined: Vec<bool> = events(batch)?.map(f).collect();
    Ok(defined.contains(&false).then_some(defined))
}

/// The events.
pub fn events<'a>(batch: &'a Batch<'_>) -> Result<impl Iterator<Item = &'a [f64]>> {
    let values = batch
        .values
        .as_slice()
        .ok_or_else(|| Error::plugin("expected a row-major batch, found another memory layout"))?;
    Ok(values.chunks_exact(batch.values.ncols().max(1)))
}
