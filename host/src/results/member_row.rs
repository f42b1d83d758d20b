//! `results.csv`: every number of every member.

use serde::Serialize;

use super::CellName;
use super::csv_text::text_cell;

/// One number of one member at one checkpoint: a row of `results.csv`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberRow<'a> {
    /// The cell.
    #[serde(serialize_with = "text_cell")]
    pub generator: &'a str,
    /// Its uncertainty model.
    #[serde(serialize_with = "text_cell")]
    pub uncertainty: &'a str,
    /// Its summary.
    #[serde(serialize_with = "text_cell")]
    pub summary: &'a str,
    /// Its selection.
    #[serde(serialize_with = "text_cell")]
    pub selection: &'a str,
    /// Its metric.
    #[serde(serialize_with = "text_cell")]
    pub metric: &'a str,
    /// Its reference.
    #[serde(serialize_with = "text_cell")]
    pub reference: &'a str,
    /// The training set, from 0.
    pub replica: u64,
    /// The member, from 0.
    pub member: usize,
    /// Generated events.
    pub n_gen: u64,
    /// Of these, events that pass the selection.
    pub n_passed: u64,
    /// What the value is: a region's name, or `distance`.
    #[serde(serialize_with = "text_cell")]
    pub quantity: &'a str,
    /// The value: events in the region, or the distance.
    pub value: f64,
}

/// The numbers of all members of a cell on one training set: a matrix has millions of rows, whose names are the same.
#[derive(Debug)]
pub struct CellRows {
    /// The cell.
    pub name: CellName,
    /// The training set, from 0.
    pub replica: u64,
    /// What the values are.
    pub quantities: Vec<String>,
    /// Generated events, and of these those that pass the selection: for each member and checkpoint.
    pub events: Vec<[u64; 2]>,
    /// For each of these, a value of each quantity.
    pub values: Vec<f64>,
    /// Checkpoints of a member.
    pub checkpoints: usize,
}

impl CellRows {
    /// Member by member, checkpoint by checkpoint, quantity by quantity.
    pub fn rows(&self) -> impl Iterator<Item = MemberRow<'_>> {
        (0..self.values.len()).map(|at| self.row(at))
    }

    fn row(&self, at: usize) -> MemberRow<'_> {
        let CellName { generator, uncertainty, summary, selection, metric, reference } = &self.name;
        let width = self.quantities.len();
        let [n_gen, n_passed] = self.events[at / width];
        MemberRow {
            generator,
            uncertainty,
            summary,
            selection,
            metric,
            reference,
            replica: self.replica,
            member: at / (width * self.checkpoints),
            n_gen,
            n_passed,
            quantity: &self.quantities[at % width],
            value: self.values[at],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    #[test]
    fn every_number_has_its_row() {
        let rows = CellRows {
            name: testing::integral_cell(1).name,
            replica: 3,
            quantities: vec!["a".into(), "b".into()],
            events: vec![[10, 9], [20, 17], [10, 8], [20, 19]],
            values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
            checkpoints: 2,
        };
        let found: Vec<_> =
            rows.rows().map(|r| (r.member, r.n_gen, r.n_passed, r.quantity, r.value)).collect();
        let expected = [
            (0, 10, 9, "a", 1.0),
            (0, 10, 9, "b", 2.0),
            (0, 20, 17, "a", 3.0),
            (0, 20, 17, "b", 4.0),
            (1, 10, 8, "a", 5.0),
            (1, 10, 8, "b", 6.0),
            (1, 20, 19, "a", 7.0),
            (1, 20, 19, "b", 8.0),
        ];
        assert_eq!(found, expected);
        assert!(
            rows.rows().all(|r| r.replica == 3 && r.generator == "transformer" && r.metric == "integral")
        );
    }
}
