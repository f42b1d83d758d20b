//! Tests of a generator's members: what they sample.

use ndarray::{Array2, ArrayViewMut2};

use super::generator::{Learning, needs_threads, some_parameters};
use super::inputs::{CHUNK, chunk};
use super::many::{self, each, in_pieces};
use super::outcome::{Verdict, ensure, ensure_finite, ensure_same, skip};
use super::stream::EventStream;
use super::suite::{Subject, Test};
use crate::{Chunk, Member, Model};

pub const TESTS: &[Test] = &[
    Test::new("sample-finite", "Every number of a generated event is written, and finite", |s| {
        with_members(s, |stream, _| stream.finite())
    }),
    Test::new("sample-seed", "The same seed gives the same events, another seed others", |s| {
        with_members(s, |stream, other| {
            stream.same_as(other)?;
            if stream.capacity.is_some() { Ok(()) } else { stream.seeded() }
        })
    }),
    Test::new("sample-chunks", "A chunk does not depend on what was sampled before it", |s| {
        with_members(s, |stream, other| stream.pure_chunks(other))
    }),
    Test::new(
        "sample-capacity",
        "A finite member gives each event by its number, and none beyond the last",
        |s| with_members(s, |stream, _| stream.finite_capacity()),
    ),
    Test::new("sample-threads", "Two threads sample what one samples", sample_threads),
    Test::new(
        "sample-density",
        "A sample with its density is the sample, and the density is that of its events",
        sample_density,
    ),
    Test::new(
        "sample-many",
        "Of a hundred thousand generated events all are finite, and have a density if it has one",
        sample_many,
    ),
    Test::new("density-threads", "Two threads get the densities that one gets", density_threads),
];

/// Runs a test on a member and on the same member made anew from the beginning.
fn with_members(
    subject: &Subject<'_>,
    test: impl Fn(&EventStream<'_>, &EventStream<'_>) -> Verdict,
) -> Verdict {
    let learning = Learning::new(subject)?;
    let model = learning.model()?;
    let parameters = some_parameters(&model, &learning)?;
    let (member, anew) = (model.at(&parameters)?, Learning::new(subject)?.model()?.at(&parameters)?);
    let stream_of = |member: &dyn Member, run: &dyn Fn(&EventStream<'_>) -> Verdict| {
        let read = |chunk: Chunk, out: ArrayViewMut2<'_, f64>| member.sample(chunk, out);
        let dimension = learning.training.schema.dimension();
        let (seed, capacity) = (learning.seed(2), member.capacity());
        run(&EventStream { what: "generated events", dimension, capacity, seed, read: &read })
    };
    stream_of(&*member, &|stream| stream_of(&*anew, &|other| test(stream, other)))
}

fn sample_threads(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    needs_threads(&learning.model()?)?;
    with_members(subject, |stream, _| stream.threads(subject.context))
}

/// The largest difference that f32 arithmetic in another order may make to a log density.
const TOLERANCE: f64 = 1e-3;

fn needs_density(learning: &Learning) -> Verdict {
    if learning.generator.abilities().log_density { Ok(()) } else { skip("it has no density") }
}

fn sample_density(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    needs_density(&learning)?;
    let model = learning.model()?;
    let member = model.at(&some_parameters(&model, &learning)?)?;
    let size = (CHUNK, learning.training.schema.dimension());
    let unwritten = || Array2::from_elem(size, f64::NAN);
    let (mut plain, mut both) = (unwritten(), unwritten());
    let (mut sampled, mut asked) = (vec![f64::NAN; CHUNK], vec![f64::NAN; CHUNK]);
    let chunk = chunk(learning.seed(13), 0);
    member.sample(chunk, plain.view_mut())?;
    member.sample_with_log_density(chunk, both.view_mut(), &mut sampled)?;
    ensure_same("events sampled with and without their density", &plain, &both)?;
    member.log_density(both.view(), learning.seed(11), &mut asked)?;
    ensure_finite("log densities of a sample", sampled.iter().copied())?;
    ensure_finite("log densities of own events", asked.iter().copied())?;
    let differs = |(a, b): (&f64, &f64)| (a - b).abs() > TOLERANCE * (1.0 + b.abs());
    match sampled.iter().zip(&asked).position(differs) {
        None => Ok(()),
        Some(i) => ensure(false, || {
            format!("event {i}: log density {} while sampling, {} when asked for", sampled[i], asked[i])
        }),
    }
}

fn density_threads(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    needs_density(&learning)?;
    let model = learning.model()?;
    needs_threads(&model)?;
    let member = model.at(&some_parameters(&model, &learning)?)?;
    let events = learning.training.values.view();
    super::threads::same_on_two_threads(subject.context, "log densities", |i| {
        let mut out = vec![f64::NAN; events.nrows()];
        member.log_density(events, learning.seed(12).index(i as u64), &mut out)?;
        // Bits, since an event may lie where the density is 0.
        Ok(out.into_iter().map(f64::to_bits).collect::<Vec<_>>())
    })
}

fn sample_many(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    let model = learning.model()?;
    let member = model.at(&some_parameters(&model, &learning)?)?;
    let dimension = learning.training.schema.dimension();
    let events = member.capacity().unwrap_or(many::EVENTS).min(many::EVENTS);
    let piece = |first: u64, n: usize| {
        let seed = learning.seed(14).index(first);
        (Chunk { index: first, first_event: first, seed }, Array2::from_elem((n, dimension), f64::NAN))
    };
    let with_density = learning.generator.abilities().log_density;
    each(if with_density { vec![false, true] } else { vec![false] }, |density| {
        let what = if density { "log densities" } else { "generated events" };
        in_pieces(what, events, |first, n| {
            let (chunk, mut out) = piece(first, n);
            // That what crosses the boundary is finite is checked there.
            if density {
                member.sample_with_log_density(chunk, out.view_mut(), &mut vec![f64::NAN; n])?;
            } else {
                member.sample(chunk, out.view_mut())?;
            }
            Ok(())
        })
    })
}
