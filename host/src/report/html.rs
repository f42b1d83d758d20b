//! The HTML pages: readable offline and on paper.

use std::sync::LazyLock;

use super::album::Album;
use super::figure::Subject;
use super::fonts::FONTS;
use super::html_looked::looked_at;
use super::html_sections::{Pictures, cell, diagnosed, section};
use super::html_table::{Group, matrix};
use super::html_text::{CITE, LIMITS, STYLE};
use super::pages::Part;
use super::text::escape;
use super::{calibration, title};
use crate::calibration::Calibration;
use crate::format;
use crate::results::Results;

/// A report on one page: without other pages all figures are on it, else it leads to them.
pub(super) fn report(
    album: &Album<'_>,
    parts: &[Part],
    pictures: &Pictures,
    (provenance, effective_config): (&serde_json::Value, &str),
    calibration: Option<&Calibration>,
) -> String {
    let results = album.results;
    let provenance = serde_json::to_string_pretty(provenance).unwrap_or_default();
    let calibrated = calibration.map_or(String::new(), calibration::section);
    let name = escape(&results.experiment);
    let found = if parts.is_empty() {
        let all = Group { heading: None, cells: (0..results.cells.len()).collect(), page: String::new() };
        [matrix(results, &[all], true), calibrated, figures(album, pictures, calibration)]
    } else {
        let group = |part: &Part| Group {
            heading: Some(format!("<a href=\"{FOLDER}/{}.html\">{}</a>", part.file, escape(&part.title))),
            cells: part.cells().collect(),
            page: format!("{FOLDER}/{}.html", part.file),
        };
        let groups: Vec<Group> = parts.iter().map(group).filter(|group| !group.cells.is_empty()).collect();
        [contents(parts), matrix(results, &groups, false), calibrated]
    };
    [
        head(&name, &format!("<h1>{name}</h1>\n<p class=\"subtitle\">{ABOUT}</p>\n")),
        setting(results),
        warnings(results),
        found.concat(),
        looked_at(results),
        LIMITS.to_string(),
        CITE.to_string(),
        "<h2>Provenance</h2>\n".to_string(),
        collapsed("What ran, where and on what", &provenance),
        collapsed("The effective configuration", effective_config),
        END.to_string(),
    ]
    .concat()
}

/// The folder of the pages with figures, beside the report.
pub(super) const FOLDER: &str = "pages";

const ABOUT: &str = "How far generative networks amplify their training data: a report of amplicast";
pub(super) const END: &str = "</body>\n</html>\n";

/// All figures, for a report that has room for them.
fn figures(album: &Album<'_>, pictures: &Pictures, calibration: Option<&Calibration>) -> String {
    let results = album.results;
    let cells: String = (0..results.cells.len()).map(|i| cell(results, i, pictures, calibration)).collect();
    let diagnoses = (0..results.diagnostics.len()).map(|i| diagnosed(results, i, pictures));
    let diagnoses: String = diagnoses.collect();
    [
        section("Side by side", pictures, (0..album.groups.len()).map(Subject::Compared)),
        format!("<h2>Cells</h2>\n{cells}"),
        section("Distributions", pictures, (0..results.distributions.len()).map(Subject::Distribution)),
        section("What selections cut", pictures, (0..results.planes.len()).map(Subject::Plane)),
        if diagnoses.is_empty() { diagnoses } else { format!("{DIAGNOSTICS}{diagnoses}") },
    ]
    .concat()
}

const DIAGNOSTICS: &str = "<h2>Diagnostics</h2>\n<p class=\"small\">What posteriors and fitted summaries say of themselves: mean, \
    standard deviation and range over their fits, and the standard error of one fit&rsquo;s number.</p>\n";

/// Where the figures are.
fn contents(parts: &[Part]) -> String {
    let item = |part: &Part| {
        let cells = match part.cells().count() {
            0 => String::new(),
            1 => ": 1 cell".into(),
            cells => format!(": {cells} cells"),
        };
        format!("<li><a href=\"{FOLDER}/{}.html\">{}</a>{cells}</li>\n", part.file, escape(&part.title))
    };
    let items: String = parts.iter().map(item).collect();
    format!(
        "<h2>Figures</h2>\n<p>Each observable has a page: its distributions, and question by question the generators side by side and \
         every cell with its numbers. The pages are in the folder <code>{FOLDER}</code> beside this file.</p>\n\
         <ul class=\"contents\">\n{items}</ul>\n"
    )
}

