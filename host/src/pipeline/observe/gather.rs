//! The values of true events, held in memory.

use std::collections::BTreeMap;

use amplicast_sdk::Result;

use super::kept::Kept;
use super::observables::Observables;
use crate::config::ReferenceName;
use crate::pipeline::events::TrueEvents;
use crate::session::Session;

/// All events of a reference, whether they pass or not.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Total {
    /// How many there are.
    pub events: u64,
    /// The sum of their weights, 1 each if they count alike.
    pub weight: f64,
}

/// Values by summary and selection, with their weights.
pub type Gathered = BTreeMap<(usize, usize), Result<Kept>>;

/// The values of a reference's events that pass, of these summaries under these selections, and what there is in all. What
/// cannot be evaluated is the failure of its own values.
///
/// Training events come in one batch; `first` is the number of the first of them that is asked for.
pub fn gather(
    session: &Session,
    events: &TrueEvents<'_>,
    reference: ReferenceName,
    observables: Observables<'_>,
    wanted: impl Iterator<Item = (usize, usize)>,
    first: impl Fn(usize, usize) -> usize,
) -> Result<(Gathered, Total)> {
    let mut gathered: Gathered = wanted.map(|of| (of, Ok(Kept::default()))).collect();
    let mut all = Total::default();
    let mut memory = Kept::default();
    events.stream(reference, |batch| {
        session.check_stop()?;
        let observed = observables.on(*batch);
        for (&(summary, selection), found) in &mut gathered {
            let Ok(list) = found else { continue };
            let first = match reference {
                ReferenceName::Training => first(summary, selection),
                _ => 0,
            };
            match observed.kept(summary, selection, first..observed.events(), &mut memory) {
                Ok(kept) => list.extend(kept),
                Err(error) => *found = Err(error),
            }
        }
        all.events += observed.events() as u64;
        all.weight += batch.weights.map_or(observed.events() as f64, |weights| weights.iter().sum());
        Ok(())
    })?;
    Ok((gathered, all))
}
