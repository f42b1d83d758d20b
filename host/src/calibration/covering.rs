//! How often the intervals of a G that includes the bias hold the true one, and those of the members' spread alone.

use super::against::{Against, Fraction, TrueVersion, against};
use crate::results::{Cell, Estimate, TakenApart};

/// Both against the truth that the estimate is of; none where the estimate does not include the bias.
pub fn versions(cell: &Cell) -> Vec<Against> {
    let Some(g_true) = cell.true_g() else { return Vec::new() };
    let Some(truth) = g_true.value else { return Vec::new() };
    let apart: Vec<(&Estimate, &TakenApart)> =
        cell.replicas.iter().filter_map(|r| Some((&r.estimate, r.apart.as_ref()?))).collect();
    if apart.is_empty() {
        return Vec::new();
    }
    let covering = Against {
        bound: Some(Fraction::of(apart.iter().filter_map(|(e, _)| e.bound).map(|bound| bound <= truth))),
        levels: levels(&apart, truth),
        ..against(TrueVersion::OfTheEstimate, g_true, apart.iter().map(|(e, _)| (*e, truth)))
    };
    let alone = cell.replicas.iter().filter_map(|r| Some((r.spread_alone.as_ref()?, truth)));
    vec![covering, against(TrueVersion::SpreadAlone, g_true, alone)]
}

/// Levels from 5 to 95 %, and how often intervals at these hold the truth.
fn levels(sets: &[(&Estimate, &TakenApart)], truth: f64) -> Vec<(f64, Fraction)> {
    let parts: Vec<_> = sets.iter().map(|(e, apart)| (*e, apart.parts())).collect();
    // G in units of the events that generators saw, where some were left out.
    let curves: Vec<_> =
        parts.iter().filter_map(|(e, parts)| Some((e, e.g? * parts.x(), parts.curves()))).collect();
    let holds = |level: f64| {
        Fraction::of(curves.iter().map(|(e, scale, curves)| {
            let [low, high] = curves.ends(level);
            let open = e.interval_95.high.is_none();
            scale * low <= truth && (open || truth <= scale * high)
        }))
    };
    (1..20).map(|k| f64::from(k) / 20.0).map(|level| (level, holds(level))).collect()
}
