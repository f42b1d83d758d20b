//! The curves of a cell, and their points for figures.

use amplicast_sdk::{Comparison, Curves, Result};

use crate::moments::variance;
use crate::pipeline::curves::{Assembled, TrueCurve};
use crate::results::{CurvePoint, Estimate, NullPoint};

/// What the comparison measures at every checkpoint, beside the truth.
pub fn curve_points(
    comparison: &dyn Comparison,
    data: &Assembled,
    truth: Option<&TrueCurve>,
) -> Result<Vec<CurvePoint>> {
    let curves = data.curves();
    let members = curves.members() as f64;
    let mut points = Vec::new();
    for k in 0..curves.checkpoints() {
        // A selection may leave no event of a small sample.
        if (0..curves.members()).any(|i| curves.passed(i, k) == 0) {
            continue;
        }
        let measured = comparison.measure(&curves, k)?;
        let single = data.only(k);
        let deviation = match truth {
            Some(t) if t.passed > 0 => comparison.deviation(&single.curves(), &t.values, t.passed)?,
            _ => None,
        };
        let first: Vec<f64> = (0..curves.members()).map(|i| data.value(i, k)).collect();
        points.push(CurvePoint {
            n_gen: curves.generated[k],
            n_passed: (0..curves.members()).map(|i| curves.passed(i, k) as f64).sum::<f64>() / members,
            value: measured.value,
            statistical: measured.statistical,
            model: measured.model,
            truth: deviation.map(|d| d.single_member + measured.statistical.unwrap_or(0.0)),
            spread: variance(&first).unwrap_or(0.0).sqrt(),
        });
    }
    Ok(points)
}

/// The null law from 100 events to beyond n_gen and n_equiv, for figures.
pub fn null_points(
    comparison: &dyn Comparison,
    curves: &Curves<'_>,
    estimate: &Estimate,
) -> Result<Vec<NullPoint>> {
    const POINTS: usize = 60;
    const BANDS: [f64; 3] = [0.682_689_492, 0.954_499_736, 0.997_300_204];
    let probabilities: Vec<f64> = BANDS.iter().flat_map(|b| [0.5 - b / 2.0, 0.5 + b / 2.0]).collect();
    let largest = curves.generated.last().copied().unwrap_or(1) as f64;
    let high = largest.max(3.0 * estimate.n_equiv.unwrap_or(0.0)).min(100.0 * largest);
    let low = estimate.n_equiv.unwrap_or(100.0).clamp(1.0, 100.0).min(largest);
    let at = |k: usize| {
        let n = low * (high / low).powf(k as f64 / (POINTS - 1) as f64);
        let law = comparison.null(curves, n, &probabilities)?;
        let band = |b: usize| [law.quantiles[2 * b], law.quantiles[2 * b + 1]];
        Ok(NullPoint { n, mean: law.mean, bands: [band(0), band(1), band(2)] })
    };
    (0..POINTS).map(at).collect()
}
