//! The table of G: one row for each cell, that is, for each question put to a generator and posterior.

use super::columns::Columns;
use super::format::{self, THIS_SET, Truth};
use super::title;
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
pub(super) fn rows(results: &Results) -> Vec<Row<'_>> {
    results.cells.iter().map(row).collect()
}

fn row(cell: &Cell) -> Row<'_> {
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
pub(super) fn truth_head(rows: &[Row<'_>]) -> Option<String> {
    let mut known = rows.iter().filter_map(|row| row.truth.as_ref()).peekable();
    known.peek()?;
    let of = if known.all(|truth| truth.of_one_set) { format!("{THIS_SET}: ") } else { String::new() };
    Some(format!("{of}true G"))
}

/// The table of G for a terminal of so many columns, or as wide as it is.
///
/// G is written by [`amplification`](super::amplification); beside it, where it is known, stands the true G of the posterior
/// mean and of a single member.
pub fn table(results: &Results, width: Option<usize>) -> String {
    let rows = rows(results);
    if rows.is_empty() {
        return "no cells".into();
    }
    let head = truth_head(&rows);
    let mut table = Columns::new().words("generator").words("question").solid("G");
    if let Some(head) = &head {
        table = table.solid(&format!("{head}, mean")).solid("single member");
    }
    let labelled = head.is_some_and(|head| head.starts_with(THIS_SET));
    for row in rows {
        let [mean, member] = row.truth.map_or(Default::default(), |truth| {
            let of = if truth.of_one_set && !labelled { format!("{THIS_SET}: ") } else { String::new() };
            [of + &truth.mean, truth.member]
        });
        table.row([one_line(&row.generator), one_line(&title::question(&row.cell.name)), row.g, mean, member]);
    }
    table.text(width)
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
    fn no_cells_are_said_in_words() {
        let mut results = testing::results();
        results.cells.clear();
        assert_eq!(super::table(&results, None), "no cells");
    }
}
