//! Parts of the HTML pages that hold figures.

use std::collections::HashMap;

use super::figure::{Figure, Subject};
use super::text::escape;
use super::{demonstration, html_cell, html_diagnostics, title};
use crate::calibration::Calibration;
use crate::format;
use crate::results::Results;

/// The figures of a page, with their captions and the links to their files.
pub(super) struct Pictures {
    shown: HashMap<Subject, String>,
}

impl Pictures {
    /// The figures, whose files are in this folder as the page sees it.
    pub fn of(figures: Vec<Figure>, folder: &str) -> Self {
        let picture = |figure: Figure| {
            let name = escape(&figure.name);
            format!(
                "<figure>\n{}<figcaption>{} <a href=\"{folder}/{name}.pdf\">PDF</a>, <a href=\"{folder}/{name}.svg\">SVG</a>\
                 </figcaption>\n</figure>\n",
                figure.svg,
                escape(&figure.caption)
            )
        };
        Pictures { shown: figures.into_iter().map(|figure| (figure.subject, picture(figure))).collect() }
    }

    /// One of them; nothing if there is none.
    fn get(&self, subject: Subject) -> &str {
        self.shown.get(&subject).map_or("", String::as_str)
    }

    /// Two beside each other, where the page is wide; nothing if there is none.
    pub fn pairs(&self, subjects: impl Iterator<Item = Subject>) -> String {
        let shown: String = subjects.map(|subject| self.get(subject)).collect();
        if shown.is_empty() { shown } else { format!("<div class=\"pair\">\n{shown}</div>\n") }
    }
}

/// Figures under a heading; nothing if there is none.
pub(super) fn section(heading: &str, pictures: &Pictures, subjects: impl Iterator<Item = Subject>) -> String {
    let shown = pictures.pairs(subjects);
    if shown.is_empty() { shown } else { format!("<h2>{heading}</h2>\n{shown}") }
}

/// What was found in one cell.
pub(super) fn cell(
    results: &Results,
    i: usize,
    pictures: &Pictures,
    calibration: Option<&Calibration>,
) -> String {
    let cell = &results.cells[i];
    let title = escape(&title::cell_title(&cell.name));
    let facts = html_cell::facts(cell, results);
    let calibrated = calibration.and_then(|c| c.sentence(&cell.name)).map_or(String::new(), |s| {
        let estimated = format::amplification(cell);
        format!("<p class=\"calibrated\">Estimated {}; {}.</p>\n", escape(&estimated), escape(&s))
            .replace("+-", "±")
    });
    format!(
        "<section class=\"cell\" id=\"cell-{i}\">\n<h3>{title}</h3>\n{calibrated}{}{facts}{}{}</section>\n",
        pictures.get(Subject::Cell(i)),
        demonstration::section(cell),
        pictures.pairs([Subject::Sets(i), Subject::Funnel(i)].into_iter())
    )
}

/// What a posterior or a summary's fits say of themselves.
pub(super) fn diagnosed(results: &Results, i: usize, pictures: &Pictures) -> String {
    let of = &results.diagnostics[i];
    let shown = pictures.pairs((0..of.figures.len()).map(|k| Subject::Diagnostic(i, k)));
    format!("<section>\n{}{shown}</section>\n", html_diagnostics::facts(of, results.replicas))
}
