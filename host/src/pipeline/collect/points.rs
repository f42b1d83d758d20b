//! The curves of a cell, and their points for figures.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use amplicast_sdk::ndarray::s;
use amplicast_sdk::{Comparison, Curves, Result};

use crate::levels::SIGMAS;
use crate::moments::variance;
use crate::pipeline::curves::Assembled;
use crate::pipeline::observe::Tally;
use crate::results::{CurvePoint, Estimate, NullPoint};

/// What the comparison measures at every checkpoint, beside the deviation of the members that speak for the generator from the truth, and
/// the value that the first of these has, which is a fit to all training events if `one_fit`.
pub fn curve_points(
    comparison: &dyn Comparison,
    data: &Assembled,
    speaking: &Assembled,
    truth: Option<&Tally>,
    one_fit: bool,
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
        let single = speaking.only(k);
        let deviation = match truth {
            Some(t) if t.passed > 0 => comparison.deviation(&single.curves(), &t.values, t.passed)?,
            _ => None,
        };
        let one_fit = match one_fit {
            true => {
                let single = single.curves();
                let values = single.values.slice(s![0, 0, ..]).to_vec();
                only_value(comparison, &Tally { passed: single.passed(0, 0), values })?
            }
            false => None,
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
            one_fit,
        });
    }
    Ok(points)
}

/// The expectation value of a sample, where the comparison has one.
pub fn only_value(comparison: &dyn Comparison, tally: &Tally) -> Result<Option<f64>> {
    let found = comparison.expectations(&tally.values, tally.passed)?;
    Ok(found.and_then(|e| if let [value] = e.means[..] { Some(value) } else { None }))
}

/// The null law from 100 events or fewer to beyond n_gen and n_equiv, for figures.
///
/// The grid begins and ends at powers of ten and has the same steps for all, so that cells with the same law have the same points
/// of it. What a straight line between its neighbors gives in logarithms is left out: of a power of n two points are left.
pub fn null_points(
    comparison: &dyn Comparison,
    curves: &Curves<'_>,
    estimate: &Estimate,
) -> Result<Vec<NullPoint>> {
    const STEPS_A_DECADE: f64 = 12.0;
    let probabilities: Vec<f64> = SIGMAS.iter().flat_map(|b| [0.5 - b / 2.0, 0.5 + b / 2.0]).collect();
    let largest = curves.generated.last().copied().unwrap_or(1) as f64;
    let high = largest.max(3.0 * estimate.n_equiv.unwrap_or(0.0)).min(100.0 * largest);
    let low = estimate.n_equiv.unwrap_or(100.0).clamp(1.0, 100.0).min(largest);
    let at = |k: usize| {
        let n = 10f64.powf(low.log10().floor() + k as f64 / STEPS_A_DECADE);
        let law = comparison.null(curves, n, &probabilities)?;
        let band = |b: usize| [law.quantiles[2 * b], law.quantiles[2 * b + 1]];
        Ok(NullPoint { n, mean: law.mean, bands: [band(0), band(1), band(2)] })
    };
    let decades = high.log10().ceil() - low.log10().floor();
    bent((STEPS_A_DECADE * decades) as usize, at)
}

/// The first and the last of a law's points, and those at which it is no power of n between their neighbors.
///
/// A law that is straight at two places between two points is not asked for more of them there.
fn bent(last: usize, at: impl Fn(usize) -> Result<NullPoint>) -> Result<Vec<NullPoint>> {
    let mut points = BTreeMap::from([(0, at(0)?), (last, at(last)?)]);
    let mut open: Vec<(usize, usize)> = vec![(0, last)];
    while let Some((first, last)) = open.pop() {
        let middle = first.midpoint(last);
        if middle == first {
            continue;
        }
        let quarter = first.midpoint(middle);
        for place in [middle, quarter] {
            if let Entry::Vacant(vacant) = points.entry(place) {
                vacant.insert(at(place)?);
            }
        }
        let ends = [&points[&first], &points[&last]];
        if ![middle, quarter].iter().all(|place| straight(&points[place], ends)) {
            open.extend([(first, middle), (middle, last)]);
        }
    }
    let points: Vec<NullPoint> = points.into_values().collect();
    let kept = |i: &usize| {
        let inner = *i > 0 && *i + 1 < points.len();
        !(inner && straight(&points[*i], [&points[i - 1], &points[i + 1]]))
    };
    Ok((0..points.len()).filter(kept).map(|i| points[i].clone()).collect())
}

/// Whether the law goes straight through the point from one end to the other, in logarithms.
fn straight(point: &NullPoint, [before, after]: [&NullPoint; 2]) -> bool {
    let values = |p: &NullPoint| {
        let [a, b, c] = p.bands;
        [p.mean, a[0], a[1], b[0], b[1], c[0], c[1]]
    };
    let part = if point.n == before.n { 0.0 } else { (point.n / before.n).ln() / (after.n / before.n).ln() };
    let (first, last) = (values(before), values(after));
    let between =
        |i: usize| if first[i] == last[i] { first[i] } else { first[i] * (last[i] / first[i]).powf(part) };
    values(point).iter().enumerate().all(|(i, v)| (between(i) - v).abs() <= STRAIGHT * v.abs())
}

/// How far from a straight line a point may lie: far less than any figure shows, and more than rounding.
const STRAIGHT: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_straight_law_the_ends_are_left() {
        let at = |k: usize| 10f64.powf(2.0 + k as f64 / 12.0);
        let law = |mean: fn(f64) -> f64| {
            move |k: usize| Ok(NullPoint { n: at(k), mean: mean(at(k)), bands: [[mean(at(k)); 2]; 3] })
        };
        let asked = std::cell::Cell::new(0);
        let power = law(|n| 0.1875 / n);
        let counted = |k: usize| {
            asked.set(asked.get() + 1);
            power(k)
        };
        assert_eq!(bent(24, counted).unwrap(), [power(0).unwrap(), power(24).unwrap()]);
        assert_eq!(asked.get(), 4);
        let curved = law(|n| (1.0 / n + 1e-3).sqrt());
        let all: Vec<NullPoint> = (0..=24).map(|k| curved(k).unwrap()).collect();
        assert_eq!(bent(24, curved).unwrap(), all);
        // A bend in the middle is a point of its own.
        let kinked = law(|n| if n < 999.0 { 1.0 / n } else { 1e-3 });
        let places: Vec<f64> = bent(24, kinked).unwrap().iter().map(|p| p.n.round()).collect();
        assert_eq!(places, [100.0, 1000.0, 10_000.0]);
        let flat = law(|_| 0.0);
        assert_eq!(bent(24, flat).unwrap().len(), 2);
    }
}
