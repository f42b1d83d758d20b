//! Jobs: the parts of a run that can be done anywhere, in any order that their inputs allow. A job is a handful of numbers; all else
//! stands in the experiment file.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One part of a run. All numbers begin at 0; as text they begin at 1, as everywhere where people read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    /// One training: a chain of an uncertainty model.
    Chain(RowOf, u64),
    /// What the passes of a row share: fits of summaries to all members, and simulated laws. After its chains.
    Shared(RowOf),
    /// One pass over a member's events. After the chains of its row, and what its passes share.
    Pass(RowOf, u64),
    /// The pass over the true events of a training set.
    Truth(u64),
}

/// A row of the table on a training set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowOf {
    /// Number of the training set.
    pub training_set: u64,
    /// Number of the row in the plan.
    pub row: usize,
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut write = |kind: &str, RowOf { training_set, row }: &RowOf, number: Option<&u64>| {
            write!(f, "{kind}/{}/{}", training_set + 1, row + 1)?;
            number.map_or(Ok(()), |number| write!(f, "/{}", number + 1))
        };
        match self {
            Job::Chain(row, chain) => write("chain", row, Some(chain)),
            Job::Shared(row) => write("shared", row, None),
            Job::Pass(row, member) => write("pass", row, Some(member)),
            Job::Truth(training_set) => write!(f, "truth/{}", training_set + 1),
        }
    }
}

impl Job {
    /// The training set that it is about.
    pub fn training_set(&self) -> u64 {
        match self {
            Job::Chain(row, _) | Job::Shared(row) | Job::Pass(row, _) => row.training_set,
            Job::Truth(training_set) => *training_set,
        }
    }
}

/// All jobs of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// Training sets.
    pub training_sets: u64,
    /// Whether there are true events to pass over.
    pub truth: bool,
    /// The rows of the table, each on every training set.
    pub rows: Vec<JobsOfRow>,
}

/// The jobs of a row on one training set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobsOfRow {
    /// `generator / posterior`.
    pub name: String,
    /// Chains; none where the generator brings its members.
    pub chains: u64,
    /// Whether passes share something that is computed before them.
    pub shared: bool,
    /// Members.
    pub members: u64,
}

impl Jobs {
    /// The jobs of every kind, in the order of what they need.
    pub fn kinds(&self) -> [(&'static str, Vec<Job>); 4] {
        let rows = || {
            (0..self.training_sets).flat_map(|training_set| {
                self.rows.iter().enumerate().map(move |(row, of)| (RowOf { training_set, row }, of))
            })
        };
        [
            ("chain", rows().flat_map(|(row, of)| (0..of.chains).map(move |k| Job::Chain(row, k))).collect()),
            ("shared", rows().filter(|(_, of)| of.shared).map(|(row, _)| Job::Shared(row)).collect()),
            ("pass", rows().flat_map(|(row, of)| (0..of.members).map(move |i| Job::Pass(row, i))).collect()),
            ("truth", (0..self.training_sets).filter(|_| self.truth).map(Job::Truth).collect()),
        ]
    }

    /// The jobs that a text stands for: `chain/1/2/3`, `pass/1/2/1-40`, `shared/1/2`, `truth/1`.
    pub fn parse(&self, text: &str) -> Result<Vec<Job>, String> {
        let wrong = |expected: &str| format!("job `{text}`: expected {expected}");
        let form = || {
            wrong(
                "`chain/TRAINING-SET/ROW/NUMBERS`, `shared/TRAINING-SET/ROW`, `pass/TRAINING-SET/ROW/NUMBERS` or `truth/TRAINING-SET`, such as `chain/1/1/1-10`",
            )
        };
        let number = |part: &str, what: &str, most: u64| match part.parse::<u64>() {
            Ok(n) if (1..=most).contains(&n) => Ok(n - 1),
            _ if most == 0 => Err(wrong(&format!("no {what}: this row has none"))),
            _ => Err(wrong(&format!("a {what} of 1 to {most}, found `{part}`"))),
        };
        let parts: Vec<&str> = text.split('/').collect();
        let set = |part: &str| number(part, "training set", self.training_sets);
        let row = |parts: &[&str]| -> Result<(RowOf, &JobsOfRow), String> {
            let training_set = set(parts[0])?;
            let row = number(parts[1], "row", self.rows.len() as u64)? as usize;
            Ok((RowOf { training_set, row }, &self.rows[row]))
        };
        let range = |part: &str, what: &str, most: u64| -> Result<std::ops::RangeInclusive<u64>, String> {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first, what, most)?, number(last, what, most)?);
            if first <= last {
                Ok(first..=last)
            } else {
                Err(wrong(&format!("rising numbers, found `{part}`")))
            }
        };
        match parts.as_slice() {
            ["chain", of @ .., numbers] if of.len() == 2 => {
                let (row, of) = row(of)?;
                Ok(range(numbers, "chain", of.chains)?.map(|k| Job::Chain(row, k)).collect())
            }
            ["pass", of @ .., numbers] if of.len() == 2 => {
                let (row, of) = row(of)?;
                Ok(range(numbers, "member", of.members)?.map(|i| Job::Pass(row, i)).collect())
            }
            ["shared", of @ ..] if of.len() == 2 => match row(of)? {
                (row, of) if of.shared => Ok(vec![Job::Shared(row)]),
                _ => Err(wrong("none: passes of this row share nothing")),
            },
            ["truth", number] if self.truth => Ok(vec![Job::Truth(set(number)?)]),
            ["truth", _] => Err(wrong("no true events: there is neither a known truth nor a holdout")),
            _ => Err(form()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs() -> Jobs {
        let row = |chains, shared| JobsOfRow { name: "g / u".into(), chains, shared, members: 3 };
        Jobs { training_sets: 2, truth: true, rows: vec![row(2, true), row(0, false)] }
    }

    #[test]
    fn every_job_has_a_text_that_stands_for_it() {
        let kinds = jobs().kinds();
        assert_eq!(kinds.each_ref().map(|(_, list)| list.len()), [4, 2, 12, 2]);
        for job in kinds.iter().flat_map(|(_, list)| list) {
            assert_eq!(jobs().parse(&job.to_string()), Ok(vec![*job]));
        }
        let first = RowOf { training_set: 1, row: 0 };
        assert_eq!(jobs().parse("pass/2/1/2-3").unwrap(), [Job::Pass(first, 1), Job::Pass(first, 2)]);
    }

    #[test]
    fn what_is_no_job_is_told_by_what_was_expected() {
        let error = |text: &str| jobs().parse(text).unwrap_err();
        assert_eq!(error("chain/3/1/1"), "job `chain/3/1/1`: expected a training set of 1 to 2, found `3`");
        assert_eq!(error("chain/1/1/0"), "job `chain/1/1/0`: expected a chain of 1 to 2, found `0`");
        assert_eq!(error("chain/1/2/1"), "job `chain/1/2/1`: expected no chain: this row has none");
        assert_eq!(error("pass/1/1/3-2"), "job `pass/1/1/3-2`: expected rising numbers, found `3-2`");
        assert_eq!(error("shared/1/2"), "job `shared/1/2`: expected none: passes of this row share nothing");
        for text in ["", "chain", "chain/1/1", "pass/1/1/1/1", "train/1/1/1", "truth/1/1"] {
            assert!(error(text).contains("such as `chain/1/1/1-10`"), "{text}");
        }
    }
}
