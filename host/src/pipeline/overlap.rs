//! Whether a holdout holds events of the training set: it would then confirm what was learned by heart.

use std::collections::HashSet;

use amplicast_sdk::ndarray::ArrayView1;
use amplicast_sdk::{Error, Result, Split};

use super::data::TrueEvents;
use super::run::Run;
use super::true_source::TrueSource;
use crate::config::ReferenceName;

/// Part of the training events above which a holdout is refused; fewer may be chance where numbers are rounded.
const MOST: f64 = 0.01;

/// Looks for training events in the holdout of a file. A warning if there are a few; an error if there are many.
///
/// Where the training events repeat among themselves (rounded or discrete numbers) equal rows prove nothing, and are warned of.
pub fn overlap(run: &Run<'_>, dataset: &dyn TrueSource, events: &TrueEvents<'_>) -> Result<Option<String>> {
    if dataset.capacity(Split::Holdout)?.is_none_or(|n| n == 0) {
        return Ok(None);
    }
    let bits = |row: ArrayView1<'_, f64>| row.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
    let training = events.all();
    let known: HashSet<Vec<u64>> = training.values.rows().into_iter().map(bits).collect();
    let n = training.values.nrows();
    let (mut found, mut first, mut event) = (HashSet::new(), None, Vec::new());
    run.session.attempt("compare holdout and training events", || {
        events.stream(ReferenceName::Holdout, |batch| {
            run.session.check_stop()?;
            for (row, values) in batch.rows.iter().zip(batch.values.rows()) {
                event.clear();
                event.extend(values.iter().map(|x| x.to_bits()));
                if let Some(same) = known.get(&event) {
                    first.get_or_insert(*row);
                    found.insert(same);
                }
            }
            Ok(())
        })
    })?;
    let Some(first) = first else { return Ok(None) };
    let count = found.len();
    let message = format!(
        "{count} of {n} training events are in the holdout as well (the first is holdout event {first}): expected other events"
    );
    let repeated = (n - known.len()) as f64 > MOST * n as f64;
    if count as f64 > MOST * n as f64 && !repeated {
        return Err(Error::data(message));
    }
    Ok(Some(message))
}
