//! `table.csv`: the table of G with one row a cell, for whoever reads it with another program.

use serde::Serialize;

use super::csv_text::text_cell;
use super::{Cell, CellReplica, Estimate, Interval, Results, Verdict};
use crate::moments::quantile;

/// One cell: a row of `table.csv`.
///
/// With several training sets, numbers are medians over them, and the ends of the 68 % interval the 16 and 84 % of G over
/// sets: what an interval is of says `training_sets`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableRow {
    /// The dataset.
    #[serde(serialize_with = "text_cell")]
    pub dataset: String,
    /// The generator.
    #[serde(serialize_with = "text_cell")]
    pub generator: String,
    /// The uncertainty model.
    #[serde(serialize_with = "text_cell")]
    pub uncertainty: String,
    /// The summary.
    #[serde(serialize_with = "text_cell")]
    pub summary: String,
    /// The selection.
    #[serde(serialize_with = "text_cell")]
    pub selection: String,
    /// The metric.
    #[serde(serialize_with = "text_cell")]
    pub metric: String,
    /// The reference.
    #[serde(serialize_with = "text_cell")]
    pub reference: String,
    /// The verdict; `failed` without a result.
    #[serde(serialize_with = "text_cell")]
    pub verdict: String,
    /// Training sets with a result.
    pub training_sets: u64,
    /// G.
    pub g: Option<f64>,
    /// Lower end of its 68 % interval.
    pub g_low_68: Option<f64>,
    /// Upper end.
    pub g_high_68: Option<f64>,
    /// Lower end of its 95 % interval; of one training set only.
    pub g_low_95: Option<f64>,
    /// Upper end.
    pub g_high_95: Option<f64>,
    /// The 95 % bound of the verdicts `at-least` and `at-most`: over training sets the most cautious one.
    pub bound: Option<f64>,
    /// n_equiv.
    pub n_equiv: Option<f64>,
    /// True events used that pass the selection.
    pub n_train: Option<u64>,
    /// What these are worth in events that count alike; empty if they do.
    pub n_train_effective: Option<f64>,
    /// True G of the posterior mean.
    pub true_g: Option<f64>,
    /// Lower end of its 68 % interval.
    pub true_g_low: Option<f64>,
    /// Upper end.
    pub true_g_high: Option<f64>,
    /// Training sets that the true G is over: that of 1 is this training set's own.
    pub true_g_training_sets: u64,
    /// Why the verdict is what it is, or why there is no result.
    #[serde(serialize_with = "text_cell")]
    pub reason: String,
}

/// A row for every cell, in the order of the experiment.
pub fn table_rows(results: &Results) -> Vec<TableRow> {
    results.cells.iter().map(|cell| table_row(&results.dataset, cell)).collect()
}

/// The row of a cell.
pub fn table_row(dataset: &str, cell: &Cell) -> TableRow {
    let name = &cell.name;
    let sets = &cell.replicas;
    let overall = cell.overall.as_ref();
    let only = if let [only] = &sets[..] { Some(&only.estimate) } else { None };
    let verdict = overall.map(|o| o.verdict);
    let none = Interval { low: None, high: None };
    let (g, inner) = match (only, overall) {
        (Some(only), _) => (only.g, only.interval_68),
        (None, Some(o)) => (o.g_median, Interval { low: o.g_16, high: o.g_84 }),
        (None, None) => (None, none),
    };
    let outer = only.map_or(none, |only| only.interval_95);
    let truth = cell.true_g();
    let true_interval = truth.map_or(none, |t| t.of_this_set.unwrap_or(t.interval));
    let first = sets.first();
    TableRow {
        dataset: dataset.into(),
        generator: name.generator.clone(),
        uncertainty: name.uncertainty.clone(),
        summary: name.summary.clone(),
        selection: name.selection.clone(),
        metric: name.metric.clone(),
        reference: name.reference.clone(),
        verdict: verdict.map_or("failed", Verdict::text).into(),
        training_sets: sets.len() as u64,
        g,
        g_low_68: inner.low,
        g_high_68: inner.high,
        g_low_95: outer.low,
        g_high_95: outer.high,
        bound: verdict.and_then(|verdict| bound(sets, verdict)),
        n_equiv: match only {
            Some(only) => only.n_equiv,
            // Effective events differ from set to set.
            None => g.zip(middle(sets.iter().map(CellReplica::n_train))).map(|(g, n_train)| g * n_train),
        },
        n_train: first.map(|r| r.n_train_passed),
        n_train_effective: middle(sets.iter().filter_map(|r| r.n_train_effective)),
        true_g: truth.and_then(|t| t.value),
        true_g_low: true_interval.low,
        true_g_high: true_interval.high,
        true_g_training_sets: truth.map_or(0, |t| t.training_sets),
        // One line a row, also for those who read it line by line.
        reason: match (verdict, first) {
            (Some(verdict), Some(_)) => said(sets, verdict),
            _ => cell.failures.join("; "),
        }
        .replace(['\n', '\r'], " "),
    }
}

