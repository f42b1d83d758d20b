//! Numbers and amplifications as text: the one place that decides how a G is written.

use crate::results::{Cell, Estimate, Interval, Overall, TrueG, Verdict};

/// What stands in the table of G for a cell: a number with its 68 % interval, a bound, or a word.
///
/// With several training sets it is the median over them with their 16 and 84 % quantiles, or the most cautious of their
/// bounds. A mean and a standard deviation would be those of the one set whose G happened to be large.
///
/// ```text
/// 7.1 [5.0, 10.2]    > 12 (95 %)    < 0.3 (95 %)    22 (in-sample)    unresolved    failed    7.1 [5.2, 9.4] (median of 5 sets)
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
        (Verdict::Resolved | Verdict::BiasSeen, Some(g)) => {
            format!("{}{}", number(g, decimals(g)), interval(estimate.interval_68, g))
        }
        (Verdict::AtLeast, _) => bound('>', estimate.lower_bound(), "95 %"),
        (Verdict::AtMost, _) => bound('<', estimate.interval_95.high, "95 %"),
        (Verdict::InSample, Some(g)) => format!("{} (in-sample)", number(g, decimals(g))),
        (Verdict::InSample, None) => "in-sample".into(),
        (Verdict::VarianceOnly, Some(g)) => {
            format!("{}{} (variance only)", number(g, decimals(g)), interval(estimate.interval_68, g))
        }
        (Verdict::VarianceOnly, None) => bound('>', estimate.lower_bound(), "variance only"),
        (Verdict::Resolved | Verdict::BiasSeen, None) | (Verdict::Unresolved, _) => "unresolved".into(),
    }
}

fn over_sets(cell: &Cell, overall: &Overall) -> String {
    let (done, all) = (cell.replicas.len(), cell.replicas.len() + cell.failures.len());
    let sets = match (done, all) {
        (1, 1) => "1 set".to_string(),
        _ if done == all => format!("{done} sets"),
        _ => format!("{done} of {all} sets"),
    };
    let bounds = |end: fn(&Estimate) -> Option<f64>, verdict: Verdict| {
        let those = cell.replicas.iter().filter(move |r| r.estimate.verdict == verdict);
        those.filter_map(move |r| finite(end(&r.estimate)))
    };
    let median = finite(overall.g_median).map(|median| {
        let ends = Interval { low: overall.g_16, high: overall.g_84 };
        format!("{}{}", number(median, decimals(median)), interval(ends, median))
    });
    match (overall.verdict, median) {
        (Verdict::Resolved | Verdict::BiasSeen, Some(median)) => format!("{median} (median of {sets})"),
        (Verdict::VarianceOnly, Some(median)) => format!("{median} (variance only, median of {sets})"),
        (Verdict::VarianceOnly, None) => bound(
            '>',
            bounds(Estimate::lower_bound, Verdict::VarianceOnly).reduce(f64::min),
            &format!("variance only, {sets}"),
        ),
        (Verdict::AtLeast, _) => bound(
            '>',
            bounds(Estimate::lower_bound, Verdict::AtLeast).reduce(f64::min),
            &format!("95 %, {sets}"),
        ),
        (Verdict::AtMost, _) => bound(
            '<',
            bounds(|e| e.interval_95.high, Verdict::AtMost).reduce(f64::max),
            &format!("95 %, {sets}"),
        ),
        (Verdict::InSample, Some(median)) => format!("{median} (in-sample, median of {sets})"),
        (Verdict::InSample, None) => "in-sample".into(),
        (Verdict::Resolved | Verdict::BiasSeen, None) | (Verdict::Unresolved, _) => "unresolved".into(),
    }
}

/// What a true G that comes from one training set is called: no expectation over training sets, but what this one gave.
pub const THIS_SET: &str = "this training set";

/// True amplifications of a cell, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Whether they come from one training set, and are that set's own.
    pub of_one_set: bool,
    /// Of the posterior mean.
    pub mean: String,
    /// Of a single member.
    pub member: String,
}

/// The true amplifications where they are known.
pub fn truth(cell: &Cell) -> Option<Truth> {
    let overall = cell.overall.as_ref()?;
    let (mean, member) = (overall.g_true_posterior_mean, overall.g_true_single_member);
    let one = |g: Option<TrueG>| g.map_or("not known".to_string(), |g| true_g(&g));
    // Results of earlier versions do not say.
    let sets = cell.replicas.iter().filter(|r| r.deviation.is_some()).count();
    (mean.is_some() || member.is_some()).then(|| Truth {
        of_one_set: sets == 1,
        mean: one(mean),
        member: one(member),
    })
}

