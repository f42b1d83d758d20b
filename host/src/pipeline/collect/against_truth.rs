//! A known true G beside the estimates: a warning where the 95 % interval does not hold it.

use amplicast_sdk::{Curves, Deviation};
use statrs::distribution::{Binomial, ChiSquared, ContinuousCDF, DiscreteCDF};

use crate::format::{short, true_g};
use crate::report::cell_title;
use crate::results::{Cell, CellReplica, Estimate, Interval, TrueG, Verdict};

/// How rarely calibrated intervals may miss as often as these before it is called a fault of theirs.
const RARE: f64 = 0.05;

/// Standard errors of the deviations of the posterior mean and of a single member, on one training set.
///
/// A deviation is a sum of squares over regions, |x|^2 - tr S, with x known to a covariance S: its variance is 2 tr S^2 +
/// 4 x'Sx, here for regions of like size, tr S^2 = (tr S)^2 / regions. S is the binomial scatter of the generated events,
/// less by the number of members for their mean, and of the `n_truth` true ones.
pub fn errors_of_truth(deviation: &Deviation, curves: &Curves<'_>, n_truth: f64) -> Option<[f64; 2]> {
    let last = curves.checkpoints().checked_sub(1)?;
    let members = curves.members() as f64;
    let passed = (0..curves.members()).map(|i| curves.passed(i, last) as f64).sum::<f64>() / members;
    let regions = deviation.pulls.len().max(1) as f64;
    let (generated, truth) = (deviation.null_scale / passed, deviation.null_scale / n_truth);
    let variance = |x2: f64, s: f64| (2.0 * s * s + 4.0 * x2.max(0.0) * s) / regions;
    let mean = variance(deviation.posterior_mean, generated / members + truth);
    let member =
        variance(deviation.single_member, generated) / members + variance(deviation.single_member, truth);
    let found = [mean.sqrt(), member.sqrt()];
    found.iter().all(|e| e.is_finite()).then_some(found)
}

/// On which side of an interval the truth lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Below,
    Above,
}

impl Side {
    /// Where all of the truth's own 95 % interval lies beside that of an estimate.
    fn of(truth: Interval, interval: Interval) -> Option<Self> {
        if truth.high.zip(interval.low).is_some_and(|(truth, low)| truth < low) {
            Some(Side::Below)
        } else if truth.low.zip(interval.high).is_some_and(|(truth, high)| truth > high) {
            Some(Side::Above)
        } else {
            None
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Side::Below => ("below", "too large"),
            Side::Above => ("above", "too small"),
        }
    }
}

/// The 95 % interval that an estimate claims: above a bound, nothing is claimed.
fn claimed(estimate: &Estimate) -> Interval {
    match estimate.verdict {
        Verdict::AtLeast => Interval { low: estimate.lower_bound(), high: None },
        _ => estimate.interval_95,
    }
}

/// What to say of a cell whose 95 % intervals do not hold the true G, of what they are of.
pub fn against_truth(cell: &Cell) -> Option<String> {
    let truth = cell.true_g()?;
    // What claims nothing cannot be wrong.
    let claims = |r: &&CellReplica| {
        !matches!(r.estimate.verdict, Verdict::Unresolved | Verdict::InSample) && r.deviation.is_some()
    };
    let sets: Vec<&CellReplica> = cell.replicas.iter().filter(claims).collect();
    let known = truth.interval_95();
    let sides: Vec<Side> = sets.iter().filter_map(|r| Side::of(known, claimed(&r.estimate))).collect();
    let below = sides.iter().filter(|s| **s == Side::Below).count();
    let side = if 2 * below >= sides.len() { Side::Below } else { Side::Above };
    let (where_, how) = side.words();
    match sets[..] {
        _ if sides.is_empty() => None,
        [only] if truth.training_sets <= 1 => Some(of_one_set(cell, only, &truth, known, side)),
        _ if !often(sides.len(), sets.len()) => None,
        _ => Some(format!(
            "{}: the true G, {}, lies outside of the 95 % interval on {} of {} training sets, mostly {where_} it: the \
             estimated G is {how}",
            cell_title(&cell.name),
            true_g(&truth),
            sides.len(),
            sets.len()
        )),
    }
}

