//! Numbers and amplifications as text: the one place that decides how a G is written.

use crate::results::{Cell, Estimate, Interval, Overall, TrueG, Verdict};

/// What stands in the table of G for a cell: a number with its 68 % interval, a bound, or a word.
///
/// With several training sets it is the mean and standard deviation over them, or the most cautious of their bounds.
///
/// ```text
/// 7.1 [5.0, 10.2]    > 12 (95 %)    < 0.3 (95 %)    22 (in-sample)    unresolved    failed    7.1 +- 2.2 (5 sets)
/// ```
pub fn amplification(cell: &Cell) -> String {
    match (&cell.overall, cell.replicas.as_slice()) {
        (_, []) => "failed".into(),
        (None, [only]) => estimate(&only.estimate),
        (Some(_), [only]) if cell.failures.is_empty() => estimate(&only.estimate),
        (Some(overall), _) => over_sets(cell, overall),
        (None, _) => "failed".into(),
    }
}

/// An estimate on one training set.
pub fn estimate(estimate: &Estimate) -> String {
    match (estimate.verdict, finite(estimate.g)) {
        (Verdict::Resolved, Some(g)) => {
            format!("{}{}", number(g, decimals(g)), interval(estimate.interval_68, g))
        }
        (Verdict::AtLeast, _) => bound('>', estimate.interval_95.low, "95 %"),
        (Verdict::AtMost, _) => bound('<', estimate.interval_95.high, "95 %"),
        (Verdict::InSample, Some(g)) => format!("{} (in-sample)", number(g, decimals(g))),
        (Verdict::InSample, None) => "in-sample".into(),
        (Verdict::Resolved, None) | (Verdict::Unresolved, _) => "unresolved".into(),
    }
}

fn over_sets(cell: &Cell, overall: &Overall) -> String {
    let (done, all) = (cell.replicas.len(), cell.replicas.len() + cell.failures.len());
    let sets = match (done, all) {
        (1, 1) => "1 set".to_string(),
        _ if done == all => format!("{done} sets"),
        _ => format!("{done} of {all} sets"),
    };
    let bounds = |end: fn(&Interval) -> Option<f64>, verdict: Verdict| {
        let those = cell.replicas.iter().filter(move |r| r.estimate.verdict == verdict);
        those.filter_map(move |r| finite(end(&r.estimate.interval_95)))
    };
    let mean = finite(overall.g_mean).map(|mean| {
        let spread = finite(overall.g_spread).filter(|_| done > 1);
        let spread = spread.map_or(String::new(), |s| format!(" +- {}", number(s, decimals(mean))));
        format!("{}{spread}", number(mean, decimals(mean)))
    });
    match (overall.verdict, mean) {
        (Verdict::Resolved, Some(mean)) => format!("{mean} ({sets})"),
        (Verdict::AtLeast, _) => {
            bound('>', bounds(|i| i.low, Verdict::AtLeast).reduce(f64::min), &format!("95 %, {sets}"))
        }
        (Verdict::AtMost, _) => {
            bound('<', bounds(|i| i.high, Verdict::AtMost).reduce(f64::max), &format!("95 %, {sets}"))
        }
        (Verdict::InSample, Some(mean)) => format!("{mean} (in-sample, {sets})"),
        (Verdict::InSample, None) => "in-sample".into(),
        (Verdict::Resolved, None) | (Verdict::Unresolved, _) => "unresolved".into(),
    }
}

/// The true amplifications where they are known: `true 2.9 | 1.4` (posterior mean | single member).
pub fn truth(cell: &Cell) -> Option<String> {
    true_pair(cell).map(|(mean, member)| format!("true {mean} | {member}"))
}

/// True amplification of the posterior mean and of a single member, if either is known.
pub fn true_pair(cell: &Cell) -> Option<(String, String)> {
    let overall = cell.overall.as_ref()?;
    let (mean, member) = (&overall.g_true_posterior_mean, &overall.g_true_single_member);
    let one = |g: &Option<TrueG>| g.as_ref().map_or("unknown".to_string(), true_g);
    (mean.is_some() || member.is_some()).then(|| (one(mean), one(member)))
}

/// One true amplification: its value, or the bound that is left of it.
pub fn true_g(g: &TrueG) -> String {
    match (finite(g.value), finite(g.interval.low)) {
        (Some(value), _) => number(value, decimals(value)),
        (None, Some(low)) => format!("> {}", number(low, decimals(low))),
        (None, None) => "unknown".into(),
    }
}

/// An interval with as many decimals as its estimate has: ` [5.0, 10.2]`, with a space before it.
pub fn interval(interval: Interval, around: f64) -> String {
    let decimals = decimals(around);
    let low = finite(interval.low).map_or("0".to_string(), |low| number(low, decimals));
    match finite(interval.high) {
        Some(high) => format!(" [{low}, {}]", number(high, decimals)),
        None => format!(" [{low}, ∞)"),
    }
}

