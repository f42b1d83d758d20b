//! How far the intervals can be trusted: the table of a calibration.

use super::format;
use super::text::escape;
use super::title;
use crate::calibration::{Against, Calibration, CellCalibration, Mean};

const READING: &str = "<p class=\"small\">Coverage: how often the interval of one training set held the true G, with its binomial \
error. G / true G: geometric mean over training sets. Spread: standard deviation of ln G over training sets, which the interval of \
one set, made from its members alone, does not contain. Corrected: what to multiply an estimate with for a 68&nbsp;% interval that \
contains bias and spread as well (from 10 training sets on). Pulls of the regions: the mean part of a set's pulls within the central \
68&nbsp;% and 95&nbsp;% of Student's t, the law of a calibrated posterior.</p>\n";

/// The section of the page.
pub(super) fn section(calibration: &Calibration) -> String {
    if calibration.cells.is_empty() {
        return String::new();
    }
    let rows: String = calibration.cells.iter().map(rows).collect();
    format!(
        "<h2>Calibration</h2>\n<p>The whole experiment on {} independent training sets of {} events from a known truth (<code>{}\
         </code>), {} members each.</p>\n<div class=\"wide\"><table class=\"matrix\">\n<thead><tr><th></th><th>true G</th>\
         <th>68&nbsp;% interval<br>held it</th><th>95&nbsp;% interval<br>held it</th><th>G / true G</th><th>spread</th>\
         <th>corrected</th><th>pulls within<br>68&nbsp;%, 95&nbsp;%</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n\
         {READING}",
        calibration.replicas,
        format::count(calibration.n_train),
        escape(&calibration.truth),
        format::count(calibration.members),
    )
}

fn rows(cell: &CellCalibration) -> String {
    let title = escape(&title::cell_title(&cell.name));
    let lines = cell.against.iter().enumerate().map(|(i, against)| {
        let name = if i == 0 { title.as_str() } else { "" };
        let pulls = match &cell.pulls {
            Some(p) if i == 0 => format!("{}, {}", percent(p.within_68), percent(p.within_95)),
            _ => String::new(),
        };
        let spread = cell.spread.filter(|_| i == 0).map_or(String::new(), |s| format!("{s:.2}"));
        format!(
            "<tr><th scope=\"row\">{name}<br><span class=\"true\">{}</span></th>{}<td>{spread}</td><td>{}</td><td>{pulls}</td></tr>\n",
            against.version.text(),
            columns(against),
            against.correction.map_or(String::new(), |[low, _, high]| format!("{low:.2} to {high:.2}")),
        )
    });
    lines.collect()
}

fn columns(against: &Against) -> String {
    let g_true = format::true_g(&against.g_true);
    let interval =
        against.g_true.value.map_or(String::new(), |v| format::interval(against.g_true.interval, v));
    format!(
        "<td>{}{}</td><td>{}</td><td>{}</td><td>{}</td>",
        escape(&g_true),
        escape(&interval),
        markup(&against.coverage_68.to_string()),
        markup(&against.coverage_95.to_string()),
        markup(&ratio(against)),
    )
}

/// G / true G.
fn ratio(against: &Against) -> String {
    against.bias.map_or(String::new(), |b| match b.error {
        Some(error) => format!("{:.2} +- {:.2}", b.value.exp(), b.value.exp() * error),
        None => format!("{:.2}", b.value.exp()),
    })
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

/// The calibration as lines for a terminal.
pub fn calibration_table(calibration: &Calibration) -> String {
    use comfy_table::{ContentArrangement, Table, presets};
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["cell", "truth", "true G", "68 % held it", "95 % held it", "G / true G", "corrected"]);
    for cell in &calibration.cells {
        for against in &cell.against {
            let [low, high] = against.correction.map_or([f64::NAN; 2], |[low, _, high]| [low, high]);
            table.add_row([
                title::cell_title(&cell.name),
                against.version.text().into(),
                format::true_g(&against.g_true),
                against.coverage_68.to_string(),
                against.coverage_95.to_string(),
                ratio(against),
                if low.is_nan() { String::new() } else { format!("x {low:.2} to {high:.2}") },
            ]);
        }
    }
    table.to_string()
}
