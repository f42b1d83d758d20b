//! The table of G on the HTML pages.

use std::collections::BTreeMap;

use super::html_text::READING;
use super::table::{self, Row};
use super::text::escape;
use crate::format::THIS_SET;
use crate::results::{Cell, Results, Verdict};

/// Rows of the table that stand together.
pub(super) struct Group {
    /// What heads them: HTML; none if nothing does.
    pub heading: Option<String>,
    /// Places of their cells in the results.
    pub cells: Vec<usize>,
    /// The page that their figures are on, as the table's own page sees it; empty if they are on that.
    pub page: String,
}

/// The table, with or without the column of the summaries.
pub(super) fn matrix(results: &Results, groups: &[Group], summary: bool) -> String {
    let cells = groups.iter().flat_map(|group| &group.cells);
    let rows: BTreeMap<usize, Row<'_>> = cells.map(|i| (*i, table::row(&results.cells[*i]))).collect();
    if rows.is_empty() {
        return "<h2>The amplification G</h2>\n<p>The experiment has no cells.</p>\n".into();
    }
    let truth = table::truth_head(rows.values());
    let reference = rows.values().any(|row| !row.cell.name.reference.is_empty());
    let mut heads = vec!["generator × posterior"];
    heads.extend(summary.then_some("summary"));
    heads.push("metric");
    heads.extend(reference.then_some("reference"));
    heads.push("G");
    heads.extend(truth.as_deref());
    let columns = heads.len();
    let body = |group: &Group| {
        let heading = group.heading.as_ref().map_or(String::new(), |heading| {
            format!("<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"{columns}\">{heading}</th></tr>\n")
        });
        let row = |i: &usize| {
            row(&rows[i], &format!("{}#cell-{i}", group.page), [summary, reference], truth.as_deref())
        };
        let rows: String = group.cells.iter().map(row).collect();
        format!("<tbody>\n{heading}{rows}</tbody>\n")
    };
    let bodies: String = groups.iter().map(body).collect();
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    format!(
        "<h2>The amplification G</h2>\n<table class=\"matrix stack\">\n<thead><tr>{heads}</tr></thead>\n{bodies}</table>\n{READING}"
    )
}

fn row(row: &Row<'_>, link: &str, [summary, reference]: [bool; 2], truth: Option<&str>) -> String {
    let name = &row.cell.name;
    let labeled = truth.is_some_and(|head| head.starts_with(THIS_SET));
    let g = escape(&row.g).replace("+-", "±");
    let mut html = format!("<th scope=\"row\"{}>{}</th>", long(&row.generator), escape(&row.generator));
    if summary {
        html += &named("summary", &row.summary);
    }
    html += &named("metric", &name.metric);
    if reference {
        html += &named("reference", &name.reference);
    }
    html +=
        &format!("<td class=\"n {}\" data-label=\"G\"><a href=\"{link}\">{g}</a></td>", class_of(row.cell));
    match (truth, &row.truth) {
        (Some(head), Some(found)) => {
            let of = if found.of_one_set && !labeled { format!("{THIS_SET}:<br>") } else { String::new() };
            html += &format!(
                "<td class=\"n\" data-label=\"{head}\">{of}{}<span class=\"true\">single member {}</span></td>",
                escape(&found.mean),
                escape(&found.member)
            );
        }
        (Some(_), None) => html += "<td></td>",
        (None, _) => {}
    }
    format!("<tr>{html}</tr>\n")
}

/// A cell with a name of the user's.
fn named(head: &str, name: &str) -> String {
    format!("<td data-label=\"{head}\"{}>{}</td>", long(name), words(name))
}

/// A name in whose words numbers stay whole: a browser would break `2-19` behind its hyphen.
fn words(name: &str) -> String {
    let digit = |c: char| c.is_ascii_digit();
    let range = |word: &str| {
        word.len() <= LONGEST && word.split('-').filter(|part| part.chars().any(digit)).nth(1).is_some()
    };
    let word = |word: &str| {
        if range(word) { format!("<span class=\"n\">{}</span>", escape(word)) } else { escape(word) }
    };
    name.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Characters of a word that fits into any column.
const LONGEST: usize = 24;

/// Names are broken within a word only where one is longer than any column.
fn long(name: &str) -> &'static str {
    if name.split([' ', '-']).any(|word| word.chars().count() > LONGEST) { " class=\"long\"" } else { "" }
}

fn class_of(cell: &Cell) -> &'static str {
    let verdict = cell.overall.as_ref().map(|o| o.verdict);
    match verdict.or(cell.replicas.first().map(|r| r.estimate.verdict)) {
        _ if cell.replicas.is_empty() => "failed",
        Some(Verdict::Unresolved | Verdict::InSample | Verdict::VarianceOnly) => "weak",
        _ => "",
    }
}
