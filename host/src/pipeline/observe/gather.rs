//! The values of true events, held in memory.

use std::collections::BTreeMap;

use amplicast_sdk::Result;

use super::kept::Kept;
use super::observables::Observables;
use crate::config::ReferenceName;
use crate::pipeline::events::TrueEvents;
use crate::session::Session;

/// Values by summary and selection, with their weights.
pub type Gathered = BTreeMap<(usize, usize), Result<Kept>>;

/// The values of a reference's events that pass, of these summaries under these selections, and how many events there are in all. What
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
) -> Result<(Gathered, u64)> {
    let mut gathered: Gathered = wanted.map(|of| (of, Ok(Kept::default()))).collect();
    let mut all = 0;
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
        all += observed.events() as u64;
        Ok(())
    })?;
    Ok((gathered, all))
}