fn of_one_set(cell: &Cell, replica: &CellReplica, truth: &TrueG, known: Interval, side: Side) -> String {
    let (where_, how) = side.words();
    let Interval { low, high } = claimed(&replica.estimate);
    let low = low.map_or("0".to_string(), short);
    let high = high.map_or("∞)".to_string(), |high| format!("{}]", short(high)));
    let regions = replica.deviation.as_ref().map_or(1, |d| d.pulls.len().max(1)) as f64;
    let regions = replica.apart.as_ref().map_or(regions, |apart| apart.directions.min(regions));
    let chance = if by_chance(known, claimed(&replica.estimate), regions) {
        "; one training set scatters as much by chance: experiment.training_sets = 10 tells"
    } else {
        ", by more than the scatter of one training set"
    };
    format!(
        "{}: the true G of this training set, {}, lies {where_} the 95 % interval [{low}, {high}: the estimated G is {how} here{chance}",
        cell_title(&cell.name),
        true_g(truth),
    )
}

/// Whether the true G over training sets may lie in the interval although that of this set does not: the deviation of one set
/// is chi^2 of as many degrees of freedom as there are regions, or directions in which they scatter.
fn by_chance(known: Interval, interval: Interval, degrees: f64) -> bool {
    let Ok(law) = ChiSquared::new(degrees) else { return false };
    let times = |end: Option<f64>, p: f64| end.map(|end| end * law.inverse_cdf(p) / degrees);
    Side::of(Interval { low: times(known.low, 0.025), high: times(known.high, 0.975) }, interval).is_none()
}

