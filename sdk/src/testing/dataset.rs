//! Tests of datasets.

use ndarray::ArrayViewMut2;

use super::many::each;
use super::outcome::{Verdict, ensure, skip};
use super::stream::EventStream;
use super::suite::{Subject, Test};
use crate::{Chunk, Split};

pub const TESTS: &[Test] = &[
    Test::new("columns", "It has columns, each with a name of its own", columns),
    Test::new("finite", "Every number of an event is written, and finite", |s| {
        with_splits(s, |stream, _| stream.finite())
    }),
    Test::new("seed", "The same seed gives the same events, another seed others", |s| {
        with_splits(s, |stream, other| stream.same_as(other).and_then(|()| unless_finite(stream)))
    }),
    Test::new("chunks", "A chunk does not depend on what was read before it", |s| {
        with_splits(s, |stream, other| stream.pure_chunks(other))
    }),
    Test::new("capacity", "A finite dataset gives each event by its number, and none beyond the last", |s| {
        with_splits(s, |stream, _| stream.finite_capacity())
    }),
    Test::new("threads", "Two threads read what one reads", |s| {
        with_splits(s, |stream, _| stream.threads(s.context))
    }),
    Test::new("many", "Of a hundred thousand events all are finite", |s| {
        with_splits(s, |stream, _| stream.many())
    }),
    Test::new("quantiles", "True quantiles of a summary rise with the probability", quantiles),
    Test::new("files", "The files that it reads exist", files),
];

/// Events of a file do not depend on the seed.
fn unless_finite(stream: &EventStream<'_>) -> Verdict {
    if stream.capacity.is_some() { Ok(()) } else { stream.seeded() }
}

/// Runs a test on both splits, each with the same split of a dataset that was made anew.
fn with_splits(
    subject: &Subject<'_>,
    test: impl Fn(&EventStream<'_>, &EventStream<'_>) -> Verdict,
) -> Verdict {
    let (first, second) = (subject.dataset()?, subject.dataset()?);
    let splits = [(Split::Training, "training events"), (Split::Holdout, "holdout events")];
    each(splits, |(split, what)| {
        let capacity = first.capacity(split)?;
        // A file may be without a holdout.
        if split == Split::Holdout && capacity == Some(0) {
            return Ok(());
        }
        let read = |chunk: Chunk, out: ArrayViewMut2<'_, f64>| first.read(split, chunk, out);
        let read_other = |chunk: Chunk, out: ArrayViewMut2<'_, f64>| second.read(split, chunk, out);
        let (dimension, seed) = (first.schema().dimension(), subject.seed(2));
        let stream = EventStream { what, dimension, capacity, seed, read: &read };
        test(&stream, &EventStream { what, dimension, capacity, seed, read: &read_other })
    })
}

fn columns(subject: &Subject<'_>) -> Verdict {
    let dataset = subject.dataset()?;
    let names = dataset.schema().column_names();
    ensure(!names.is_empty(), || "expected at least one column, found none".into())?;
    let mut unique = names.to_vec();
    unique.sort();
    unique.dedup();
    ensure(unique.len() == names.len() && names.iter().all(|n| !n.is_empty()), || {
        format!("expected a name of its own for each column, found {}", names.join(", "))
    })
}

const PROBABILITIES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

fn quantiles(subject: &Subject<'_>) -> Verdict {
    let dataset = subject.dataset()?;
    let mut known = false;
    for summary in ["radius", "coordinate:0"] {
        let mut list = Vec::new();
        for p in PROBABILITIES {
            list.extend(dataset.quantile(summary, p)?);
        }
        known |= !list.is_empty();
        ensure(list.is_sorted() && list.iter().all(|q| q.is_finite()), || {
            format!(
                "quantiles of `{summary}` at {PROBABILITIES:?}: expected finite rising numbers, found {list:?}"
            )
        })?;
    }
    let none = dataset.quantile("no-such-summary", 0.5)?;
    ensure(none.is_none(), || {
        format!("a quantile of a summary that does not exist: expected none, found {none:?}")
    })?;
    if known { Ok(()) } else { skip("it knows no true quantile of `radius` or `coordinate:0`") }
}

fn files(subject: &Subject<'_>) -> Verdict {
    let files = subject.dataset()?.files()?;
    match files.iter().find(|f| !f.is_file()) {
        Some(file) => ensure(false, || format!("expected a file, found none at {}", file.display())),
        None if files.is_empty() => skip("it reads no file"),
        None => Ok(()),
    }
}