/// The median, if there is any number.
fn middle(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_unstable_by(f64::total_cmp);
    (!numbers.is_empty()).then(|| quantile(&numbers, 0.5))
}

/// The reason of the first training set that has the verdict.
fn said(sets: &[CellReplica], verdict: Verdict) -> String {
    let found = sets.iter().find(|r| r.estimate.verdict == verdict);
    found.map_or_else(String::new, |r| r.estimate.reason.clone())
}

fn bound(sets: &[CellReplica], verdict: Verdict) -> Option<f64> {
    let those = sets.iter().map(|r| &r.estimate).filter(|e| e.verdict == verdict);
    match verdict {
        Verdict::AtLeast => those.filter_map(Estimate::lower_bound).reduce(f64::min),
        Verdict::AtMost => those.filter_map(|e| e.interval_95.high).reduce(f64::max),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    fn of(cell: Cell) -> TableRow {
        table_row("gaussian-ring", &cell)
    }

    #[test]
    fn every_verdict_has_its_row() {
        let resolved = of(testing::integral_cell(1));
        assert_eq!((resolved.dataset.as_str(), resolved.verdict.as_str()), ("gaussian-ring", "resolved"));
        assert_eq!((resolved.g, resolved.bound, resolved.n_train), (Some(7.1), None, Some(1000)));
        assert_eq!((resolved.g_low_95, resolved.n_equiv), (Some(7.1 / 2.0), Some(7100.0)));
        assert_eq!((resolved.true_g, resolved.true_g_low), (Some(6.8), Some(5.1)));
        let least = of(testing::ks_cell(Verdict::AtLeast));
        assert_eq!((least.verdict.as_str(), least.bound, least.g_high_95), ("at-least", Some(12.2), None));
        let most = of(testing::ks_cell(Verdict::AtMost));
        assert_eq!((most.bound, most.g_low_68), (Some(0.3), None));
        let in_sample = of(testing::ks_cell(Verdict::InSample));
        assert_eq!(
            (in_sample.verdict.as_str(), in_sample.g, in_sample.bound),
            ("in-sample", Some(22.3), None)
        );
    }

    #[test]
    fn a_failure_says_why_in_one_line() {
        let mut cell = testing::integral_cell(1);
        (cell.replicas, cell.overall) = (Vec::new(), None);
        cell.failures = vec!["first\nline".into(), "second".into()];
        let row = of(cell);
        assert_eq!((row.verdict.as_str(), row.reason.as_str()), ("failed", "first line; second"));
        assert_eq!((row.g, row.n_train, row.training_sets), (None, None, 0));
    }

    #[test]
    fn several_training_sets_give_their_quantiles() {
        let mut cell = testing::integral_cell(5);
        let overall = cell.overall.as_mut().unwrap();
        (overall.g_median, overall.g_16, overall.g_84) = (Some(7.0), Some(5.0), None);
        let row = of(cell);
        assert_eq!((row.training_sets, row.g, row.g_low_68, row.g_high_68), (5, Some(7.0), Some(5.0), None));
        assert_eq!((row.g_low_95, row.n_equiv), (None, Some(7000.0)));
    }
}