/// Whether calibrated intervals would miss so often of so many times in 5 % of the cases at most.
fn often(missed: usize, of: usize) -> bool {
    let Ok(law) = Binomial::new(0.05, of as u64) else { return false };
    // P(X >= missed) = P(X > missed - 1).
    missed > 0 && law.sf(missed as u64 - 1) <= RARE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    /// The estimate 0.47 [0.26, 0.74] of one training set (95 %), and the true G of it or of all sets.
    fn cell(sets: u64, truth: f64) -> Cell {
        let mut cell = testing::integral_cell(sets);
        let interval = Interval { low: Some(0.26), high: Some(0.74) };
        for replica in &mut cell.replicas {
            replica.estimate = testing::estimate(Verdict::Resolved, Some(0.47), interval, interval);
        }
        let interval = |low, high| Interval { low: Some(low), high: Some(high) };
        let of_all = Interval { low: None, high: None };
        cell.overall.as_mut().unwrap().g_true_posterior_mean = Some(TrueG {
            value: Some(truth),
            interval: if sets > 1 { interval(0.9 * truth, 1.1 * truth) } else { of_all },
            training_sets: sets,
            of_this_set: (sets == 1).then(|| interval(0.95 * truth, 1.05 * truth)),
        });
        cell
    }

    #[test]
    fn a_truth_outside_is_said_with_its_side() {
        assert_eq!(against_truth(&cell(1, 0.5)), None);
        // Four regions: chi^2_4 / 4 is within [0.12, 2.79] in 95 %, so that [0.037, 0.046] may stand for [0.004, 0.13].
        let low = against_truth(&cell(1, 0.041)).unwrap();
        assert_eq!(
            low,
            "transformer × bayesian: radius, integral: the true G of this training set, 0.041 [0.039, 0.043], lies below the \
             95 % interval [0.26, 0.74]: the estimated G is too large here, by more than the scatter of one training set"
        );
        // And [1.8, 2.2] for [0.22, 6.3], which overlaps with [0.26, 0.74].
        let high = against_truth(&cell(1, 2.0)).unwrap();
        assert!(
            high.contains(
                "lies above the 95 % interval [0.26, 0.74]: the estimated G is too small here; one"
            ),
            "{high}"
        );
    }

    #[test]
    fn of_several_sets_a_few_may_miss() {
        let with = |misses: usize| {
            let mut cell = cell(10, 0.5);
            for replica in cell.replicas.iter_mut().take(misses) {
                replica.estimate.interval_95 = Interval { low: Some(0.7), high: None };
            }
            against_truth(&cell)
        };
        // Of 10 calibrated ones 1 or more miss in 40 %, 2 or more in 8.6 %, 3 or more in 1.2 % of the cases.
        assert_eq!((with(0), with(1), with(2)), (None, None, None));
        let said = with(3).unwrap();
        assert!(
            said.contains("the true G, 0.50 [0.45, 0.55], lies outside of the 95 % interval on 3 of 10 training sets, mostly below")
                && said.ends_with("the estimated G is too large"),
            "{said}"
        );
    }

    #[test]
    fn a_bound_claims_nothing_above_it() {
        let mut high = cell(1, 2.0);
        high.replicas[0].estimate.verdict = Verdict::AtLeast;
        assert_eq!(against_truth(&high), None);
        let mut low = cell(1, 0.01);
        low.replicas[0].estimate.verdict = Verdict::AtLeast;
        assert!(against_truth(&low).unwrap().contains("lies below"));
    }

    #[test]
    fn what_claims_nothing_is_not_wrong() {
        let mut cell = cell(1, 0.01);
        for verdict in [Verdict::InSample, Verdict::Unresolved] {
            cell.replicas[0].estimate.verdict = verdict;
            assert_eq!(against_truth(&cell), None);
        }
        cell.overall.as_mut().unwrap().g_true_posterior_mean = None;
        assert_eq!(against_truth(&cell), None);
    }

    /// 1 / G = 5 +- 1 may be 3 within two errors, G = 0.33: in the interval from 0.26 on; 5 +- 0.1 may not.
    #[test]
    fn a_truth_that_is_not_well_known_is_no_fault() {
        let mut cell = cell(1, 0.2);
        truth_of(&mut cell).of_this_set = Some(Interval { low: Some(1.0 / 6.0), high: Some(0.25) });
        assert_eq!(against_truth(&cell), None);
        truth_of(&mut cell).of_this_set = Some(Interval { low: Some(1.0 / 5.1), high: Some(1.0 / 4.9) });
        assert!(against_truth(&cell).is_some());
    }

    fn truth_of(cell: &mut Cell) -> &mut TrueG {
        cell.overall.as_mut().unwrap().g_true_posterior_mean.as_mut().unwrap()
    }

    /// A deviation that is lost in its error leaves a lower bound of the true G, which may lie above the interval.
    #[test]
    fn a_bound_of_the_truth_counts_only_above() {
        let mut cell = cell(1, 1.0);
        let truth = truth_of(&mut cell);
        truth.value = None;
        truth.of_this_set = Some(Interval { low: Some(40.0), high: None });
        assert!(against_truth(&cell).unwrap().contains("this training set, > 20 (95 %), lies above"));
        cell.replicas[0].estimate.interval_95 = Interval { low: Some(90.0), high: None };
        assert_eq!(against_truth(&cell), None);
    }

    /// x = 0.01 in one region with I (1 - I) = 0.25: 10 members of 1e5 events and 1e6 true ones.
    #[test]
    fn errors_are_those_of_squares() {
        let values = amplicast_sdk::ndarray::Array3::zeros((10, 1, 1));
        let curves = Curves {
            generated: &[100_000],
            passed: &[100_000; 10],
            values: values.view(),
            n_effective: 10.0,
        };
        let deviation =
            Deviation { posterior_mean: 1e-4, single_member: 2e-4, null_scale: 0.25, pulls: vec![1.0] };
        let [mean, member] = errors_of_truth(&deviation, &curves, 1e6).unwrap();
        // s^2 = 0.25 (1e-6 + 1e-6): 2 s^4 + 4 x^2 s^2.
        let s = 0.5e-6_f64;
        assert!((mean - (2.0 * s * s + 4e-4 * s).sqrt()).abs() < 1e-15);
        let (g, t) = (2.5e-6_f64, 0.25e-6);
        let expected = ((2.0 * g * g + 8e-4 * g) / 10.0 + 2.0 * t * t + 8e-4 * t).sqrt();
        assert!((member - expected).abs() < 1e-15);
    }
}
