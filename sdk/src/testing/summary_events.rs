//! Tests of summary statistics: what they may depend on, and events of every kind.

use ndarray::Axis;

use super::extremes::{extremes, together};
use super::inputs::{self, Events};
use super::many::{self, in_pieces};
use super::outcome::{Stop, Verdict, ensure, ensure_finite, skip, unless_refused};
use super::subject::{Subject, Test};
use super::summary::{Summarizing, text};
use crate::{Batch, Origin};

pub const TESTS: &[Test] = &[
    Test::new(
        "rows-and-origin",
        "An event's number, and whether it has one, do not depend on its row, origin or place in the batch",
        rows_and_origin,
    ),
    Test::new("schemas", "It writes finite numbers on every kind of events that it accepts", schemas),
    Test::new(
        "extreme-events",
        "Events far from the others have finite numbers, or are refused with the reason",
        extreme_events,
    ),
    Test::new("many", "Of a hundred thousand events all have finite numbers, the same as alone", many),
];

/// Numbers from which the rows of a batch may count.
const FIRST_ROWS: [u64; 5] = [1, 1000, 1_000_003, 1 << 40, u64::MAX - 1000];

const ORIGINS: [Origin; 5] =
    [Origin::Training, Origin::Generated, Origin::LeftOut, Origin::Holdout, Origin::Truth];

fn rows_and_origin(subject: &Subject<'_>) -> Verdict {
    let summarizing = Summarizing::new(subject)?;
    if summarizing.statistic.fitted().is_some_and(|fitted| fitted.needs().cross_fitted()) {
        return skip("it is cross-fitted: a row tells which part did not see the event");
    }
    let events = &summarizing.events;
    let batch = events.batch();
    // What has no numbers has none here.
    let numbers = |batch: &Batch<'_>| -> Verdict<Vec<Vec<f64>>> {
        let defined = summarizing.defined(batch)?;
        let numbers = summarizing.numbers(batch)?;
        let of = |(x, defined): (&[f64], bool)| if defined { x.to_vec() } else { Vec::new() };
        Ok(numbers.chunks(summarizing.width).zip(defined).map(of).collect())
    };
    let expected = numbers(&batch)?;
    let differs =
        |(a, b): (&Vec<f64>, &Vec<f64>)| !a.iter().map(|x| x.to_bits()).eq(b.iter().map(|x| x.to_bits()));
    let same = |what: &str, found: &[Vec<f64>]| match expected.iter().zip(found).position(differs) {
        None => Ok(()),
        Some(i) => {
            ensure(false, || format!("event {i}: {} usually, {} {what}", text(&expected[i]), text(&found[i])))
        }
    };
    for first in FIRST_ROWS {
        let rows: Vec<u64> = (0..events.rows.len() as u64).map(|i| first + i).collect();
        same(&format!("as row {first} and on"), &numbers(&Batch { rows: &rows, ..batch })?)?;
    }
    for origin in ORIGINS {
        same(&format!("of origin {origin:?}"), &numbers(&Batch { origin, ..batch })?)?;
    }
    // The other way round: each event at another place, beside others.
    let order: Vec<usize> = (0..events.rows.len()).rev().collect();
    let turned = Events::new(events.schema.clone(), events.values.select(Axis(0), &order));
    let mut found = numbers(&turned.batch())?;
    found.reverse();
    same("in a batch turned around", &found)
}

fn schemas(subject: &Subject<'_>) -> Verdict {
    let mut accepted = 0;
    for events in inputs::all(subject.seed(1)) {
        let title = events.title();
        let summarizing = match Summarizing::on(subject, std::iter::once(events)) {
            Ok(summarizing) => summarizing,
            Err(Stop::Skipped(_)) => continue,
            Err(stop) => return Err(stop.at(&title)),
        };
        accepted += 1;
        ensure_finite(&title, summarizing.numbers(&summarizing.events.batch())?)?;
    }
    if accepted > 0 { Ok(()) } else { skip("it can be computed on none of the suite's events") }
}

fn extreme_events(subject: &Subject<'_>) -> Verdict {
    let seed = subject.seed(1);
    let mut seen = 0;
    let plain = Summarizing::on(subject, inputs::plain(seed));
    for summarizing in [plain, Summarizing::on(subject, inputs::particles(seed))] {
        let summarizing = match summarizing {
            Ok(summarizing) => summarizing,
            Err(Stop::Skipped(_)) => continue,
            Err(stop) => return Err(stop),
        };
        seen += 1;
        let schema = &summarizing.events.schema;
        let list = extremes(schema);
        // A number that is not finite is refused at the boundary, which is no refusal of the summary's.
        for extreme in &list {
            let one = Events::new(schema.clone(), extreme.values());
            unless_refused(&extreme.what, summarizing.numbers(&one.batch()))?;
            unless_refused(&extreme.what, summarizing.defined(&one.batch()))?;
        }
        let all = Events::new(schema.clone(), together(&list));
        unless_refused("extreme events together", summarizing.numbers(&all.batch()))?;
        let defined = summarizing.defined(&all.batch())?;
        for (i, extreme) in list.iter().enumerate() {
            let one = Events::new(schema.clone(), extreme.values());
            ensure(summarizing.defined(&one.batch())? == [defined[i]], || {
                format!("{}: it has a number alone or among others, but not both", extreme.what)
            })?;
        }
    }
    if seen > 0 { Ok(()) } else { skip("it can be computed on none of the suite's events") }
}

fn many(subject: &Subject<'_>) -> Verdict {
    let summarizing = Summarizing::new(subject)?;
    in_pieces("summaries", many::EVENTS, |first, n| {
        let mut events = summarizing.events.more(subject.seed(24).index(first), n);
        events.rows = (first..first + n as u64).collect();
        let batch = events.batch();
        let together = summarizing.numbers(&batch)?;
        for i in [0, n / 2, n - 1] {
            let alone = summarizing.numbers(&batch.part(i..i + 1))?;
            let among = summarizing.of(&together, i);
            ensure(alone == among, || {
                format!("event {i}: {} in a batch of {n}, {} alone", text(among), text(&alone))
            })?;
        }
        Ok(())
    })
}
