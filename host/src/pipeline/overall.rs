//! A cell over its replicas: mean and spread of G, and the true G.

use crate::moments::{mean, variance};
use crate::results::{CellReplica, Interval, Overall, TrueG, Verdict};

/// Verdicts from the most cautious to the boldest.
const CAUTION: [Verdict; 5] =
    [Verdict::InSample, Verdict::Unresolved, Verdict::AtMost, Verdict::AtLeast, Verdict::Resolved];

/// The result over replicas; `None` without any.
pub fn overall(replicas: &[CellReplica]) -> Option<Overall> {
    if replicas.is_empty() {
        return None;
    }
    let count = |v: &Verdict| replicas.iter().filter(|r| r.estimate.verdict == *v).count();
    // `max_by_key` gives the last of equals: in reverse, the most cautious.
    let verdict = CAUTION.iter().rev().max_by_key(|v| count(v)).copied()?;
    let g: Vec<f64> = replicas.iter().filter_map(|r| r.estimate.g).collect();
    Some(Overall {
        verdict,
        g_mean: (!g.is_empty()).then(|| mean(&g)),
        g_spread: variance(&g).map(f64::sqrt),
        g_true_posterior_mean: true_g(replicas, |d| d.posterior_mean),
        g_true_single_member: true_g(replicas, |d| d.single_member),
    })
}

/// G_true = I(1-I) / (n_train E[deviation]), the expectation over training sets.
fn true_g(replicas: &[CellReplica], part: impl Fn(&crate::results::TrueDeviation) -> f64) -> Option<TrueG> {
    let known: Vec<_> = replicas.iter().filter_map(|r| Some((r, r.deviation.as_ref()?))).collect();
    let deviations: Vec<f64> = known.iter().map(|(_, d)| part(d)).collect();
    if deviations.is_empty() {
        return None;
    }
    let n = known.len() as f64;
    let mean = mean(&deviations);
    let scale = known.iter().map(|(r, d)| d.null_scale / r.n_train_passed as f64).sum::<f64>() / n;
    let g = |deviation: f64| (deviation > 0.0).then(|| scale / deviation);
    // One training set says nothing of the spread over training sets.
    let error = variance(&deviations).map(|v| (v / n).sqrt());
    let interval = match error {
        Some(error) => Interval { low: g(mean + error), high: g(mean - error) },
        None => Interval { low: None, high: None },
    };
    Some(TrueG { value: g(mean), interval })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Estimate, TrueDeviation};

    fn replica(verdict: Verdict, g: Option<f64>, deviation: f64) -> CellReplica {
        CellReplica {
            replica: 0,
            n_train_passed: 100,
            n_reference: 0,
            without: None,
            n_effective: 10.0,
            estimate: Estimate {
                verdict,
                n_equiv: g.map(|g| 100.0 * g),
                g,
                interval_68: Interval { low: None, high: None },
                interval_95: Interval { low: None, high: None },
                limit: 0.0,
                reason: String::new(),
            },
            curve: Vec::new(),
            null: Vec::new(),
            deviation: Some(TrueDeviation {
                posterior_mean: deviation,
                single_member: 2.0 * deviation,
                null_scale: 0.25,
                pulls: Vec::new(),
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
        assert_eq!(found.g_true_posterior_mean.unwrap().value, None);
    }
}
