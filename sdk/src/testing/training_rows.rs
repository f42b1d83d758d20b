//! Tests of uncertainty models: members are fitted to the rows of the training set that they say.

use std::collections::HashSet;

use super::outcome::{Verdict, ensure, ensure_same, fail, skip};
use super::subject::{Subject, Test};
use super::uncertainty::Inferring;
use crate::MembersData;

pub const TESTS: &[Test] = &[Test::new(
    "training-rows",
    "Members that are fitted to bootstraps, halves or subsets name the rows, the same again, and are fits to these",
    training_rows,
)];

/// Relative to the width of the events, for numbers of single precision.
const CLOSE: f64 = 1e-4;

fn training_rows(subject: &Subject<'_>) -> Verdict {
    let inferring = Inferring::new(subject)?;
    let data = inferring.uncertainty.members_data();
    let chains = inferring.uncertainty.chains(inferring.count())?;
    let named: Vec<Option<Vec<u64>>> =
        (0..chains).map(|k| inferring.rows(k)).collect::<crate::Result<_>>()?;
    if named.iter().all(Option::is_none) {
        let parts = [MembersData::Bootstrap, MembersData::Halves, MembersData::Subsets];
        return match parts.contains(&data) {
            true => {
                fail(format!("expected the rows that each chain is fitted to ({}), found none", data.text()))
            }
            false => skip("its members are fitted to all rows"),
        };
    }
    let members = inferring.members(&inferring.chains()?)?;
    let (found, expected) = (members.parameters.len(), named.len());
    ensure(found == expected, || {
        format!("chains that name their rows give a member each: expected {expected}, found {found}")
    })?;
    if data == MembersData::Subsets {
        let mut seen = HashSet::new();
        for (k, row) in
            named.iter().enumerate().flat_map(|(k, rows)| rows.iter().flatten().map(move |r| (k, r)))
        {
            ensure(seen.insert(*row), || {
                format!("chain {k}: row {row} is in another subset, or twice in this one")
            })?;
        }
    }
    let n = inferring.model.events();
    let widths = inferring.model.widths();
    for (k, (rows, parameters)) in (0..).zip(named.into_iter().zip(&members.parameters)) {
        ensure_same("rows of a chain, asked for twice", &rows, &inferring.rows(k)?)?;
        let rows = rows.unwrap_or_else(|| (0..n).collect());
        // The fit of the suite's model is the mean of its rows.
        let means = inferring.model.mean_of(&rows);
        let off = |(k, mean): (usize, &f64)| (f64::from(parameters[k]) - mean).abs() / widths[k];
        let off = means.iter().enumerate().map(off).fold(0.0, f64::max);
        ensure(off < CLOSE, || {
            format!("member {k}: a fit to the rows that it names is off by {off:.3} widths from what it is")
        })?;
    }
    Ok(())
}