/// The name of a verdict, as it stands in `results.json`.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Resolved => "resolved",
        Verdict::AtLeast => "at-least",
        Verdict::AtMost => "at-most",
        Verdict::Unresolved => "unresolved",
        Verdict::InSample => "in-sample",
    }
}

/// A number with two significant digits, for a text that stands alone.
pub fn short(value: f64) -> String {
    number(value, decimals(value))
}

/// A number with two significant digits of its error, or with three of its own.
pub fn beside(value: f64, error: Option<f64>) -> String {
    match finite(error).filter(|error| *error > 0.0) {
        Some(error) => number(value, decimals(error)),
        None => number(value, decimals(value) + 1),
    }
}

/// A count of events with thin spaces between its thousands.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}

fn bound(sign: char, value: Option<f64>, of: &str) -> String {
    match finite(value) {
        Some(value) => format!("{sign} {} ({of})", number(value, decimals(value))),
        None => "unresolved".into(),
    }
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite())
}

/// Decimals that give two significant digits.
fn decimals(value: f64) -> usize {
    if value == 0.0 || !value.is_finite() {
        1
    } else {
        (1.0 - value.abs().log10().floor()).clamp(0.0, 30.0) as usize
    }
}

fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "?".into();
    }
    match value.abs() {
        size if size >= 1e5 || (size > 0.0 && size < 1e-3) => {
            let text = format!("{value:.1e}");
            text.replace(".0e", "e")
        }
        _ => format!("{value:.*}", decimals.min(4)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn made(verdict: Verdict, g: Option<f64>, ends: [Option<f64>; 2]) -> Estimate {
        let interval = Interval { low: ends[0], high: ends[1] };
        testing::estimate(verdict, g, interval, interval)
    }

    #[test]
    fn every_verdict_has_its_text() {
        use Verdict::*;
        let cases = [
            (Resolved, Some(7.12), [Some(5.04), Some(10.24)], "7.1 [5.0, 10.2]"),
            (Resolved, Some(0.314), [Some(0.2), Some(0.45)], "0.31 [0.20, 0.45]"),
            (Resolved, Some(70.4), [Some(51.0), None], "70 [51, ∞)"),
            (Resolved, Some(2.5e6), [Some(1e6), Some(4.1e6)], "2.5e6 [1e6, 4.1e6]"),
            (Resolved, None, [None, None], "unresolved"),
            (AtLeast, Some(30.0), [Some(12.2), None], "> 12 (95 %)"),
            (AtLeast, None, [None, None], "unresolved"),
            (AtMost, None, [None, Some(0.3)], "< 0.30 (95 %)"),
            (InSample, Some(22.3), [None, None], "22 (in-sample)"),
            (InSample, None, [None, None], "in-sample"),
            (InSample, Some(f64::INFINITY), [None, None], "in-sample"),
            (Unresolved, Some(3.0), [Some(0.1), None], "unresolved"),
        ];
        for (verdict, g, ends, expected) in cases {
            assert_eq!(estimate(&made(verdict, g, ends)), expected);
        }
    }

    #[test]
    fn several_training_sets_give_mean_and_spread() {
        let mut cell = testing::integral_cell(5);
        let overall = cell.overall.as_mut().unwrap();
        (overall.g_mean, overall.g_spread) = (Some(7.13), Some(2.21));
        assert_eq!(amplification(&cell), "7.1 +- 2.2 (5 sets)");
        cell.failures.push("out of memory".into());
        assert_eq!(amplification(&cell), "7.1 +- 2.2 (5 of 6 sets)");
        cell.overall.as_mut().unwrap().verdict = Verdict::AtLeast;
        for (i, replica) in cell.replicas.iter_mut().enumerate() {
            replica.estimate = made(Verdict::AtLeast, None, [Some(9.0 + i as f64), None]);
        }
        assert_eq!(amplification(&cell), "> 9.0 (95 %, 5 of 6 sets)");
        cell.replicas.clear();
        assert_eq!(amplification(&cell), "failed");
    }

    #[test]
    fn the_truth_is_given_for_mean_and_member() {
        let mut cell = testing::integral_cell(1);
        assert_eq!(truth(&cell).unwrap(), "true 6.8 | 3.4");
        let overall = cell.overall.as_mut().unwrap();
        overall.g_true_posterior_mean =
            Some(TrueG { value: None, interval: Interval { low: Some(41.0), high: None } });
        assert_eq!(truth(&cell).unwrap(), "true > 41 | 3.4");
    }

    #[test]
    fn a_number_has_the_digits_of_its_error() {
        let cases = [(0.51234, Some(0.0173), "0.512"), (598.21, Some(41.0), "598"), (0.97123, None, "0.971")];
        for (value, error, expected) in cases {
            assert_eq!(beside(value, error), expected);
        }
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(
            (count(1000), count(10_000), count(1_234_567)),
            ("1000".into(), "10\u{202f}000".into(), "1\u{202f}234\u{202f}567".into())
        );
    }
}
