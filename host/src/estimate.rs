//! The estimate: Eq. 3 of Bahl et al. 2025, solved once for every metric.
//!
//! n_equiv is the size of a true sample at which the metric's null law equals the metric's limit for n_gen -> infinity.
//! The interval inverts the null law's quantiles, with the limit's own uncertainty on top.

use amplicast_sdk::{Comparison, Curves, Result};

use crate::inspection::Footing;
use crate::levels::INTERVALS;
use crate::results::{Estimate, Interval, Verdict};

/// Sizes between which a solution is looked for.
const SMALLEST: f64 = 1e-3;
const LARGEST: f64 = 1e18;

/// Events that must have been generated for each n_equiv if the metric does not remove the n_gen dependence itself.
const PLATEAU: f64 = 10.0;

/// Where a decreasing function of the size meets a value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meeting {
    /// At this size.
    At(f64),
    /// Nowhere: the function stays above the value up to infinite size.
    Beyond,
    /// Nowhere: the function is below the value at any size.
    Before,
}

impl Meeting {
    fn size(self) -> Option<f64> {
        match self {
            Meeting::At(n) => Some(n),
            Meeting::Beyond | Meeting::Before => None,
        }
    }
}

/// Solves f(n) = value for a function that falls with n, by bisection in log n.
fn solve(f: impl Fn(f64) -> Result<f64>, value: f64) -> Result<Meeting> {
    if f(f64::INFINITY)? >= value {
        return Ok(Meeting::Beyond);
    }
    let (mut low, mut high) = (SMALLEST.ln(), LARGEST.ln());
    if f(SMALLEST)? <= value {
        return Ok(Meeting::Before);
    }
    if f(LARGEST)? > value {
        return Ok(Meeting::Beyond);
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if f(middle.exp())? > value { low = middle } else { high = middle }
    }
    Ok(Meeting::At((0.5 * (low + high)).exp()))
}

/// The sizes at the ends of the central interval at `level`; `None` where there is no end.
fn interval(
    comparison: &dyn Comparison,
    curves: &Curves<'_>,
    level: f64,
) -> Result<(Option<f64>, Option<f64>)> {
    let limit = comparison.limit(curves, level)?;
    let tail = 0.5 - level / 2.0;
    let quantile = |p: f64| move |n: f64| Ok(comparison.null(curves, n, &[p])?.quantiles[0]);
    // Sizes whose null law lies above the limit are too small, and those whose law lies below it too large.
    let low = solve(quantile(tail), limit.high)?;
    let high = solve(quantile(1.0 - tail), limit.low)?;
    // A size below one event bounds nothing.
    Ok((low.size().filter(|&n| n >= 1.0), high.size()))
}

/// Solves Eq. 3 and says how far the solution may be trusted.
///
/// `n_train` is the number of true events used that pass the selection.
pub fn estimate(
    comparison: &dyn Comparison,
    curves: &Curves<'_>,
    n_train: f64,
    footing: &Footing,
) -> Result<Estimate> {
    let limit = comparison.limit(curves, INTERVALS[0])?;
    let n_equiv = solve(|n| Ok(comparison.null(curves, n, &[])?.mean), limit.value)?.size();
    let inner = interval(comparison, curves, INTERVALS[0])?;
    let outer = interval(comparison, curves, INTERVALS[1])?;
    let last = curves.checkpoints() - 1;
    let generated = (0..curves.members()).map(|i| curves.passed(i, last)).min().unwrap_or(0) as f64;
    let plateau = limit.extrapolated || n_equiv.is_some_and(|n| generated >= PLATEAU * n);
    let (verdict, reason) = verdict(outer, plateau, generated);
    let g = |n: Option<f64>| n.map(|n| n / n_train);
    // Without a plateau a larger n_gen could still move the limit down, so the upper ends are not known.
    let upper = |n: Option<f64>| if plateau { g(n) } else { None };
    let found = Estimate {
        verdict,
        n_equiv,
        g: g(n_equiv),
        interval_68: Interval { low: g(inner.0), high: upper(inner.1) },
        interval_95: Interval { low: g(outer.0), high: upper(outer.1) },
        bound: None,
        limit: limit.value,
        reason,
    };
    Ok(stand(found, footing))
}

