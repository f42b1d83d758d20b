//! The HTML page: one file, readable offline and on paper.

use super::figure::{FONTS, Figure, Subject};
use super::format::THIS_SET;
use super::html_text::{CITE, LIMITS, READING, STYLE};
use super::text::escape;
use super::title;
use super::{calibration, format, html_cell, html_diagnostics, table};
use crate::calibration::Calibration;
use crate::results::{Cell, Results, Verdict};

/// The whole page.
pub(super) fn page(
    results: &Results,
    figures: &[Figure],
    provenance: &serde_json::Value,
    effective_config: &str,
    calibration: Option<&Calibration>,
) -> String {
    let provenance = serde_json::to_string_pretty(provenance).unwrap_or_default();
    [
        head(results),
        setting(results),
        warnings(results),
        matrix(results),
        calibration.map_or(String::new(), calibration::section),
        compared(figures),
        cells(results, figures, calibration),
        distributions(results, figures),
        planes(results, figures),
        diagnostics(results, figures),
        LIMITS.to_string(),
        CITE.to_string(),
        "<h2>Provenance</h2>\n".to_string(),
        collapsed("What ran, where and on what", &provenance),
        collapsed("The effective configuration", effective_config),
        "</body>\n</html>\n".to_string(),
    ]
    .concat()
}

/// A second wall behind the escaping of names: whatever stands in the page, no program of it runs and nothing is fetched. Its styles
/// and fonts are its own.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; base-uri 'none'; form-action 'none'";

fn head(results: &Results) -> String {
    let faces: String = FONTS
        .iter()
        .zip(["normal", "italic"])
        .map(|(font, style)| {
            let data = base64(font);
            format!(
                "@font-face {{ font-family: 'DejaVu Sans'; font-style: {style}; \
                 src: url(data:font/ttf;base64,{data}); }}\n"
            )
        })
        .collect();
    let name = escape(&results.experiment);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{name} - amplicast</title>\n\
         <style>\n{faces}{STYLE}</style>\n</head>\n<body>\n<h1>{name}</h1>\n\
         <p class=\"subtitle\">How far generative networks amplify their training data: a report of amplicast</p>\n"
    )
}

fn setting(results: &Results) -> String {
    let validation = match &results.validation {
        Some(v) => format!("{}, {} events", escape(&v.source), format::count(v.events)),
        None => "none: the true amplification is not known".into(),
    };
    let rows = [
        ("True events per training set, n<sub>train</sub>", format::count(results.n_train)),
        ("Generated events per member, n<sub>gen</sub>", format::count(results.n_gen)),
        ("Members per generator and posterior", format::count(results.members)),
        ("Independent training sets", format::count(results.replicas)),
        ("Validation", validation),
    ];
    let rows: String =
        rows.iter().map(|(name, value)| format!("<tr><th>{name}</th><td>{value}</td></tr>\n")).collect();
    format!(
        "<h2>What was estimated</h2>\n<p>The amplification factor G = n<sub>equiv</sub> / n<sub>train</sub>: how many true \
         events an unlimited generated sample is worth, divided by the true events that were used for it. n<sub>equiv</sub> is \
         the size at which a true sample would, on average, have the same value of a metric as the generated one has for \
         n<sub>gen</sub> &rarr; &infin;. n<sub>train</sub> counts every true event: for training, for validation of the \
         training, and for left-out references; under a selection, those that pass it.</p>\n\
         <table class=\"facts\">\n{rows}</table>\n"
    )
}

fn warnings(results: &Results) -> String {
    if results.warnings.is_empty() {
        return String::new();
    }
    let items: String = results.warnings.iter().map(|w| format!("<li>{}</li>\n", escape(w))).collect();
    format!("<h2>Warnings</h2>\n<div class=\"warnings\"><ul>\n{items}</ul></div>\n")
}

