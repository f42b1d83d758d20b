//! Rows of a file of true events.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use amplicast_sdk::{CHUNK_EVENTS, Error, Result};
use amplicast_tables::{Beside, EventFile, OneEach, Selection, located};

use super::groups;

/// Rows of a file.
#[derive(Debug)]
pub struct Part {
    pub file: EventFile,
    pub rows: Range<u64>,
    /// The weights of the file's events; none if all count alike.
    pub weights: Option<Arc<OneEach>>,
    /// The numbers of their groups; none if each is by itself.
    pub groups: Option<Arc<OneEach>>,
    /// The field of its rows.
    rows_field: &'static str,
}

/// What stands beside events: in their own file, or in one that is named in this field.
fn beside(
    what: Beside,
    own: Option<Arc<OneEach>>,
    (path, field): (Option<&Path>, &str),
    file: &EventFile,
) -> Result<Option<Arc<OneEach>>> {
    let Some(path) = path else { return Ok(own) };
    let wrong = |message: String| Error::config(field, message);
    if own.is_some() {
        return Err(wrong(format!(
            "expected either this or `{}`, found both",
            field.trim_end_matches("_file")
        )));
    }
    let at = located(path);
    let found = OneEach::open(what, &at.path, at.key.as_deref()).map_err(|error| wrong(error.to_string()))?;
    if found.rows() == file.rows() {
        return Ok(Some(Arc::new(found)));
    }
    let one = match what {
        Beside::Weights => "a weight",
        Beside::Groups => "a number",
    };
    Err(wrong(format!(
        "{}: expected {one} for each of {} events of {}, found {}",
        at.path.display(),
        file.rows(),
        file.path().display(),
        found.rows()
    )))
}

impl Part {
    /// Opens it; `files` are those of weights and of groups.
    pub fn open(
        path: &Path,
        selection: &Selection,
        (field, rows): (&'static str, Option<[u64; 2]>),
        [weights, groups]: [Option<&Path>; 2],
    ) -> Result<Part> {
        let file = EventFile::open(path, selection)?;
        let weights = beside(Beside::Weights, file.weights(), (weights, "weights_file"), &file)?;
        let groups = beside(Beside::Groups, file.groups(), (groups, "groups_file"), &file)?;
        let [first, end] = rows.unwrap_or([0, file.rows()]);
        if first >= end || end > file.rows() {
            let (path, events) = (file.path().display(), file.rows());
            return Err(Error::config(
                field,
                format!(
                    "expected [first, end) with first < end <= {events} (events in {path}), found [{first}, {end})"
                ),
            ));
        }
        Ok(Part { file, rows: first..end, weights, groups, rows_field: field })
    }

    /// Reads the weights in use, and forgets them if all are equal; whether they differ.
    pub fn look_at_weights(&mut self, notes: &mut Vec<String>) -> Result<bool> {
        let Some(weights) = &self.weights else { return Ok(false) };
        let (mut sum, mut least, mut most) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
        let mut some = vec![0.0; CHUNK_EVENTS.min((self.rows.end - self.rows.start) as usize)];
        for first in self.rows.clone().step_by(some.len()) {
            let some = &mut some[..(self.rows.end - first).min(CHUNK_EVENTS as u64) as usize];
            weights.read(first, some)?;
            sum += some.iter().sum::<f64>();
            least = some.iter().copied().fold(least, f64::min);
            most = some.iter().copied().fold(most, f64::max);
        }
        // Their fourth powers are added up.
        let largest = most.max(-least);
        if largest > 0.0 && !(1e-60..=1e60).contains(&largest) {
            let message = format!(
                "expected event weights of which the largest is from 1e-60 to 1e60 in size, found {largest:e}; multiply all by one \
                 number, which changes no result"
            );
            return Err(Error::data(message).at(weights.path().display().to_string()));
        }
        if sum <= 0.0 {
            let message = format!("expected event weights with a positive sum, found {sum}");
            return Err(Error::data(message).at(weights.path().display().to_string()));
        }
        if least < most {
            return Ok(true);
        }
        notes
            .push(format!("{}: all event weights are {least}: events count alike", weights.path().display()));
        self.weights = None;
        Ok(false)
    }

    /// Reads the groups in use, and forgets them if each has one event; whether some have more.
    pub fn look_at_groups(&mut self, notes: &mut Vec<String>) -> Result<bool> {
        let Some(numbers) = &self.groups else { return Ok(false) };
        groups::expect_whole(numbers, &self.rows, self.rows_field)?;
        if groups::some_together(numbers, &self.rows)? {
            return Ok(true);
        }
        notes.push(format!("{}: every event is a group of its own", numbers.path().display()));
        self.groups = None;
        Ok(false)
    }

    /// Refuses a holdout that shares rows with the training set.
    pub fn check_against(&self, training: &Part) -> Result<()> {
        let (first, end) = (self.rows.start.max(training.rows.start), self.rows.end.min(training.rows.end));
        if first < end && self.file.is_same_array(&training.file) {
            return Err(Error::config(
                "holdout_rows",
                format!(
                    "expected rows that are not in the training set, found rows {first}..{end} of the same file in \
                     both; set train_rows and holdout_rows apart"
                ),
            ));
        }
        Ok(())
    }
}
