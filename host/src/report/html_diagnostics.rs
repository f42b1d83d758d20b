//! What posteriors and fitted summaries say of themselves, on the HTML page.

use super::text::escape;
use crate::format;
use crate::results::{Diagnosed, DiagnosedNumber};

/// Title and table of one posterior's, or one summary's, diagnostics.
pub(super) fn facts(of: &Diagnosed, replicas: u64) -> String {
    let who = match &of.summary {
        Some(summary) => format!("{}, {summary}", super::title::generator(&of.generator, &of.uncertainty)),
        None => format!("{}, the posterior", super::title::generator(&of.generator, &of.uncertainty)),
    };
    let set = if replicas > 1 { format!(", training set {}", of.replica + 1) } else { String::new() };
    let fits = if of.fits == 1 { "one fit".to_string() } else { format!("{} fits", of.fits) };
    let rows: String = of.numbers.iter().map(|n| row(n, of.fits)).collect();
    let warnings: String = of.warnings.iter().map(|w| format!("<li>{}</li>\n", escape(w))).collect();
    let warnings = if warnings.is_empty() {
        warnings
    } else {
        format!("<div class=\"warnings\"><ul>\n{warnings}</ul></div>\n")
    };
    let table = if of.numbers.is_empty() {
        String::new()
    } else {
        format!(
            "<table class=\"sets\">\n<thead><tr><th></th><th>mean</th><th>spread</th><th>range</th>\
             <th>error of one fit</th></tr></thead>\n<tbody>\n{rows}</tbody></table>\n"
        )
    };
    format!("<h3>{}{set} ({fits})</h3>\n{table}{warnings}", escape(&who))
}

fn row(number: &DiagnosedNumber, fits: u64) -> String {
    let digits = |value: f64| format::beside(value, number.error.or(number.spread));
    let or_none = |value: Option<f64>| value.map_or("-".to_string(), format::short);
    let range = if fits > 1 {
        format!("{} to {}", digits(number.range.start), digits(number.range.end))
    } else {
        "-".into()
    };
    format!(
        "<tr><th>{}</th><td>{}</td><td>{}</td><td>{range}</td><td>{}</td></tr>\n",
        escape(&number.name),
        digits(number.mean),
        or_none(number.spread),
        or_none(number.error)
    )
}
