//! Tests of a generator's members: what they sample.

use ndarray::{Array2, ArrayViewMut2};

use super::generator::{Learning, needs_threads, some_parameters};
use super::inputs::{self, CHUNK, Events, chunk};
use super::many::{self, each, in_pieces};
use super::memory::keeps_nothing;
use super::outcome::{Verdict, ensure, ensure_finite, ensure_same, skip};
use super::stream::EventStream;
use super::subject::{Subject, Test};
use crate::{Alone, Chunk, Member, Model, Result};

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
    Test::new(
        "sample-seeds",
        "A chunk comes from its seed alone and from all of it, and its first events from no other number of events",
        |s| {
            with_members(s, |stream, _| {
                stream.seed_decides()?;
                if brings_networks(s)? { Ok(()) } else { stream.cut_anywhere() }
            })
        },
    ),
    Test::new(
        "sample-rows",
        "The rows of a chunk as long as the host's repeat no other, and do not depend on those before them",
        |s| with_members(s, |stream, _| stream.independent_rows()),
    ),
    Test::new(
        "sample-again",
        "A chunk is the same whenever it is sampled, and is kept nowhere",
        sample_again,
    ),
    Test::new(
        "sample-given",
        "The given columns of a conditional generator are left as they are, and the others are written",
        sample_given,
    ),
    Test::new("several-members", "Members at other parameters do not share them", several_members),
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

/// A finished network may draw its numbers all at once, so that they depend on how many it draws.
fn brings_networks(subject: &Subject<'_>) -> Verdict<bool> {
    Ok(subject.generator()?.abilities().own_members)
}

/// Where the host draws conditions of training events, they are written here as the test likes, and its events may stand in any order.
fn sample_given(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    let Events { schema, values, .. } = &learning.training;
    let given = learning.generator.conditions(schema)?;
    if given.is_empty() {
        return skip("it generates whole events");
    }
    let parameters = some_parameters(&learning.model()?, &learning)?;
    // As it was prepared, without anybody who draws conditions.
    let member = learning.generator.prepare(&learning.training.batch(), schema)?.at(&parameters)?;
    for n in inputs::ODD_NUMBERS {
        let mut out = Array2::from_elem((n, schema.dimension()), f64::NAN);
        let last = values.nrows() - 1;
        given.iter().for_each(|&column| {
            out.column_mut(column).indexed_iter_mut().for_each(|(i, x)| *x = values[[last - i, column]]);
        });
        let before = out.clone();
        // That they are kept is checked where events cross the boundary, and here.
        member.sample(chunk(learning.seed(38), 0), out.view_mut())?;
        ensure_finite(&format!("generated events in a chunk of {n}"), out.iter().copied())?;
        let same = |column: &usize| before.column(*column) == out.column(*column);
        ensure(given.iter().all(same), || format!("given columns {given:?} of {n} event(s) were changed"))?;
    }
    Ok(())
}

/// Rows that are sampled again and again.
const AGAIN: usize = 4096;

fn sample_again(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    let model = learning.model()?;
    let member = model.at(&some_parameters(&model, &learning)?)?;
    let dimension = learning.training.schema.dimension();
    let n = member.capacity().map_or(AGAIN, |events| AGAIN.min(events as usize));
    let chunk = Chunk { index: 0, first_event: 0, seed: learning.seed(26) };
    let mut first = Array2::from_elem((n, dimension), f64::NAN);
    member.sample(chunk, first.view_mut())?;
    let mut out = first.clone();
    keeps_nothing("sampled events", || {
        member.sample(chunk, out.view_mut())?;
        ensure_same("events of one chunk, sampled again and again", &first, &out)?;
        Ok(8 * n * dimension)
    })
}

fn several_members(subject: &Subject<'_>) -> Verdict {
    let learning = Learning::new(subject)?;
    let model = learning.model()?;
    let parameters = different_parameters(&learning, &model)?;
    let dimension = learning.training.schema.dimension();
    let members = parameters.iter().map(|p| model.at(p)).collect::<Result<Vec<_>>>()?;
    let sample = |member: &dyn Member| -> Result<Array2<f64>> {
        let n = member.capacity().map_or(CHUNK, |events| CHUNK.min(events as usize));
        let mut out = Array2::from_elem((n, dimension), f64::NAN);
        member.sample(chunk(learning.seed(27), 0), out.view_mut())?;
        Ok(out)
    };
    let events = members.iter().map(|m| sample(&**m)).collect::<Result<Vec<_>>>()?;
    ensure(events[0] != events[1], || "members at different parameters give the same events".into())?;
    // In the other order, and each made alone by a model of its own.
    for (i, member) in members.iter().enumerate().rev() {
        let what = format!("events of member {i}, before and after those of others");
        ensure_same(&what, &events[i], &sample(&**member)?)?;
        let alone = Learning::new(subject)?.model()?.at(&parameters[i])?;
        ensure_same(
            &format!("events of member {i}, beside others and alone"),
            &events[i],
            &sample(&*alone)?,
        )?;
    }
    Ok(())
}

/// Two parameter vectors that are not the same: of members that it brings, of fits to other rows, or of other starts.
fn different_parameters(learning: &Learning, model: &dyn Model) -> Verdict<Vec<Vec<f32>>> {
    let rows = &learning.training.rows;
    let list = match model.own_members() {
        Some(own) if own.len() < 2 => return skip("it brings one member"),
        Some(own) => own.into_iter().take(2).collect(),
        None if learning.generator.abilities().fit => {
            let (low, high) = rows.split_at(rows.len() / 2);
            let fit = |rows: &[u64], i: u64| {
                model.fit(rows, &inputs::settings(), learning.seed(28).index(i), &Alone)
            };
            vec![fit(low, 0)?, fit(high, 1)?]
        }
        None => vec![model.initial(learning.seed(28))?, model.initial(learning.seed(29))?],
    };
    if list[0] == list[1] { skip("its parameters are the same whatever it learns") } else { Ok(list) }
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
