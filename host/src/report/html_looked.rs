//! What was seen of the members' events before a number was made of them, on the HTML page.

use super::text::escape;
use super::title;
use crate::format;
use crate::results::{Inspected, Results};

/// Rows from which on those without findings are only counted.
const MANY: usize = 24;

/// The part of events that are equal by chance from which on it is said.
const WORTH_SAYING: f64 = 0.0005;

/// A row for each generator, posterior and training set that was looked at; nothing where none was.
pub(super) fn looked_at(results: &Results) -> String {
    let all = &results.inspections;
    if all.is_empty() {
        return String::new();
    }
    let shown: Vec<&Inspected> =
        all.iter().filter(|one| all.len() < MANY || !one.findings.is_empty()).collect();
    let rows: String = shown.iter().map(|one| row(one, results.replicas)).collect();
    let heads = ["members of", "fitted to", "events looked at", "training events among them", "found"];
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let table = if rows.is_empty() {
        rows
    } else {
        format!(
            "<table class=\"matrix stack\">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n"
        )
    };
    let others = match all.len() - shown.len() {
        0 => String::new(),
        others => format!("<p class=\"small\">{others} others: nothing found.</p>\n"),
    };
    format!("<h2>The look at the members&rsquo; events</h2>\n{ABOUT}{table}{others}")
}

const ABOUT: &str = "<p class=\"small\">Before a number is made of them, events are compared with the training events: equal ones, and ones \
    that lie nearer to a training event than true events do, are copies and show no amplification; members must be independent of each \
    other.</p>\n";

fn row(one: &Inspected, replicas: u64) -> String {
    let set = if replicas > 1 { format!(", training set {}", one.replica + 1) } else { String::new() };
    let who = format!("{}{set}", title::generator(&one.generator, &one.uncertainty));
    let fitted = one.members_data.map_or("not said", |data| data.text());
    let percent = |part: f64| format!("{} %", format::short(100.0 * part));
    let equal = if one.copies.equal > 0.0 { percent(one.copies.equal) } else { "none".into() };
    let copies = if one.copies.by_chance > WORTH_SAYING {
        format!("{equal} (by chance {})", percent(one.copies.by_chance))
    } else {
        equal
    };
    let mut found: Vec<String> = one.findings.iter().map(|text| escape(text)).collect();
    if found.is_empty() {
        found.push("nothing".into());
    }
    if let Some(precision) = &one.precision {
        found.push(format!("compared in {}", escape(precision)));
    }
    format!(
        "<tr><th scope=\"row\">{}</th><td data-label=\"fitted to\">{fitted}</td>\
         <td class=\"n\" data-label=\"events looked at\">{}</td>\
         <td class=\"n\" data-label=\"training events among them\">{copies}</td><td data-label=\"found\">{}</td></tr>\n",
        escape(&who),
        format::count(one.events),
        found.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn what_was_found_stands_in_its_row() {
        let mut results = testing::results();
        let html = looked_at(&results);
        for text in [
            "transformer",
            "posterior</td>",
            "none</td>",
            "5 % of the generated events lie next to one training event; compared in 6 digits",
        ] {
            assert!(html.contains(text), "{text} is not in {html}");
        }
        assert!(!html.contains("others"));
        results.inspections[0].findings = vec!["<b>".into()];
        assert!(looked_at(&results).contains("&lt;b&gt;"));
        results.inspections.clear();
        assert_eq!(looked_at(&results), "");
    }

    /// Of many only those with something to say have a row.
    #[test]
    fn of_many_the_others_are_counted() {
        let mut results = testing::results();
        let mut quiet = results.inspections[0].clone();
        quiet.findings.clear();
        results.inspections.extend(std::iter::repeat_n(quiet, 30));
        let html = looked_at(&results);
        assert_eq!(html.matches("<tr>").count(), 2);
        assert!(html.contains("30 others: nothing found"));
    }
}
