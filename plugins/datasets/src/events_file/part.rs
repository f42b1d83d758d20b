//! Rows of a file of true events.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use amplicast_sdk::{Error, Result};
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

impl Part {
    /// Opens it; `files` are those of weights and of groups.
    pub fn open(
        path: &Path,
        selection: &Selection,
        (field, rows): (&'static str, Option<[u64; 2]>),
        [weights, groups]: [Option<&Path>; 2],
    ) -> Result<Part> {
        let file = EventFile::open(path, selection)?;
        let weights = file.beside(Beside::Weights, weights.map(located).as_ref())?;
        let groups = file.beside(Beside::Groups, groups.map(located).as_ref())?;
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
        weights.each(self.rows.clone(), |_, weight| {
            sum += weight;
            least = least.min(weight);
            most = most.max(weight);
            Ok(())
        })?;
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
