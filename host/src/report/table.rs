//! The table of G: generators and uncertainty models against summaries, selections, metrics and references.

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};

use super::format;
use crate::results::{Cell, Results};

/// The table of G as rows of text; the terminal and the HTML page both show it.
pub(super) struct Grid<'a> {
    /// Summary, selection, metric, reference of each column.
    pub columns: Vec<[&'a str; 4]>,
    /// Generator and uncertainty model of each row, and its cells.
    pub rows: Vec<([&'a str; 2], Vec<Option<&'a Cell>>)>,
}

impl<'a> Grid<'a> {
    /// The cells in the order in which the experiment names them.
    pub fn new(results: &'a Results) -> Self {
        let mut columns: Vec<[&str; 4]> = Vec::new();
        let mut rows: Vec<[&str; 2]> = Vec::new();
        let mut cells = BTreeMap::new();
        for cell in &results.cells {
            let n = &cell.name;
            let column: [&str; 4] = [&n.summary, &n.selection, &n.metric, &n.reference];
            let row: [&str; 2] = [&n.generator, &n.uncertainty];
            if !columns.contains(&column) {
                columns.push(column);
            }
            if !rows.contains(&row) {
                rows.push(row);
            }
            cells.insert((row, column), cell);
        }
        let of_row =
            |row: [&'a str; 2]| (row, columns.iter().map(|c| cells.get(&(row, *c)).copied()).collect());
        Grid { rows: rows.into_iter().map(of_row).collect(), columns }
    }
}

/// The table of G for a terminal.
///
/// A cell is written by [`amplification`](super::amplification); under it, where it is known, the true G of the posterior mean and
/// of a single member.
pub fn table(results: &Results) -> String {
    let grid = Grid::new(results);
    if grid.rows.is_empty() {
        return "no cells".into();
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL).set_content_arrangement(ContentArrangement::Dynamic);
    let heads = grid.columns.iter().map(|[summary, selection, metric, reference]| {
        let lines = [*summary, if *selection == "all" { "" } else { selection }, metric, reference];
        lines.iter().filter(|line| !line.is_empty()).copied().collect::<Vec<_>>().join("\n")
    });
    table.set_header(std::iter::once("G".to_string()).chain(heads));
    for ([generator, uncertainty], cells) in &grid.rows {
        let texts = cells.iter().map(|cell| match cell {
            Some(cell) => match format::truth(cell) {
                Some(truth) => format!("{}\n{truth}", format::amplification(cell)),
                None => format::amplification(cell),
            },
            None => String::new(),
        });
        table.add_row(std::iter::once(format!("{generator}\n{uncertainty}")).chain(texts));
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn the_table_holds_every_cell() {
        let results = testing::results();
        let table = table(&results);
        for expected in
            ["7.1 [5.0, 10.2]", "true 6.8 | 3.4", "> 12 (95 %)", "22 (in-sample)", "failed", "left-out"]
        {
            assert!(table.contains(expected), "{expected} is missing in\n{table}");
        }
    }

    #[test]
    fn no_cells_are_said_in_words() {
        let mut results = testing::results();
        results.cells.clear();
        assert_eq!(super::table(&results), "no cells");
    }
}
