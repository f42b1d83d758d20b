//! How far the intervals can be trusted: the table of a calibration.

use super::columns::Columns;
use super::text::escape;
use super::title;
use crate::calibration::{Calibration, CellCalibration, Mean};
use crate::format;

const READING: &str = "<p class=\"small\">Coverage: how often the interval of one training set covered the true G, with its binomial \
error. G / true G: median over training sets with the 16 and 84&nbsp;% quantiles. Spread: standard deviation of ln G over training sets, which the interval of \
one set, made from its members alone, does not contain. Corrected: what to multiply an estimate with for a 68&nbsp;% interval that \
contains bias and spread as well (from 10 training sets on). Pulls of the regions: the mean part of a set's pulls within the central \
68&nbsp;% and 95&nbsp;% of Student's t, the law of a calibrated posterior.</p>\n";

/// The section of the page.
pub(super) fn section(calibration: &Calibration) -> String {
    if calibration.cells.is_empty() {
        return String::new();
    }
    let rows: String = calibration.cells.iter().map(rows).collect();
    let heads: String = HEADS.iter().map(|head| format!("<th scope=\"col\">{}</th>", markup(head))).collect();
    format!(
        "<h2>Calibration</h2>\n<p>The whole experiment on {} independent training sets of {} events from a known truth (<code>{}\
         </code>), {} members each.</p>\n<table class=\"matrix stack\">\n<thead><tr><th></th>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n\
         {READING}",
        calibration.replicas,
        format::count(calibration.n_train),
        escape(&calibration.truth),
        format::count(calibration.members),
    )
}

/// Heads of the columns; on a narrow screen they stand before each value.
const HEADS: [&str; 8] = [
    "true G",
    "68 % interval held it",
    "95 % interval held it",
    "95 % bound valid",
    "G / true G",
    "spread",
    "corrected",
    "pulls within 68 %, 95 %",
];

fn rows(cell: &CellCalibration) -> String {
    let title = escape(&title::cell_title(&cell.name));
    let lines = cell.against.iter().enumerate().map(|(i, against)| {
        let name = if i == 0 { title.as_str() } else { "" };
        let pulls = match &cell.pulls {
            Some(p) if i == 0 => format!("{}, {}", percent(p.within_68), percent(p.within_95)),
            _ => String::new(),
        };
        let spread = cell.spread.filter(|_| i == 0).map_or(String::new(), |s| format!("{s:.2}"));
        let corrected =
            against.correction.map_or(String::new(), |[low, _, high]| format!("{low:.2} to {high:.2}"));
        let values = [
            escape(&format::true_g(&against.g_true)),
            markup(&against.coverage_68.to_string()),
            markup(&against.coverage_95.to_string()),
            against.bound.map_or(String::new(), |bound| markup(&bound.to_string())),
            escape(&against.ratio().unwrap_or_default()),
            spread,
            corrected,
            pulls,
        ];
        let values: String = values
            .iter()
            .zip(HEADS)
            .map(|(value, head)| format!("<td class=\"n\" data-label=\"{head}\">{value}</td>"))
            .collect();
        format!(
            "<tr><th scope=\"row\">{name}<br><span class=\"true\">{}</span></th>{values}</tr>\n",
            against.version.text(),
        )
    });
    lines.collect()
}

/// With the signs of a page.
fn markup(text: &str) -> String {
    text.replace("+-", "±").replace(" %", "&nbsp;%")
}

fn percent(mean: Mean) -> String {
    match mean.error {
        Some(error) => format!("{:.0} ± {:.0}&nbsp;%", 100.0 * mean.value, 100.0 * error),
        None => format!("{:.0}&nbsp;%", 100.0 * mean.value),
    }
}

/// The calibration as lines for a terminal of so many columns, or as wide as it is.
pub fn calibration_table(calibration: &Calibration, width: Option<usize>) -> String {
    let mut table = Columns::new().words("cell").words("truth").solid("true G");
    for head in ["68 % held it", "95 % held it", "bound valid", "G / true G", "corrected"] {
        table = table.solid(head);
    }
    for cell in &calibration.cells {
        for against in &cell.against {
            let corrected = against.correction;
            table.row([
                title::cell_title(&cell.name),
                against.version.text().into(),
                format::true_g(&against.g_true),
                against.coverage_68.to_string(),
                against.coverage_95.to_string(),
                against.bound.map_or(String::new(), |bound| bound.to_string()),
                against.ratio().unwrap_or_default(),
                corrected.map_or(String::new(), |[low, _, high]| format!("x {low:.2} to {high:.2}")),
            ]);
        }
    }
    table.text(width)
}
