//! The table of G: one row for each cell, that is, for each question put to a generator and posterior.

use std::collections::HashMap;

use super::columns::Columns;
use super::title;
use crate::format::{self, THIS_SET, Truth};
use crate::results::{Cell, Results};
use crate::terminal::one_line;

/// A row of the table, as the terminal and the HTML page show it.
pub(super) struct Row<'a> {
    pub cell: &'a Cell,
    /// Generator and uncertainty model.
    pub generator: String,
    /// The summary, and the selection if there is one.
    pub summary: String,
    /// G in words.
    pub g: String,
    /// The true G, where it is known.
    pub truth: Option<Truth>,
}

/// The rows in the order in which the experiment names the cells.
fn rows(results: &Results) -> Vec<Row<'_>> {
    results.cells.iter().map(row).collect()
}

/// That of a cell.
pub(super) fn row(cell: &Cell) -> Row<'_> {
    let name = &cell.name;
    Row {
        cell,
        generator: title::generator(&name.generator, &name.uncertainty),
        summary: format!("{}{}", name.summary, title::selection(&name.selection)),
        g: format::amplification(cell),
        truth: format::truth(cell),
    }
}

/// What heads the column of the true G: if all of them are of one training set, they are no expectation.
pub(super) fn truth_head<'r>(rows: impl Iterator<Item = &'r Row<'r>>) -> Option<String> {
    let mut known = rows.filter_map(|row| row.truth.as_ref()).peekable();
    known.peek()?;
    let of = if known.all(|truth| truth.of_one_set) { format!("{THIS_SET}: ") } else { String::new() };
    Some(format!("{of}true G"))
}

/// Characters in a line where there is no terminal: a file, or a program that reads the table from a pipe.
const WITHOUT_TERMINAL: usize = 160;

/// The table of G for a terminal of so many columns.
///
/// Every cell has a row. Where these are too wide, the generators that answer the same question stand below it.
///
/// G is written by [`amplification`](super::amplification); beside it, where it is known, stands the true G of the posterior
/// mean and of a single member.
pub fn table(results: &Results, width: Option<usize>) -> String {
    let rows = rows(results);
    if rows.is_empty() {
        return "no cells".into();
    }
    let width = width.unwrap_or(WITHOUT_TERMINAL);
    let labeled = truth_head(rows.iter()).is_some_and(|head| head.starts_with(THIS_SET));
    let mut plain = columns(&rows, &["generator", "question"]);
    for row in &rows {
        let question = one_line(&title::question(&row.cell.name));
        plain.row([one_line(&row.generator), question].into_iter().chain(numbers(row, labeled)));
    }
    let mut places: HashMap<[&str; 4], usize> = HashMap::new();
    let mut questions: Vec<Vec<&Row<'_>>> = Vec::new();
    for row in &rows {
        let place = *places.entry(row.cell.name.question()).or_insert(questions.len());
        match questions.get_mut(place) {
            Some(question) => question.push(row),
            None => questions.push(vec![row]),
        }
    }
    if plain.fits(width) || questions.len() == rows.len() {
        return plain.text(Some(width));
    }
    let mut folded = columns(&rows, &["generator"]);
    for question in questions {
        folded.heading(&one_line(&title::question(&question[0].cell.name)));
        for row in question {
            folded.row([one_line(&row.generator)].into_iter().chain(numbers(row, labeled)));
        }
    }
    folded.text(Some(width))
}

/// The table without rows: columns of names, and those of numbers.
fn columns(rows: &[Row<'_>], names: &[&str]) -> Columns {
    let table = names.iter().fold(Columns::new(), |table, name| table.words(name)).solid("G");
    match truth_head(rows.iter()) {
        Some(head) => table.solid(&format!("{head}, mean")).solid("single member"),
        None => table,
    }
}

/// G and the true ones; what is of this training set alone says it, unless the head of the column does.
fn numbers(row: &Row<'_>, labeled: bool) -> [String; 3] {
    let [mean, member] = row.truth.as_ref().map_or(Default::default(), |truth| {
        let of = if truth.of_one_set && !labeled { format!("{THIS_SET}: ") } else { String::new() };
        [of + &truth.mean, truth.member.clone()]
    });
    [row.g.clone(), mean, member]
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn the_table_holds_every_cell_in_a_row_of_its_own() {
        let results = testing::results();
        let table = table(&results, None);
        assert_eq!(table.lines().count(), 2 + results.cells.len());
        let words = table.split_whitespace().collect::<Vec<_>>().join(" ");
        for expected in [
            "transformer × bayesian radius, integral 7.1 [5.0, 10.2]",
            "6.8 [5.1, 9.9]",
            "> 12 (95 %)",
            "22 (in-sample)",
            "failed",
            "against left-out",
            "radius, selection central, ks",
            "7.0 [5.2, 9.4] (median of 5 sets)",
        ] {
            assert!(words.contains(expected), "{expected} is missing in\n{table}");
        }
        // One cell has five training sets: what comes from one is said beside it.
        assert!(table.contains("this training set: 6.8 [5.1, 9.9]"), "{table}");
    }

    #[test]
    fn eighty_columns_are_enough() {
        let mut results = testing::results();
        results.cells.retain(|cell| cell.replicas.len() <= 1);
        let table = table(&results, Some(80));
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        for whole in ["7.1 [5.0, 10.2]", "6.8 [5.1, 9.9]", "3.4 [2.8, 4.3]", "> 12 (95 %)", "transformer"] {
            assert!(table.contains(whole), "`{whole}` is split in\n{table}");
        }
        let heads: Vec<&str> = table.lines().take_while(|line| !line.contains('─')).collect();
        assert!(heads.concat().contains("this training"), "{table}");
    }

    #[test]
    fn where_rows_are_too_wide_generators_stand_below_their_question() {
        let mut results = testing::results();
        let base = testing::ks_cell(crate::results::Verdict::AtLeast);
        let cell = |generator: &str, summary: &str| {
            let mut cell = base.clone();
            (cell.name.generator, cell.name.summary) = (generator.into(), summary.into());
            cell
        };
        let long = "m".repeat(30);
        results.cells = vec![cell("a", "radius"), cell("a", &long), cell("b", "radius"), cell("b", &long)];
        let wide = table(&results, Some(80));
        assert_eq!(wide.lines().count(), 2 + 4, "{wide}");
        let folded = format!(
            "  generator     G\n  ────────────  ───────────\nradius, ks, against left-out\n  a × bayesian  > 12 (95 %)\n  \
             b × bayesian  > 12 (95 %)\n{long}, ks, against left-out\n  a × bayesian  > 12 (95 %)\n  b × bayesian  > 12 (95 %)"
        );
        assert_eq!(table(&results, Some(60)), folded);
        // Without a terminal a line has an end as well.
        results.cells.iter_mut().for_each(|cell| cell.name.metric = "k".repeat(100));
        let piped = table(&results, None);
        assert_eq!(piped.lines().count(), 2 + 2 * 3, "{piped}");
    }

    #[test]
    fn no_cells_are_said_in_words() {
        let mut results = testing::results();
        results.cells.clear();
        assert_eq!(super::table(&results, None), "no cells");
    }
}
