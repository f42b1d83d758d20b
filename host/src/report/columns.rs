//! Tables of text that fit into a terminal without breaking a word or a number.

use std::collections::BTreeMap;

use crate::terminal::{harmless, wrapped};

/// A column of a table.
#[derive(Debug, Clone)]
struct Column {
    head: String,
    /// Whether its texts stay on one line, as numbers with their intervals do.
    solid: bool,
}

/// A table of text.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// What stands above a row, by the row's number; the rows are farther in then.
    headings: BTreeMap<usize, String>,
}

/// Between two columns.
const GAP: usize = 2;

impl Columns {
    /// A table without columns yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a column of words, which are wrapped where they do not fit.
    pub fn words(mut self, head: &str) -> Self {
        self.columns.push(Column { head: head.into(), solid: false });
        self
    }

    /// With a column of texts that stay on one line.
    pub fn solid(mut self, head: &str) -> Self {
        self.columns.push(Column { head: head.into(), solid: true });
        self
    }

    /// Adds a line above the rows that follow, which belong together.
    pub fn heading(&mut self, text: &str) {
        self.headings.insert(self.rows.len(), harmless(text).into_owned());
    }

    /// Adds a row: a text for each column. What a terminal would obey is written out here, so that columns stay straight.
    pub fn row(&mut self, texts: impl IntoIterator<Item = impl Into<String>>) {
        let mut row: Vec<String> =
            texts.into_iter().map(|text| harmless(&text.into()).into_owned()).collect();
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
    }

    /// Whether no text has to be wrapped in a terminal of so many columns.
    pub fn fits(&self, width: usize) -> bool {
        let longest = |c: usize| self.rows.iter().map(|row| longest_line(&row[c])).max().unwrap_or(0);
        let columns = self.columns.iter().enumerate();
        let natural: usize = columns.map(|(c, column)| longest(c).max(longest_line(&column.head))).sum();
        natural + GAP * self.columns.len().saturating_sub(1) + self.indent() <= width
    }

    /// How far in the rows are.
    fn indent(&self) -> usize {
        if self.headings.is_empty() { 0 } else { GAP }
    }

    /// The table for a terminal of so many columns; without a terminal, as wide as it is.
    ///
    /// Where not even the longest words fit side by side, every row is written as a list of its values.
    pub fn text(&self, width: Option<usize>) -> String {
        let heads = self.columns.iter().map(|c| c.head.clone()).collect::<Vec<_>>();
        let over = |of: &dyn Fn(&str, bool) -> usize, c: usize| {
            let texts = self.rows.iter().map(|row| of(&row[c], self.columns[c].solid));
            texts.chain([of(&heads[c], false)]).max().unwrap_or(0)
        };
        let places = 0..self.columns.len();
        let natural: Vec<usize> = places.clone().map(|c| over(&|text, _| longest_line(text), c)).collect();
        let least: Vec<usize> = places
            .map(|c| over(&|text, solid| if solid { longest_line(text) } else { longest_word(text) }, c))
            .collect();
        let gaps = GAP * self.columns.len().saturating_sub(1);
        let room = width.unwrap_or(usize::MAX).saturating_sub(gaps + self.indent());
        match widths(natural, &least, room) {
            Some(widths) => self.side_by_side(&heads, &widths, width.unwrap_or(usize::MAX)),
            None => self.listed(&heads, width.unwrap_or(usize::MAX)),
        }
    }

    fn side_by_side(&self, heads: &[String], widths: &[usize], room: usize) -> String {
        let indent = " ".repeat(self.indent());
        let lines_of = |row: &[String]| -> Vec<String> {
            let cells: Vec<Vec<String>> = row.iter().zip(widths).map(|(text, w)| wrapped(text, *w)).collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(0);
            let line = |line: usize| {
                let texts = cells.iter().zip(widths).map(|(cell, width)| {
                    let text = cell.get(line).map_or("", String::as_str);
                    format!("{text}{}", " ".repeat(width - text.chars().count()))
                });
                let texts = texts.collect::<Vec<_>>().join(&" ".repeat(GAP));
                format!("{indent}{texts}").trim_end().to_string()
            };
            (0..height).map(line).collect()
        };
        let mut out = lines_of(heads);
        out.extend(lines_of(&widths.iter().map(|w| "─".repeat(*w)).collect::<Vec<_>>()));
        for (i, row) in self.rows.iter().enumerate() {
            out.extend(self.headings.get(&i).into_iter().flat_map(|heading| wrapped(heading, room)));
            out.extend(lines_of(row));
        }
        out.join("\n").trim_end().to_string()
    }

