//! What is counted in the training events that a member was fitted to.

use amplicast_sdk::Result;
use serde::{Deserialize, Serialize};

use super::accumulate::Column;
use super::observables::Observed;

/// What an accumulator holds after some true events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Those that pass the selection.
    pub passed: u64,
    /// The accumulator's values.
    pub values: Vec<f64>,
}

/// The training events as a member saw them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedTo {
    /// All that the generator sees.
    pub all: Tally,
    /// Those that this member was fitted to, as often as it was.
    pub own: Tally,
}

impl FittedTo {
    /// Of the events that the generator sees; `rows` are those of the member, none for all.
    pub fn of(training: &Observed<'_, '_>, column: Column<'_>, rows: Option<&[u64]>) -> Result<Self> {
        let all = count(training, column, 0..training.events())?;
        let own = match rows {
            None => all.clone(),
            Some(rows) => count(training, column, rows.iter().map(|row| *row as usize))?,
        };
        Ok(FittedTo { all, own })
    }
}

fn count(
    training: &Observed<'_, '_>,
    column: Column<'_>,
    events: impl Iterator<Item = usize>,
) -> Result<Tally> {
    let numbers = training.numbers(column.summary);
    let picked = training.picked(column.summary, column.selection, events)?;
    let mut accumulator = column.accumulator();
    accumulator.update(picked.values(numbers))?;
    Ok(Tally { passed: (picked.numbers.len() / numbers) as u64, values: accumulator.values()? })
}
