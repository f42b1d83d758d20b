//! Tests of datasets.

use std::time::{Duration, Instant};

use ndarray::{ArrayView1, ArrayViewMut2};

use super::event_groups::{GROUPED, not_alike};
use super::many::each;
use super::outcome::{Verdict, ensure, skip};
use super::stream::EventStream;
use super::subject::{Subject, Test};
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
    Test::new(
        "seeds",
        "A chunk comes from its seed alone and from all of it, and its first events from no other number of events",
        |s| with_splits(s, |stream, _| stream.seed_decides().and_then(|()| stream.cut_anywhere())),
    ),
    Test::new(
        "rows",
        "The rows of a chunk as long as the host's repeat no other, and do not depend on those before them",
        |s| match s.dataset()?.grouped() {
            true => skip(GROUPED),
            false => with_splits(s, |stream, _| stream.independent_rows()),
        },
    ),
    Test::new(
        "quantiles",
        "True quantiles of a summary rise with the probability, and are those of the events",
        quantiles,
    ),
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

const PROBABILITIES: [f64; 13] =
    [0.001, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.999];
/// Columns whose quantiles are asked for, beside the radius.
const COORDINATES: usize = 8;
/// Events that are drawn, those of a piece, and what they may take.
const EVENTS: usize = 1_000_000;
const PIECE: usize = 1 << 15;
const TIME: Duration = Duration::from_millis(500);
/// Standard errors that are taken for chance.
const CHANCE: f64 = 5.0;

/// What stands for a summary: the number that it makes of an event.
type Number = Box<dyn Fn(ArrayView1<'_, f64>) -> f64>;

fn quantiles(subject: &Subject<'_>) -> Verdict {
    let dataset = subject.dataset()?;
    if let Some(reason) = not_alike(&dataset) {
        return skip(reason);
    }
    let dimension = dataset.schema().dimension();
    let mut summaries: Vec<(String, Number)> =
        vec![("radius".into(), Box::new(|event| event.iter().map(|x| x * x).sum::<f64>().sqrt()))];
    summaries.extend(
        (0..dimension.min(COORDINATES))
            .map(|k| -> (String, Number) { (format!("coordinate:{k}"), Box::new(move |event| event[k])) }),
    );
    let mut known = Vec::new();
    for (name, number) in summaries {
        let mut list = Vec::new();
        for p in PROBABILITIES {
            list.extend(dataset.quantile(&name, p)?.map(|q| (p, q)));
        }
        ensure(list.is_sorted_by(|a, b| a.1 <= b.1) && list.iter().all(|(_, q)| q.is_finite()), || {
            format!("quantiles of `{name}`: expected finite rising numbers, found {list:?}")
        })?;
        known.extend((!list.is_empty()).then_some((name, number, list)));
    }
    let none = dataset.quantile("no-such-summary", 0.5)?;
    ensure(none.is_none(), || {
        format!("a quantile of a summary that does not exist: expected none, found {none:?}")
    })?;
    if known.is_empty() {
        return skip("it knows no true quantile of `radius` or `coordinate:0`");
    }
    let read = |chunk: Chunk, out: ArrayViewMut2<'_, f64>| dataset.read(Split::Holdout, chunk, out);
    let capacity = dataset.capacity(Split::Holdout)?;
    let stream =
        EventStream { what: "holdout events", dimension, capacity, seed: subject.seed(3), read: &read };
    let most = capacity.map_or(EVENTS, |events| EVENTS.min(events as usize));
    // How many lie below each quantile, and how many on it.
    let mut counts: Vec<Vec<[usize; 2]>> =
        known.iter().map(|(_, _, list)| vec![[0; 2]; list.len()]).collect();
    let (start, mut n) = (Instant::now(), 0);
    while n < most && (n == 0 || start.elapsed() < TIME) {
        let rows = PIECE.min(most - n);
        let index = (n / PIECE) as u64;
        let chunk = Chunk { index, first_event: n as u64, seed: stream.seed().index(index) };
        let events = stream.events(chunk, rows)?;
        for event in events.chunks_exact(dimension) {
            for ((_, number, list), counts) in known.iter().zip(&mut counts) {
                let x = number(ArrayView1::from(event));
                for ((_, q), [below, on]) in list.iter().zip(counts) {
                    *below += usize::from(x < *q);
                    *on += usize::from(x == *q);
                }
            }
        }
        n += rows;
    }
    for ((name, _, list), counts) in known.iter().zip(counts) {
        for ((p, q), [below, on]) in list.iter().zip(counts) {
            let tolerance = CHANCE * (p * (1.0 - p) / n as f64).sqrt();
            let (least, most) = (below as f64 / n as f64, (below + on) as f64 / n as f64);
            ensure(least <= p + tolerance && most >= p - tolerance, || {
                format!("`{name}`: {:.3} % of {n} events lie below {q}, its quantile at {p}", 100.0 * least)
            })?;
        }
    }
    Ok(())
}

fn files(subject: &Subject<'_>) -> Verdict {
    let files = subject.dataset()?.files()?;
    match files.iter().find(|f| !f.is_file()) {
        Some(file) => ensure(false, || format!("expected a file, found none at {}", file.display())),
        None if files.is_empty() => skip("it reads no file"),
        None => Ok(()),
    }
}