    /// The first text of a row as its title, the others below it under their heads.
    fn listed(&self, heads: &[String], width: usize) -> String {
        let mut out = Vec::new();
        for (i, row) in self.rows.iter().enumerate() {
            out.extend(self.headings.get(&i).into_iter().flat_map(|heading| wrapped(heading, width)));
            for (c, text) in row.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
                let (text, indent) = match (c, heads[c].is_empty()) {
                    (0, _) => (text.clone(), self.indent()),
                    (_, true) => (text.clone(), GAP + self.indent()),
                    _ => (format!("{}: {text}", heads[c]), GAP + self.indent()),
                };
                // What follows is farther in, so that the eye finds the next value.
                let more = if c == 0 { indent } else { indent + GAP };
                let lines = wrapped(&text, width.saturating_sub(more).max(1));
                out.extend(lines.into_iter().enumerate().map(|(i, line)| {
                    let indent = if i == 0 { indent } else { more };
                    format!("{}{line}", " ".repeat(indent))
                }));
            }
        }
        out.join("\n")
    }
}

/// Widths of columns within `room`: the widest ones give way first, none below its least width. None if that is too much.
fn widths(natural: Vec<usize>, least: &[usize], room: usize) -> Option<Vec<usize>> {
    if least.iter().sum::<usize>() > room {
        return None;
    }
    let mut widths = natural;
    while widths.iter().sum::<usize>() > room {
        let wide = (0..widths.len()).filter(|&c| widths[c] > least[c]).max_by_key(|&c| widths[c])?;
        widths[wide] -= 1;
    }
    Some(widths)
}

fn longest_line(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

fn longest_word(text: &str) -> usize {
    text.split([' ', '\n']).map(|word| word.chars().count()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Columns {
        let mut table = Columns::new().words("question").solid("G").words("why");
        table.row(["radius, integral, regions 2-19 of 20", "7.1 [5.0, 10.2]", "both ends are finite"]);
        table.row(["radius, ks, against left-out", "> 12 (95 %)", ""]);
        table
    }

    #[test]
    fn a_table_that_fits_is_as_wide_as_it_is() {
        let expected = "\
question                              G                why
────────────────────────────────────  ───────────────  ────────────────────
radius, integral, regions 2-19 of 20  7.1 [5.0, 10.2]  both ends are finite
radius, ks, against left-out          > 12 (95 %)";
        assert_eq!(table().text(None), expected);
        assert_eq!(table().text(Some(75)), expected);
    }

    #[test]
    fn words_and_numbers_stay_whole_at_any_width() {
        let words = |text: &str| {
            let mut words: Vec<String> = text.split_whitespace().map(String::from).collect();
            // A list needs no head for its first value.
            words.retain(|w| !w.starts_with('─') && w != "question");
            words
        };
        let all = words(&table().text(None));
        for width in 1..90 {
            let text = table().text(Some(width));
            let found = words(&text);
            for word in &all {
                assert!(
                    found.iter().any(|w| w == word || w == &format!("{word}:")),
                    "`{word}` is split at width {width} in\n{text}"
                );
            }
            // A line is longer only where a word, or a number with its interval in a row of a table, is.
            if width >= 45 {
                assert!(text.lines().all(|line| line.chars().count() <= width), "{width}\n{text}");
                assert!(text.contains("7.1 [5.0, 10.2]"), "{text}");
            }
        }
    }

    #[test]
    fn rows_that_belong_together_stand_below_a_heading() {
        let mut table = Columns::new().words("generator").solid("G");
        table.heading("radius, ks");
        table.row(["flow", "7.1"]);
        table.row(["transformer", "> 12"]);
        table.heading("a mass of a long name, ks");
        table.row(["flow", "1.2"]);
        let expected = "  generator    G\n  ───────────  ────\nradius, ks\n  flow         7.1\n  transformer  > 12\n\
                        a mass of a long name, ks\n  flow         1.2";
        assert_eq!(table.text(None), expected);
        let narrow = "radius, ks\n  flow\n    G: 7.1\n  transformer\n    G: > 12\na mass of a\nlong name, ks\n  flow\n    G: 1.2";
        assert_eq!(table.text(Some(14)), narrow);
        assert!(table.fits(19) && !table.fits(18));
    }

    #[test]
    fn where_words_do_not_fit_side_by_side_rows_are_lists() {
        let expected = "\
radius, integral, regions 2-19
of 20
  G: 7.1 [5.0, 10.2]
  why: both ends are finite
radius, ks, against left-out
  G: > 12 (95 %)";
        assert_eq!(table().text(Some(32)), expected);
    }
}