fn matrix(results: &Results) -> String {
    let rows = table::rows(results);
    if rows.is_empty() {
        return "<h2>The amplification G</h2>\n<p>The experiment has no cells.</p>\n".into();
    }
    let truth = table::truth_head(&rows);
    let any = |of: fn(&table::Row<'_>) -> bool| rows.iter().any(of);
    let reference = any(|row| !row.cell.name.reference.is_empty());
    let mut heads = vec!["generator × posterior", "summary", "metric"];
    heads.extend(reference.then_some("reference"));
    heads.push("G");
    heads.extend(truth.as_deref());
    let labelled = truth.as_deref().is_some_and(|head| head.starts_with(THIS_SET));
    let row = |(i, row): (usize, &table::Row<'_>)| {
        let name = &row.cell.name;
        let g = escape(&row.g).replace("+-", "±");
        let mut html = format!(
            "<th scope=\"row\"{}>{}</th>{}{}",
            long(&row.generator),
            escape(&row.generator),
            named("summary", &row.summary),
            named("metric", &name.metric)
        );
        if reference {
            html += &named("reference", &name.reference);
        }
        html += &format!(
            "<td class=\"n {}\" data-label=\"G\"><a href=\"#cell-{i}\">{g}</a></td>",
            class_of(row.cell)
        );
        match (&truth, &row.truth) {
            (Some(head), Some(found)) => {
                let of =
                    if found.of_one_set && !labelled { format!("{THIS_SET}:<br>") } else { String::new() };
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
    };
    let body: String = rows.iter().enumerate().map(row).collect();
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    format!(
        "<h2>The amplification G</h2>\n<table class=\"matrix stack\">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody>\
         </table>\n{READING}"
    )
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
        Some(Verdict::Unresolved | Verdict::InSample) => "weak",
        _ => "",
    }
}

/// A figure with its caption and links to its files.
fn picture(figure: &Figure) -> String {
    let name = escape(&figure.name);
    format!(
        "<figure>\n{}<figcaption>{} <a href=\"figures/{name}.pdf\">PDF</a>, <a href=\"figures/{name}.svg\">SVG</a></figcaption>\n\
         </figure>\n",
        figure.svg,
        escape(&figure.caption)
    )
}

fn cells(results: &Results, figures: &[Figure], calibration: Option<&Calibration>) -> String {
    let of = |subject: Subject| figures.iter().find(|f| f.subject == subject).map_or(String::new(), picture);
    let sections: String = results
        .cells
        .iter()
        .enumerate()
        .map(|(i, cell)| {
            let title = escape(&title::cell_title(&cell.name));
            let facts = html_cell::facts(cell, results);
            let calibrated = calibration.and_then(|c| c.sentence(&cell.name)).map_or(String::new(), |s| {
                let estimated = format::amplification(cell);
                format!("<p class=\"calibrated\">Estimated {}; {}.</p>\n", escape(&estimated), escape(&s)).replace("+-", "±")
            });
            format!(
                "<section class=\"cell\" id=\"cell-{i}\">\n<h3>{title}</h3>\n{calibrated}{}{facts}{}</section>\n",
                of(Subject::Cell(i)),
                of(Subject::Sets(i))
            )
        })
        .collect();
    format!("<h2>Cells</h2>\n{sections}")
}

fn compared(figures: &[Figure]) -> String {
    let shown = figures.iter().filter(|f| f.subject == Subject::Compared);
    let shown: String = shown.map(picture).collect();
    if shown.is_empty() {
        return shown;
    }
    format!("<h2>Side by side</h2>\n<div class=\"pair\">\n{shown}</div>\n")
}

fn distributions(results: &Results, figures: &[Figure]) -> String {
    if results.distributions.is_empty() {
        return String::new();
    }
    let shown = figures.iter().filter(|f| matches!(f.subject, Subject::Distribution(_)));
    let shown: String = shown.map(picture).collect();
    format!("<h2>Distributions</h2>\n<div class=\"pair\">\n{shown}</div>\n")
}

fn planes(results: &Results, figures: &[Figure]) -> String {
    if results.planes.is_empty() {
        return String::new();
    }
    let shown = figures.iter().filter(|f| matches!(f.subject, Subject::Plane(_)));
    let shown: String = shown.map(picture).collect();
    format!("<h2>What selections cut</h2>\n<div class=\"pair\">\n{shown}</div>\n")
}

fn diagnostics(results: &Results, figures: &[Figure]) -> String {
    if results.diagnostics.is_empty() {
        return String::new();
    }
    let one = |(i, of)| {
        let shown = figures.iter().filter(|f| f.subject == Subject::Diagnostic(i));
        let shown: String = shown.map(picture).collect();
        let shown = if shown.is_empty() { shown } else { format!("<div class=\"pair\">\n{shown}</div>\n") };
        format!("<section>\n{}{shown}</section>\n", html_diagnostics::facts(of, results.replicas))
    };
    let sections: String = results.diagnostics.iter().enumerate().map(one).collect();
    format!(
        "<h2>Diagnostics</h2>\n<p class=\"small\">What posteriors and fitted summaries say of themselves: mean, standard \
         deviation and range over their fits, and the standard error of one fit's number.</p>\n{sections}"
    )
}

fn collapsed(title: &str, text: &str) -> String {
    format!("<details>\n<summary>{title}</summary>\n<pre>{}</pre>\n</details>\n", escape(text))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0u32, |word, (i, b)| word | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * i)) as usize & 63];
            out.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{figures, testing};
    use super::*;

    #[test]
    fn base64_pads() {
        let cases = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="];
        for (n, expected) in cases.iter().enumerate() {
            assert_eq!(base64(&b"foob"[..n]), *expected);
        }
    }

    #[test]
    fn all_text_of_the_user_is_escaped() {
        let mut results = testing::results();
        let evil = "<img src=x onerror=\"alert('1')\">&amp;".to_string();
        results.experiment = evil.clone();
        results.warnings.push(evil.clone());
        results.validation.as_mut().unwrap().source = evil.clone();
        for cell in &mut results.cells {
            let n = &mut cell.name;
            for name in [
                &mut n.generator,
                &mut n.uncertainty,
                &mut n.summary,
                &mut n.selection,
                &mut n.metric,
                &mut n.reference,
            ] {
                name.push_str(&evil);
            }
            cell.plugins.iter_mut().for_each(|p| p.push_str(&evil));
            cell.axis.push_str(&evil);
            cell.failures.push(evil.clone());
            cell.replicas.iter_mut().for_each(|r| r.estimate.reason = evil.clone());
        }
        for d in &mut results.distributions {
            for text in [&mut d.summary, &mut d.selection, &mut d.generator, &mut d.uncertainty, &mut d.axis]
            {
                text.push_str(&evil);
            }
        }
        for p in &mut results.planes {
            p.axes.iter_mut().for_each(|axis| axis.push_str(&evil));
            for text in [&mut p.selection, &mut p.generator, &mut p.uncertainty] {
                text.push_str(&evil);
            }
        }
        for d in &mut results.diagnostics {
            for text in [&mut d.generator, &mut d.uncertainty, &mut d.numbers[0].name] {
                text.push_str(&evil);
            }
            d.warnings.push(evil.clone());
            let figure = &mut d.figures[0];
            for text in [&mut figure.title, &mut figure.x, &mut figure.y, &mut figure.curves[0].name] {
                text.push_str(&evil);
            }
        }
        let page = page(
            &results,
            &figures(&results),
            &serde_json::json!({ evil.clone(): evil.clone() }),
            &evil,
            None,
        );
        assert!(!page.contains("<img"));
        assert!(!page.contains("\"alert"));
        assert!(page.matches("&lt;img src=x").count() > 20);
    }

    #[test]
    fn an_empty_run_is_a_page() {
        let mut results = testing::results();
        results.cells.clear();
        results.distributions.clear();
        results.validation = None;
        let page = page(&results, &[], &serde_json::Value::Null, "", None);
        assert!(page.contains("The experiment has no cells."));
    }
}
