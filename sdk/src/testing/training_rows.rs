//! Tests of uncertainty models: members are fitted to the rows of the training set that they say.

use super::outcome::{Verdict, ensure, fail, skip};
use super::subject::{Subject, Test};
use super::uncertainty::Inferring;
use crate::MembersData;

pub const TESTS: &[Test] = &[Test::new(
    "training-rows",
    "Members that are fitted to bootstraps or halves say to which rows, and are fits to these",
    training_rows,
)];

/// Relative to the width of the events, for numbers of single precision.
const CLOSE: f64 = 1e-4;

fn training_rows(subject: &Subject<'_>) -> Verdict {
    let inferring = Inferring::new(subject)?;
    let members = inferring.members(&inferring.chains()?)?;
    let data = inferring.uncertainty.members_data();
    let resampled = [MembersData::Bootstrap, MembersData::Halves].contains(&data);
    let Some(rows) = members.rows else {
        return match resampled {
            true => {
                fail(format!("expected the rows that each member is fitted to ({}), found none", data.text()))
            }
            false => skip("its members are fitted to all rows"),
        };
    };
    let n = inferring.model.events() as usize;
    let widths = inferring.model.widths();
    for (i, (counts, parameters)) in rows.iter().zip(&members.parameters).enumerate() {
        let found = counts.len();
        ensure(found == n, || format!("member {i}: expected a number for each of {n} rows, found {found}"))?;
        ensure(counts.iter().any(|count| *count > 0), || format!("member {i}: fitted to no row"))?;
        if !resampled {
            continue;
        }
        // The fit of the suite's model is the mean of its rows.
        let means = inferring.model.mean_of(counts);
        let off = |(k, mean): (usize, &f64)| (f64::from(parameters[k]) - mean).abs() / widths[k];
        let off = means.iter().enumerate().map(off).fold(0.0, f64::max);
        ensure(off < CLOSE, || {
            format!("member {i}: a fit to the rows that it names is off by {off:.3} widths from what it is")
        })?;
    }
    Ok(())
}