/// A page with figures, the `k`-th of them.
pub(super) fn page(
    album: &Album<'_>,
    parts: &[Part],
    k: usize,
    pictures: &Pictures,
    calibration: Option<&Calibration>,
) -> String {
    let (results, part) = (album.results, &parts[k]);
    let to = |other: Option<&Part>, word: &str| {
        other.map_or(String::new(), |other| {
            format!(" &middot; {word}: <a href=\"{}.html\">{}</a>", other.file, escape(&other.title))
        })
    };
    let before = to(k.checked_sub(1).map(|k| &parts[k]), "before");
    let next = to(parts.get(k + 1), "next");
    let name = escape(&results.experiment);
    let nav = format!("<nav><a href=\"../report.html\">{name}</a>{before}{next}</nav>\n");
    let title = escape(&part.title);
    let subtitle = format!("Page {} of {} with figures of the report {name}", k + 1, parts.len());
    let cells: Vec<usize> = part.cells().collect();
    let table = if cells.is_empty() {
        String::new()
    } else {
        matrix(results, &[Group { heading: None, cells, page: String::new() }], false)
    };
    let of = |kind: fn(&Subject) -> bool| part.subjects.iter().copied().filter(kind);
    let mut shown = [
        section("Distributions", pictures, of(|s| matches!(s, Subject::Distribution(_)))),
        section("What selections cut", pictures, of(|s| matches!(s, Subject::Plane(_)))),
    ]
    .concat();
    let mut question = None;
    for subject in &part.subjects {
        let first = match subject {
            Subject::Compared(group) => album.groups[*group][0],
            Subject::Cell(i) => *i,
            _ => continue,
        };
        let name = &results.cells[first].name;
        if question.replace(name.question()) != Some(name.question()) {
            shown += &format!("<h2>{}</h2>\n", escape(&title::question(name)));
        }
        shown += &match subject {
            Subject::Cell(i) => cell(results, *i, pictures, calibration),
            _ => pictures.pairs([*subject].into_iter()),
        };
    }
    let mut diagnosed_before = None;
    for subject in of(|s| matches!(s, Subject::Diagnostic(..))) {
        let Subject::Diagnostic(i, _) = subject else { continue };
        if diagnosed_before.is_none() {
            shown += DIAGNOSTICS;
        }
        if diagnosed_before != Some(i) {
            shown += &diagnosed(results, i, pictures);
        }
        diagnosed_before = Some(i);
    }
    let top = format!("{nav}<h1>{title}</h1>\n<p class=\"subtitle\">{subtitle}</p>\n");
    [head(&format!("{title} - {name}"), &top), table, shown, nav, END.to_string()].concat()
}

/// A second wall behind the escaping of names: whatever stands in the page, no program of it runs and nothing is fetched. Its styles
/// and fonts are its own.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; base-uri 'none'; form-action 'none'";

/// The head of a page with this title, and what its body begins with.
pub(super) fn head(title: &str, top: &str) -> String {
    static FACES: LazyLock<String> = LazyLock::new(|| {
        let face = |(font, style): (&&[u8], &str)| {
            format!(
                "@font-face {{ font-family: 'DejaVu Sans'; font-style: {style}; src: url(data:font/ttf;base64,{}); }}\n",
                base64(font)
            )
        };
        FONTS.iter().zip(["normal", "italic"]).map(face).collect()
    });
    let faces = &*FACES;
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} - amplicast</title>\n\
         <style>\n{faces}{STYLE}</style>\n</head>\n<body>\n{top}"
    )
}

