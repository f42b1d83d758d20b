//! Tests of fits: every row counts, as often as it is given.

use super::generator::{Learning, prepared};
use super::inputs;
use super::many::in_time;
use super::outcome::{Verdict, ensure};
use super::subject::{Subject, Test};
use crate::{Alone, Model};

pub const TESTS: &[Test] = &[
    Test::new("fit-repeats", "A row that is given several times counts several times", repeats),
    Test::new("fit-all-rows", "Every part of 4096, and of 20 000, rows changes a fit", all_rows),
];

/// Training events, and rows of a fit.
const SIZES: [usize; 2] = [4096, 20_000];
/// Parts of the rows.
const PARTS: usize = 4;
/// How often a row is given.
const TIMES: usize = 5;

fn repeats(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    learning.needs_fit()?;
    let model = learning.model()?;
    let rows = &learning.training.rows[..learning.training.rows.len() / 2];
    let (first, rest) = rows.split_at(rows.len() / 2);
    let mut repeated: Vec<u64> = first.iter().flat_map(|&row| [row; TIMES]).collect();
    repeated.extend(rest);
    let fit = |rows: &[u64]| model.fit(rows, &inputs::settings(), learning.seed(31), &Alone);
    ensure(fit(rows)? != fit(&repeated)?, || {
        format!(
            "{} rows, and the same with half of them {TIMES} times, give the same parameters: a bootstrap has no effect",
            rows.len()
        )
    })
}

fn all_rows(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    learning.needs_fit()?;
    // The last part first: what has a limit leaves that out.
    let cases = SIZES.iter().flat_map(|&n| (0..PARTS).rev().map(move |part| (n, part))).collect();
    let mut whole = None;
    in_time("parts of many rows", cases, |(n, part)| {
        let training = learning.training.more(learning.seed(32), n);
        let model = prepared(&learning.generator, &training.batch(), &training.schema)?;
        let fit = |rows: &[u64]| model.fit(rows, &inputs::settings(), learning.seed(33), &Alone);
        let reference = match whole.take() {
            Some((rows, reference)) if rows == n => reference,
            _ => fit(&training.rows)?,
        };
        // The first row in the place of this part: the very first row is the same.
        let mut rows = training.rows.clone();
        rows[part * n / PARTS..(part + 1) * n / PARTS].fill(0);
        let changed = fit(&rows)?;
        ensure(changed != reference, || {
            format!(
                "rows {} to {} of {n} have no effect on the parameters",
                part * n / PARTS,
                (part + 1) * n / PARTS - 1
            )
        })?;
        whole = Some((n, reference));
        Ok(())
    })
}
