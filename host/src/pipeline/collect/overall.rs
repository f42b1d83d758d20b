//! A cell over its training sets: mean and spread of G, and the true G.

use crate::moments::{finite_quantile, mean, variance};
use crate::results::{CellReplica, Interval, Overall, TrueDeviation, TrueG, Verdict};

/// Verdicts from the most cautious to the boldest.
const CAUTION: [Verdict; 7] = [
    Verdict::InSample,
    Verdict::Unresolved,
    Verdict::VarianceOnly,
    Verdict::AtMost,
    Verdict::AtLeast,
    Verdict::BiasSeen,
    Verdict::Resolved,
];

/// The result over training sets; `None` without any.
pub fn overall(replicas: &[CellReplica]) -> Option<Overall> {
    if replicas.is_empty() {
        return None;
    }
    let count = |v: &Verdict| replicas.iter().filter(|r| r.estimate.verdict == *v).count();
    // `max_by_key` gives the last of equals: in reverse, the most cautious.
    let verdict = CAUTION.iter().rev().max_by_key(|v| count(v)).copied()?;
    let g: Vec<f64> = replicas.iter().filter_map(|r| r.estimate.g).collect();
    let [g_16, g_median, g_84] = [0.16, 0.5, 0.84].map(|p| quantile_of_g(replicas, p));
    Some(Overall {
        verdict,
        g_mean: (!g.is_empty()).then(|| mean(&g)),
        g_spread: variance(&g).map(f64::sqrt),
        g_median,
        g_16,
        g_84,
        g_true_posterior_mean: true_g(replicas, |d| d.posterior_mean, 0),
        g_true_single_member: true_g(replicas, |d| d.single_member, 1),
    })
}

