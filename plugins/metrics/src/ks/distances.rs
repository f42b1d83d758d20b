//! The distance of all members.

use amplicast_sdk::{Curves, Error, Limit, Result};

/// The mean over members at a checkpoint.
pub fn mean_distance(curves: &Curves<'_>, k: usize) -> f64 {
    (0..curves.members()).map(|i| curves.values[[i, k, 0]]).sum::<f64>() / curves.members() as f64
}

/// Members share one reference, whose fluctuation averaging them does not reduce: its spread is in the null law.
pub fn last_distance(curves: &Curves<'_>) -> Result<Limit> {
    let last = curves
        .checkpoints()
        .checked_sub(1)
        .ok_or_else(|| Error::data("expected a checkpoint, found none"))?;
    let value = mean_distance(curves, last);
    Ok(Limit { value, low: value, high: value, extrapolated: false })
}
