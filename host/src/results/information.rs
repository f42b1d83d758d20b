//! How much of what the training events know of a shift of the truth a generator keeps (Matchev et al. 2022, section 3).

use super::{Cell, CellName, Results};
use crate::config::ALL;

impl Cell {
    /// Whether its G is the part of the training events' information on a shift that the generator keeps: at most 1.
    pub fn is_information(&self) -> bool {
        let [_, _, summary, metric] = &self.plugins;
        self.name.selection == ALL && summary == "true-score" && metric == "mean"
    }
}

impl Results {
    /// The cell that says how much information the generator of another one keeps.
    pub fn information(&self, of: &Cell) -> Option<&Cell> {
        let row = |name: &CellName| [name.generator.clone(), name.uncertainty.clone()];
        let same = |cell: &&Cell| cell.is_information() && row(&cell.name) == row(&of.name);
        self.cells.iter().filter(|_| !of.is_information()).find(same)
    }
}

#[cfg(test)]
mod tests {
    use crate::report::testing;

    #[test]
    fn it_stands_beside_the_other_questions_to_the_same_generator() {
        let mut results = testing::results();
        let of = |results: &crate::results::Results, i: usize| {
            results.information(&results.cells[i]).map(|cell| cell.name.clone())
        };
        assert_eq!(of(&results, 0), None);
        let mut score = results.cells[0].clone();
        (score.name.summary, score.name.metric) = ("my score".into(), "my mean".into());
        (score.plugins[2], score.plugins[3]) = ("true-score".into(), "mean".into());
        results.cells.push(score.clone());
        let last = results.cells.len() - 1;
        assert_eq!((of(&results, 0), of(&results, last)), (Some(score.name), None));
        results.cells[0].name.generator = "another".into();
        assert_eq!(of(&results, 0), None);
    }
}