/// A quantile of G over training sets, as NumPy interpolates; absent if it is infinite, or if no training set gives a number.
///
/// One without a number counts as infinite, unless its G is only bounded from above: left out, it would make the others'
/// median too small.
fn quantile_of_g(replicas: &[CellReplica], p: f64) -> Option<f64> {
    if replicas.iter().all(|r| r.estimate.g.is_none()) {
        return None;
    }
    let mut sorted: Vec<f64> = replicas.iter().map(|r| r.estimate.or_open()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    finite_quantile(&sorted, p)
}

/// G_true = I(1-I) / (n_train E[deviation]), the expectation over training sets.
///
/// `which` of the deviation's errors is that of this part.
fn true_g(replicas: &[CellReplica], part: impl Fn(&TrueDeviation) -> f64, which: usize) -> Option<TrueG> {
    let known: Vec<_> = replicas.iter().filter_map(|r| Some((r, r.deviation.as_ref()?))).collect();
    let deviations: Vec<f64> = known.iter().map(|(_, d)| part(d)).collect();
    if deviations.is_empty() {
        return None;
    }
    let n = known.len() as f64;
    let mean = mean(&deviations);
    let scale = known.iter().map(|(r, d)| d.null_scale / r.n_train()).sum::<f64>() / n;
    let g = |deviation: f64| (deviation > 0.0).then(|| scale / deviation);
    // One training set says nothing of the spread over training sets.
    let error = variance(&deviations).map(|v| (v / n).sqrt());
    let interval = match error {
        Some(error) => Interval { low: g(mean + error), high: g(mean - error) },
        None => Interval { low: None, high: None },
    };
    let of_this_set = match &known[..] {
        [(_, deviation)] => deviation.errors.map(|errors| {
            let error = errors[which];
            // Where the deviation is lost in its error, the set's G has a lower end only: that of no deviation, one error up.
            Interval { low: g(mean.max(0.0) + error), high: g(mean - error) }
        }),
        _ => None,
    };
    Some(TrueG { value: g(mean), interval, training_sets: known.len() as u64, of_this_set })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Estimate;

    fn replica(verdict: Verdict, g: Option<f64>, deviation: f64) -> CellReplica {
        CellReplica {
            replica: 0,
            n_train_passed: 100,
            n_train_effective: None,
            n_reference: 0,
            without: None,
            n_effective: 10.0,
            estimate: Estimate {
                verdict,
                n_equiv: g.map(|g| 100.0 * g),
                g,
                interval_68: Interval { low: None, high: None },
                interval_95: Interval { low: None, high: None },
                bound: None,
                limit: 0.0,
                reason: String::new(),
            },
            apart: None,
            demonstrated: None,
            spread_alone: None,
            curve: Vec::new(),
            null_law: 0,
            deviation: Some(TrueDeviation {
                posterior_mean: deviation,
                single_member: 2.0 * deviation,
                null_scale: 0.25,
                pulls: Vec::new(),
                errors: Some([1e-4, 3e-4]),
                true_value: None,
            }),
        }
    }

    #[test]
    fn means_spreads_and_truth() {
        let list = [replica(Verdict::Resolved, Some(2.0), 1e-3), replica(Verdict::Resolved, Some(4.0), 3e-3)];
        let found = overall(&list).unwrap();
        assert_eq!((found.g_mean, found.g_spread), (Some(3.0), Some(2.0_f64.sqrt())));
        let truth = found.g_true_posterior_mean.unwrap();
        assert!((truth.value.unwrap() - 0.25 / (100.0 * 2e-3)).abs() < 1e-12);
        assert!((truth.interval.low.unwrap() - 0.25 / (100.0 * 3e-3)).abs() < 1e-12);
        assert!((found.g_true_single_member.unwrap().value.unwrap() - 0.625).abs() < 1e-12);
    }

    #[test]
    fn ties_are_cautious() {
        let list = [replica(Verdict::Resolved, Some(2.0), 1e-3), replica(Verdict::AtLeast, None, 1e-3)];
        assert_eq!(overall(&list).unwrap().verdict, Verdict::AtLeast);
        assert!(overall(&[]).is_none());
    }

    #[test]
    fn a_deviation_below_zero_gives_no_number() {
        let found = overall(&[replica(Verdict::AtLeast, None, -1e-6)]).unwrap();
        let truth = found.g_true_posterior_mean.unwrap();
        assert_eq!((truth.value, truth.training_sets), (None, 1));
        // The deviation is -1e-6 +- 1e-4: below 1e-4, so that 0.25 / 100 / 1e-4 = 25 is a lower end, and there is no upper one.
        let own = truth.of_this_set.unwrap();
        assert!((own.low.unwrap() - 25.0).abs() < 1e-9 && own.high.is_none(), "{own:?}");
    }

    #[test]
    fn one_training_set_has_an_interval_of_its_own() {
        let found = overall(&[replica(Verdict::Resolved, Some(2.0), 1e-3)]).unwrap();
        // 0.25 / 100 / (1e-3 +- 1e-4), and for a single member 0.25 / 100 / (2e-3 +- 3e-4).
        for (truth, ends) in [
            (found.g_true_posterior_mean.unwrap(), [2.5e-3 / 1.1e-3, 2.5e-3 / 0.9e-3]),
            (found.g_true_single_member.unwrap(), [2.5e-3 / 2.3e-3, 2.5e-3 / 1.7e-3]),
        ] {
            assert_eq!((truth.interval.low, truth.interval.high), (None, None));
            let own = truth.of_this_set.unwrap();
            assert!(
                (own.low.unwrap() - ends[0]).abs() < 1e-12 && (own.high.unwrap() - ends[1]).abs() < 1e-12
            );
        }
        let two = [replica(Verdict::Resolved, None, 1e-3), replica(Verdict::Resolved, None, 1e-3)];
        assert_eq!(overall(&two).unwrap().g_true_posterior_mean.unwrap().of_this_set, None);
    }

    #[test]
    fn a_median_is_not_moved_by_one_large_number() {
        let of = |list: &[(Verdict, Option<f64>)]| {
            let list: Vec<_> = list.iter().map(|(verdict, g)| replica(*verdict, *g, 1e-3)).collect();
            let found = overall(&list).unwrap();
            [found.g_16, found.g_median, found.g_84]
        };
        use Verdict::{AtLeast, AtMost, Resolved};
        let g = |g| (Resolved, Some(g));
        // NumPy: np.quantile([1, 2, 3, 4, 2000], [.16, .5, .84]) = 1.64, 3, 722.56; the mean is 402.
        let [low, median, high] = of(&[g(4.0), g(2000.0), g(1.0), g(2.0), g(3.0)]).map(Option::unwrap);
        assert!((low - 1.64).abs() < 1e-12 && median == 3.0 && (high - 722.56).abs() < 1e-9);
        // A set without an upper end is above all others, and one that is bounded from above alone below them.
        assert_eq!(
            of(&[g(2.0), (AtLeast, None), (AtLeast, None)]),
            [None, None, None].map(|_: Option<f64>| None)
        );
        assert_eq!(of(&[g(2.0), g(3.0), (AtLeast, None)])[1..], [Some(3.0), None]);
        assert_eq!(of(&[g(2.0), g(3.0), (AtMost, None)])[1], Some(2.0));
        assert_eq!(of(&[(AtLeast, None)]), [None; 3]);
    }
}