fn setting(results: &Results) -> String {
    let validation = match &results.validation {
        Some(v) => format!("{}, {} events", escape(&v.source), format::count(v.events)),
        None => "none: the true amplification is not known".into(),
    };
    let n_train = match &results.weights {
        None => format::count(results.n_train),
        Some(weights) => format!(
            "{}, with weights: worth {} that count alike{}",
            format::count(results.n_train),
            format::count(weights.effective as u64),
            if weights.negative > 0.0 {
                format!(", {:.1} % negative", 100.0 * weights.negative)
            } else {
                String::new()
            }
        ),
    };
    let n_train = match &results.groups {
        None => n_train,
        Some(groups) => format!(
            "{n_train}, in {} groups of up to {}",
            format::count(groups.number),
            format::count(groups.largest)
        ),
    };
    let rows = [
        ("True events per training set, n<sub>train</sub>", n_train),
        ("Generated events per member, n<sub>gen</sub>", format::count(results.n_gen)),
        ("Members per generator and posterior", format::count(results.members)),
        ("Independent training sets", format::count(results.replicas)),
        ("Validation", validation),
    ];
    let rows: String =
        rows.iter().map(|(name, value)| format!("<tr><th>{name}</th><td>{value}</td></tr>\n")).collect();
    let weighted = match results.weights {
        Some(_) => {
            " True events have weights: n<sub>equiv</sub> and n<sub>train</sub> are given in <em>effective</em> events, as many that \
             count alike as know what is measured equally well, so that G compares the generated sample with true ones of the \
             same weights. Generated events count alike."
        }
        None => "",
    };
    let grouped = match results.groups {
        Some(_) => {
            " True events belong together in groups, which are what is independent: n<sub>equiv</sub> and n<sub>train</sub> are given in \
             <em>effective</em> events, as many that are each by itself as know what is measured equally well, so that G compares the generated \
             sample with true ones of such groups. Generated events are each by itself."
        }
        None => "",
    };
    format!(
        "<h2>What was estimated</h2>\n<p>The amplification factor G = n<sub>equiv</sub> / n<sub>train</sub>: how many true \
         events an unlimited generated sample is worth, divided by the true events that were used for it. n<sub>equiv</sub> is \
         the size at which a true sample would, on average, have the same value of a metric as the generated one has for \
         n<sub>gen</sub> &rarr; &infin;. n<sub>train</sub> counts every true event: for training, for validation of the \
         training, and for left-out references; under a selection, those that pass it.{weighted}{grouped}</p>\n\
         <table class=\"facts\">\n{rows}</table>\n"
    )
}

/// Warnings that are read at a glance; of more than that the rest is folded.
const AT_A_GLANCE: usize = 20;

fn warnings(results: &Results) -> String {
    if results.warnings.is_empty() {
        return String::new();
    }
    let list = |warnings: &[String]| {
        let items: String = warnings.iter().map(|w| format!("<li>{}</li>\n", escape(w))).collect();
        format!("<ul>\n{items}</ul>")
    };
    let (first, rest) = results.warnings.split_at(AT_A_GLANCE.min(results.warnings.len()));
    let rest = match rest.len() {
        0 => String::new(),
        more => format!("\n<details>\n<summary>{more} more</summary>\n{}\n</details>\n", list(rest)),
    };
    format!("<h2>Warnings</h2>\n<div class=\"warnings\">{}{rest}</div>\n", list(first))
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
    use super::super::testing;
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
        let album = Album::of(&results);
        let figures: Vec<_> = album.planned.iter().filter_map(|planned| album.draw(planned)).collect();
        let pictures = Pictures::of(figures, "figures");
        let about = serde_json::json!({ evil.clone(): evil.clone() });
        // All on one page, and divided as that of a large run is.
        let everything = Part {
            file: "page".into(),
            title: evil.clone(),
            subjects: album.planned.iter().map(|(subject, _)| *subject).collect(),
        };
        let pages = [
            report(&album, &[], &pictures, (&about, &evil), None),
            report(&album, std::slice::from_ref(&everything), &pictures, (&about, &evil), None),
            page(&album, &[everything], 0, &pictures, None),
        ];
        for page in pages {
            assert!(!page.contains("<img"));
            assert!(!page.contains("\"alert"));
            assert!(page.matches("&lt;img src=x").count() > 20);
        }
    }

    #[test]
    fn an_empty_run_is_a_page() {
        let mut results = testing::results();
        results.cells.clear();
        results.distributions.clear();
        results.validation = None;
        let pictures = Pictures::of(Vec::new(), "figures");
        let page = report(&Album::of(&results), &[], &pictures, (&serde_json::Value::Null, ""), None);
        assert!(page.contains("The experiment has no cells."));
    }
}