/// What remains of an estimate on this footing: a bound that nothing supports is withheld, not printed with a caveat.
pub fn stand(found: Estimate, footing: &Footing) -> Estimate {
    let nothing = Interval { low: None, high: None };
    let without_bound = |verdict: Verdict, reason: &String| Estimate {
        verdict,
        n_equiv: None,
        g: None,
        interval_68: nothing,
        interval_95: nothing,
        bound: None,
        limit: found.limit,
        reason: reason.clone(),
    };
    match footing {
        Footing::Sound => found,
        Footing::InSample(reason) => Estimate { verdict: Verdict::InSample, reason: reason.clone(), ..found },
        Footing::Shared(reason) if found.verdict == Verdict::AtLeast => {
            without_bound(Verdict::InSample, reason)
        }
        Footing::Shared(reason) => Estimate { verdict: Verdict::InSample, reason: reason.clone(), ..found },
        Footing::NoBound { in_sample, reason } if found.verdict == Verdict::AtLeast => {
            without_bound(if *in_sample { Verdict::InSample } else { Verdict::Unresolved }, reason)
        }
        Footing::NoBound { .. } => found,
    }
}

fn verdict(outer: (Option<f64>, Option<f64>), plateau: bool, generated: f64) -> (Verdict, String) {
    match outer {
        (None, None) => (Verdict::Unresolved, "the 95 % interval has no end on either side".into()),
        (Some(_), _) if !plateau => (
            Verdict::AtLeast,
            format!(
                "{generated} generated events are fewer than 10 n_equiv: the curve has not reached its limit"
            ),
        ),
        (None, Some(_)) if !plateau => {
            (Verdict::Unresolved, format!("{generated} generated events are fewer than 10 n_equiv"))
        }
        (Some(_), None) => {
            (Verdict::AtLeast, "the limit is compatible with that of an infinite true sample at 95 %".into())
        }
        (None, Some(_)) => (Verdict::AtMost, "the limit is beyond that of any true sample at 95 %".into()),
        (Some(_), Some(_)) => (Verdict::Resolved, "the 95 % interval has two finite ends".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amplicast_sdk::ndarray::Array3;
    use amplicast_sdk::{Accumulator, Limit, Measured, NullLaw};

    /// A metric with the null law 1/n + floor, a relative width, and a given limit.
    struct Toy {
        limit: Limit,
        width: f64,
        floor: f64,
    }

    impl Comparison for Toy {
        fn value_names(&self) -> Vec<String> {
            vec!["toy".into()]
        }
        fn accumulator(&self) -> Box<dyn Accumulator> {
            unreachable!("not used by the estimate")
        }
        fn measure(&self, _: &Curves<'_>, _: usize) -> Result<Measured> {
            unreachable!("not used by the estimate")
        }
        fn limit(&self, _: &Curves<'_>, _: f64) -> Result<Limit> {
            Ok(self.limit)
        }
        fn null(&self, _: &Curves<'_>, n: f64, probabilities: &[f64]) -> Result<NullLaw> {
            let mean = 1.0 / n + self.floor;
            let at = |p: &f64| mean * (1.0 + self.width * (2.0 * p - 1.0));
            Ok(NullLaw { mean, quantiles: probabilities.iter().map(at).collect() })
        }
    }

    fn run(toy: &Toy, n_gen: u64, in_sample: bool) -> Estimate {
        let footing = if in_sample { Footing::InSample("fitted to it".into()) } else { Footing::Sound };
        on(toy, n_gen, &footing)
    }

    fn on(toy: &Toy, n_gen: u64, footing: &Footing) -> Estimate {
        let values = Array3::zeros((1, 1, 1));
        let curves =
            Curves { generated: &[n_gen], passed: &[n_gen], values: values.view(), n_effective: 1.0 };
        estimate(toy, &curves, 100.0, footing).unwrap()
    }

    fn limit(value: f64, low: f64, high: f64, extrapolated: bool) -> Limit {
        Limit { value, low, high, extrapolated }
    }

    #[test]
    fn solutions_are_exact() {
        let toy = Toy { limit: limit(1e-3, 5e-4, 2e-3, true), width: 0.0, floor: 0.0 };
        let found = run(&toy, 10, false);
        assert_eq!(found.verdict, Verdict::Resolved);
        assert!((found.g.unwrap() - 10.0).abs() < 1e-9);
        assert!((found.interval_68.low.unwrap() - 5.0).abs() < 1e-9);
        assert!((found.interval_68.high.unwrap() - 20.0).abs() < 1e-9);
    }

    #[test]
    fn a_limit_compatible_with_zero_is_a_lower_bound() {
        let found = run(&Toy { limit: limit(1e-4, -1e-3, 2e-3, true), width: 0.0, floor: 0.0 }, 10, false);
        assert_eq!(found.verdict, Verdict::AtLeast);
        assert!((found.interval_95.low.unwrap() - 5.0).abs() < 1e-9);
        assert_eq!(found.interval_95.high, None);
    }

    #[test]
    fn a_negative_limit_has_no_number() {
        let found = run(&Toy { limit: limit(-1e-4, -1e-3, 2e-3, true), width: 0.0, floor: 0.0 }, 10, false);
        assert_eq!((found.verdict, found.g), (Verdict::AtLeast, None));
    }

    #[test]
    fn a_distance_on_the_floor_is_a_lower_bound() {
        // Null at infinity: 0.01 (1 +- 0.95 * 0.5): a distance of 0.012 is compatible with it.
        let toy = Toy { limit: limit(0.012, 0.012, 0.012, false), width: 0.5, floor: 0.01 };
        let found = run(&toy, 1_000_000, false);
        assert_eq!(found.verdict, Verdict::AtLeast);
        // q_2.5%(n) = (1/n + 0.01)(1 - 0.475) = 0.012.
        let n = 1.0 / (0.012 / 0.525 - 0.01);
        assert!((found.interval_95.low.unwrap() - n / 100.0).abs() < 1e-9 * n);
    }

    #[test]
    fn a_distance_well_above_the_floor_is_resolved() {
        let toy = Toy { limit: limit(0.1, 0.1, 0.1, false), width: 0.5, floor: 0.01 };
        let found = run(&toy, 1_000_000, false);
        assert_eq!(found.verdict, Verdict::Resolved);
        assert!((found.n_equiv.unwrap() - 1.0 / 0.09).abs() < 1e-9);
    }

    #[test]
    fn without_a_plateau_there_is_no_upper_end() {
        let toy = Toy { limit: limit(0.1, 0.1, 0.1, false), width: 0.5, floor: 0.01 };
        let found = run(&toy, 50, false);
        assert_eq!((found.verdict, found.interval_95.high), (Verdict::AtLeast, None));
        assert!(found.reason.contains("fewer than 10 n_equiv"));
    }

    #[test]
    fn a_limit_beyond_any_true_sample_is_an_upper_bound() {
        let found = run(&Toy { limit: limit(2.0, 0.5, 3.0, true), width: 0.0, floor: 0.0 }, 10, false);
        assert_eq!((found.verdict, found.interval_95.low), (Verdict::AtMost, None));
        assert!((found.interval_95.high.unwrap() - 0.02).abs() < 1e-9);
    }

    #[test]
    fn nothing_known_is_unresolved() {
        let found = run(&Toy { limit: limit(2.0, -1.0, 3.0, true), width: 0.0, floor: 0.0 }, 10, false);
        assert_eq!(found.verdict, Verdict::Unresolved);
    }

    #[test]
    fn the_training_set_is_never_evidence() {
        let found = run(&Toy { limit: limit(1e-3, 5e-4, 2e-3, true), width: 0.0, floor: 0.0 }, 10, true);
        assert_eq!(found.verdict, Verdict::InSample);
        assert!(found.g.is_some());
    }

    #[test]
    fn a_bound_without_support_is_withheld() {
        let bound = Toy { limit: limit(1e-4, -1e-3, 2e-3, true), width: 0.0, floor: 0.0 };
        let number = Toy { limit: limit(1e-3, 5e-4, 2e-3, true), width: 0.0, floor: 0.0 };
        for (in_sample, verdict) in [(false, Verdict::Unresolved), (true, Verdict::InSample)] {
            let footing = Footing::NoBound { in_sample, reason: "nobody said".into() };
            let found = on(&bound, 10, &footing);
            assert_eq!((found.verdict, found.g, found.reason.as_str()), (verdict, None, "nobody said"));
            assert_eq!((found.interval_95.low, found.interval_68.low), (None, None));
            // A spread that is seen is a number still.
            let shared = on(&bound, 10, &Footing::Shared("shared".into()));
            assert_eq!((shared.verdict, shared.interval_95.low), (Verdict::InSample, None));
            assert_eq!(
                on(&number, 10, &Footing::Shared("shared".into())).g,
                on(&number, 10, &Footing::Sound).g
            );
            assert_eq!(on(&number, 10, &footing), on(&number, 10, &Footing::Sound));
        }
    }
}