/// One true amplification with its 68 % interval, and no more digits than it has; or the bound that is left of it.
///
/// Of one training set the interval is that of the set's own value; without any, the value has one digit.
pub fn true_g(g: &TrueG) -> String {
    let ends = g.of_this_set.unwrap_or(g.interval);
    let (low, high) = (finite(ends.low), finite(ends.high));
    match (finite(g.value), low) {
        // A value whose error is as large as itself says no more than its lower end.
        (Some(value), Some(low)) if high.is_some() || g.of_this_set.is_none() => {
            let step = step(value, (value - low).min(high.map_or(f64::INFINITY, |high| high - value)));
            // The ends have digits of their own: beside a wide interval the lower one would be rounded to nothing.
            let end = |end: f64| rounded(end, step.min(step_of_digits(end, 1)));
            let (value, low) = (rounded(value, step), end(low));
            match high.map(end) {
                // To these digits it is exact.
                Some(high) if high == value && low == value => value,
                Some(high) => format!("{value} [{low}, {high}]"),
                None => format!("{value} [{low}, ∞)"),
            }
        }
        (_, Some(_)) => bound('>', g.interval_95().low, "95 %"),
        (Some(value), None) => rounded(value, step_of_digits(value, 1)),
        (None, None) => "not known".into(),
    }
}

/// The power of ten to which a value with this error is rounded: two digits of an error that begins with 1 to 35, else one
/// (Particle Data Group), and never more than two digits of the value.
fn step(value: f64, error: f64) -> i32 {
    let of_error = if error > 0.0 && error.is_finite() {
        let power = error.log10().floor() as i32;
        if error / 10f64.powi(power) < 3.55 { power - 1 } else { power }
    } else {
        i32::MIN
    };
    of_error.max(step_of_digits(value, 2))
}

/// The power of ten that leaves this many digits of a value.
fn step_of_digits(value: f64, digits: i32) -> i32 {
    if value == 0.0 || !value.is_finite() { 0 } else { value.abs().log10().floor() as i32 + 1 - digits }
}

/// A value rounded to a power of ten.
fn rounded(value: f64, step: i32) -> String {
    let unit = 10f64.powi(step);
    number((value / unit).round() * unit, usize::try_from(-step).unwrap_or(0))
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
    use super::*;
    use crate::report::testing;

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
    fn several_training_sets_give_median_and_quantiles() {
        let mut cell = testing::integral_cell(5);
        let overall = cell.overall.as_mut().unwrap();
        (overall.g_mean, overall.g_spread) = (Some(222.0), Some(467.0));
        (overall.g_median, overall.g_16, overall.g_84) = (Some(71.3), Some(33.2), Some(214.0));
        assert_eq!(amplification(&cell), "71 [33, 214] (median of 5 sets)");
        cell.failures.push("out of memory".into());
        cell.overall.as_mut().unwrap().g_84 = None;
        assert_eq!(amplification(&cell), "71 [33, ∞) (median of 5 of 6 sets)");
        cell.overall.as_mut().unwrap().verdict = Verdict::AtLeast;
        for (i, replica) in cell.replicas.iter_mut().enumerate() {
            replica.estimate = made(Verdict::AtLeast, None, [Some(9.0 + i as f64), None]);
        }
        assert_eq!(amplification(&cell), "> 9.0 (95 %, 5 of 6 sets)");
        cell.replicas.clear();
        assert_eq!(amplification(&cell), "failed");
    }

    fn true_of(value: Option<f64>, ends: [Option<f64>; 2], one_set: bool) -> String {
        let found = Interval { low: ends[0], high: ends[1] };
        let none = Interval { low: None, high: None };
        true_g(&TrueG {
            value,
            interval: if one_set { none } else { found },
            training_sets: if one_set { 1 } else { 9 },
            of_this_set: one_set.then_some(found),
        })
    }

    #[test]
    fn a_true_g_has_no_more_digits_than_it_has() {
        let cases = [
            // The error of the first is 0.5: one decimal; of the second 1.7: two digits of the error.
            (Some(3.712), [Some(3.25), Some(4.21)], "3.7 [3.3, 4.2]"),
            (Some(6.84), [Some(5.12), Some(9.93)], "6.8 [5.1, 9.9]"),
            (Some(140.3), [Some(81.0), Some(612.0)], "140 [80, 610]"),
            (Some(0.0412), [Some(0.0401), Some(0.0424)], "0.041 [0.040, 0.042]"),
            (Some(0.0312), [Some(0.0311), Some(0.0313)], "0.031"),
            // No deviation, with an error of 1 / 41.3: within two errors 1 / 20.65.
            (None, [Some(41.3), None], "> 21 (95 %)"),
        ];
        for (value, ends, expected) in cases {
            assert_eq!(true_of(value, ends, true), expected);
        }
        // An error as large as the value: a set's own is a bound; over sets the interval says so.
        // 1 / 140 with an error of 1 / 71 - 1 / 140: within two errors 1 / 47.6.
        assert_eq!(true_of(Some(140.0), [Some(71.0), None], true), "> 48 (95 %)");
        assert_eq!(true_of(Some(3.7), [Some(2.1), None], false), "3.7 [2.1, ∞)");
        // Without any error, as in results of earlier versions: one digit.
        assert_eq!(true_of(Some(3.712), [None, None], false), "4");
        assert_eq!(true_of(Some(140.3), [None, None], false), "100");
        assert_eq!(true_of(None, [None, None], true), "not known");
    }

    #[test]
    fn the_truth_of_one_training_set_is_called_that() {
        let cell = testing::integral_cell(1);
        let found = truth(&cell).unwrap();
        assert_eq!((found.mean.as_str(), found.member.as_str()), ("6.8 [5.1, 9.9]", "3.4 [2.8, 4.3]"));
        assert!(found.of_one_set && !truth(&testing::integral_cell(5)).unwrap().of_one_set);
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
