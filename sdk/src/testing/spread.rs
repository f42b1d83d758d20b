//! Tests of uncertainty models: members differ, from each other and from those of another seed, and spread as what they
//! are fitted to tells.

use std::collections::HashSet;

use super::outcome::{Verdict, ensure, skip};
use super::subject::{Subject, Test};
use super::uncertainty::Inferring;
use crate::{Members, MembersData};

pub const TESTS: &[Test] = &[
    Test::new(
        "members-differ",
        "Members that count as so many independent ones are at least so many different ones",
        differ,
    ),
    Test::new("other-seed", "Chains and members of another seed are other members", other_seed),
    Test::new(
        "spread",
        "Fits to bootstraps or halves spread as such fits of a mean do, by the width over the root of the events",
        spread,
    ),
];

/// Members whose spread is looked at.
const MANY: u64 = 100;
/// Standard errors that are taken for chance.
const CHANCE: f64 = 5.0;

/// The model's fit depends on its rows alone, unless members share these: then they differ by their starts.
fn inferring(subject: &Subject<'_>) -> Verdict<Inferring> {
    let mut inferring = Inferring::new(subject)?;
    if inferring.uncertainty.requirements().most_members == Some(1) {
        return skip("it has one member");
    }
    let same = inferring.uncertainty.members_data() == MembersData::Same;
    // Fits to all rows among those to parts of them.
    let (mut named, mut whole) = (false, 0);
    for k in 0..inferring.uncertainty.chains(inferring.count())? {
        match inferring.rows(k)? {
            Some(_) => named = true,
            None => whole += 1,
        }
    }
    if same || (named && whole > 1) {
        inferring.model = inferring.model.with_starts();
    }
    Ok(inferring)
}

/// Parameter vectors bit by bit.
fn different(members: &Members) -> HashSet<Vec<u32>> {
    members.parameters.iter().map(|p| p.iter().map(|x| x.to_bits()).collect()).collect()
}

fn differ(subject: &Subject<'_>) -> Verdict {
    let inferring = inferring(subject)?;
    let members = inferring.members(&inferring.chains()?)?;
    // Draws of a Markov chain may be the same after a step that was refused: they are then worth fewer.
    let (count, found) = (members.parameters.len(), different(&members).len());
    ensure(found as f64 >= members.n_effective.min(count as f64) && found > 1, || {
        let data = inferring.uncertainty.members_data().text();
        format!(
            "{count} members, said to be worth {} independent ones ({data}): expected as many different ones, found {found}",
            members.n_effective
        )
    })
}

fn other_seed(subject: &Subject<'_>) -> Verdict {
    let first = inferring(subject)?;
    let mut second = inferring(subject)?;
    second.seed = second.seed.split("other");
    let [first, second] = [first.members(&first.chains()?)?, second.members(&second.chains()?)?];
    let same = different(&first).intersection(&different(&second)).count();
    ensure(same == 0, || {
        format!(
            "{same} of {} members are those of another seed: they do not depend on it",
            first.parameters.len()
        )
    })
}

fn spread(subject: &Subject<'_>) -> Verdict {
    let mut inferring = inferring(subject)?;
    let data = inferring.uncertainty.members_data();
    if ![MembersData::Bootstrap, MembersData::Halves].contains(&data) {
        return skip("its members are no fits to bootstraps or halves");
    }
    inferring.wanted = MANY;
    let mut members = inferring.members(&inferring.chains()?)?.parameters;
    // One fit to each of the parts: others to the same events differ from it by their start alone.
    let mut seen = HashSet::new();
    let mut first = Vec::new();
    for k in 0..members.len() as u64 {
        first.push(inferring.rows(k)?.is_some_and(|rows| seen.insert(rows)));
    }
    if first.contains(&true) {
        let mut first = first.into_iter();
        members.retain(|_| first.next().unwrap_or(false));
    }
    let (n, count) = (inferring.model.events() as f64, members.len() as f64);
    // Sum over columns of the variance over members, relative to that of a mean of n events; chi-squared of (N - 1) a column.
    let widths = inferring.model.widths();
    let relative = |(k, width): (usize, &f64)| {
        let mean = members.iter().map(|p| f64::from(p[k])).sum::<f64>() / count;
        let variance = members.iter().map(|p| (f64::from(p[k]) - mean).powi(2)).sum::<f64>() / (count - 1.0);
        variance * n / (width * width)
    };
    let found = widths.iter().enumerate().map(relative).sum::<f64>() / widths.len() as f64;
    let error = (2.0 / (widths.len() as f64 * (count - 1.0))).sqrt();
    ensure((found - 1.0).abs() <= CHANCE * error, || {
        format!(
            "{count} fits of a mean ({}): the variance is {found:.3} of what such fits have, expected 1 +- {error:.3}",
            data.text()
        )
    })
}
