//! The table: what was measured, against what, and whether the target was reached.

use comfy_table::{ContentArrangement, Table, presets};

use crate::timing::Times;

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Row {
    what: String,
    cost: String,
    against: String,
    result: String,
    target: String,
    met: Option<bool>,
}

impl Row {
    /// A measurement, what it costs, and what it is compared with.
    pub fn new(what: impl Into<String>, cost: String, against: impl Into<String>) -> Self {
        Row {
            what: what.into(),
            cost,
            against: against.into(),
            result: String::new(),
            target: String::new(),
            met: None,
        }
    }

    /// The result, a ratio that should not be less than a target, if it has one.
    pub fn times(mut self, ratio: f64, at_least: Option<f64>) -> Self {
        self.result = format!("{ratio:.3} x").replace(".000", "");
        if ratio >= 10.0 {
            self.result = format!("{ratio:.0} x");
        } else if ratio >= 3.0 {
            self.result = format!("{ratio:.1} x");
        }
        self.limit(at_least.map(|bound| (format!(">= {bound} x"), ratio >= bound)))
    }

    /// The result, a relative surplus that should not exceed a target, if it has one.
    pub fn surplus(mut self, ratio: f64, at_most: Option<f64>) -> Self {
        let percent = 100.0 * (ratio - 1.0);
        self.result = format!("{percent:+.2} %");
        self.limit(at_most.map(|bound| (format!("<= {bound} %"), percent <= bound)))
    }

    /// The result, a number that should not exceed a target.
    pub fn at_most(mut self, value: f64, bound: f64, unit: &str) -> Self {
        self.result = format!("{value:.2} {unit}");
        self.limit(Some((format!("<= {bound} {unit}"), value <= bound)))
    }

    /// The result, a rate that should not be less than a target.
    pub fn at_least(mut self, value: f64, bound: f64, unit: &str) -> Self {
        self.result = format!("{value:.2e} {unit}");
        self.limit(Some((format!(">= {bound:.1e} {unit}"), value >= bound)))
    }

    /// The result, a power of the size with which the cost grows, that should not exceed a target.
    pub fn power(mut self, power: f64, at_most: f64) -> Self {
        self.result = format!("size^{power:.2}");
        self.limit(Some((format!("<= size^{at_most}"), power <= at_most)))
    }

    fn limit(mut self, limit: Option<(String, bool)>) -> Self {
        if let Some((target, met)) = limit {
            (self.target, self.met) = (target, Some(met));
        }
        self
    }
}

/// A duration in units of `scale` seconds: the median, and the least of all repetitions.
pub fn cost(times: &Times, scale: f64, unit: &str) -> String {
    format!("{:.3} {unit} (min {:.3})", times.median() / scale, times.least() / scale)
}

/// Units a second, of durations per unit: the median, and the most of all repetitions.
pub fn rate(times: &Times, unit: &str) -> String {
    format!("{:.3e} {unit}/s (max {:.3e})", 1.0 / times.median(), 1.0 / times.least())
}

/// The table as Markdown.
pub fn render(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["what", "amplicast, median", "against", "result", "target", "reached"]);
    for row in rows {
        let met = row.met.map_or("", |met| if met { "yes" } else { "no" });
        table.add_row([&row.what, &row.cost, &row.against, &row.result, &row.target, met]);
    }
    table.to_string()
}
