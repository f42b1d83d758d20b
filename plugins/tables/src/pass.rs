//! The one pass over a file before anything else runs.

use amplicast_sdk::{Error, Result, chunk_events};

use crate::EventFile;
use crate::momenta::{Judgement, Momenta};
use crate::threads::of_all;

/// Rows whose momenta are all looked at; of further ones, one in `SOME`: a share of one in a thousand shows all the same, and looking
/// takes longer than reading.
const ALL: u64 = 1 << 15;
const SOME: u64 = 64;

/// What a pass over rows of a file saw: all of its numbers are finite.
#[derive(Debug, Clone)]
pub struct Pass {
    path: String,
    momenta: Option<Momenta>,
    /// Whether it is stated which component is which.
    stated: bool,
}

impl Pass {
    /// Reads rows `first .. end` once and refuses NaN and infinite numbers, and what is against the file's checksums; memory does not grow with the rows.
    pub fn over(file: &EventFile, first: u64, end: u64) -> Result<Self> {
        file.verify()?;
        let d = file.numbers();
        let step = chunk_events(d) as u64;
        let mut numbers = vec![0.0; step.min(end.saturating_sub(first)) as usize * d];
        let (claimed, stated) = file.claimed();
        let mut momenta = claimed.map(|claimed| Momenta::new(claimed.clone(), file.is_half()));
        let mut row = first;
        while row < end {
            let part = &mut numbers[..step.min(end - row) as usize * d];
            file.read_numbers(row, part)?;
            file.expect_finite(row, part, d)?;
            if let Some(momenta) = &mut momenta {
                let looked_at = |row: u64| row - first < ALL || row.is_multiple_of(SOME);
                let events = part.chunks_exact(d).zip(row..).filter(|(_, row)| looked_at(*row));
                events.for_each(|(event, row)| momenta.look(row, event, d));
            }
            row += step;
        }
        Ok(Pass { path: file.path().display().to_string(), momenta, stated })
    }

    /// The same over all rows of several files, as [`of_all`] does.
    pub fn over_all(files: &[EventFile]) -> Result<Vec<Self>> {
        of_all(files.len(), |number| Pass::over(&files[number], 0, files[number].rows()))
    }

    /// Refuses numbers that cannot be the four-momenta that they are taken for.
    pub fn expect_momenta(&self) -> Result<()> {
        match self.momenta.as_ref().map(|momenta| momenta.judge(self.stated)) {
            Some(Judgement::Wrong(message)) => Err(Error::data(message).at(self.path.clone())),
            _ => Ok(()),
        }
    }

    /// What to say of four-momenta that the user says are some.
    pub fn note(&self) -> Option<String> {
        match self.momenta.as_ref().filter(|_| self.stated)?.judge(true) {
            Judgement::Doubtful(note) => Some(format!("{}: {note}", self.path)),
            _ => None,
        }
    }
}
