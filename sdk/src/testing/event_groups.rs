//! Tests of what is done with events that belong together: by a dataset that has some, and by metrics that say that they can.

use std::collections::HashSet;

use super::event_weights::WEIGHTED;
use super::inputs;
use super::many::each;
use super::metric::close;
use super::outcome::{Verdict, ensure, ensure_refused, skip};
use super::subject::{Subject, Test};
use crate::abi::LoadedDataset;
use crate::{Accumulator, Chunk, Reference, ReferenceUse, Result, Split, Values};

pub const DATASET_TESTS: &[Test] = &[Test::new(
    "groups",
    "Events of a group stand next to each other, read again they are of the same one, and a number does not come again; without any they are refused",
    of_dataset,
)];

pub const METRIC_TESTS: &[Test] = &[Test::new(
    "event-groups",
    "Groups of one event change nothing, a group of equal events knows as much as one, and whole groups may be added in parts",
    of_metric,
)];

/// Why events of a dataset are not compared with its law, or one with the next.
pub const GROUPED: &str = "some of its events belong together";

/// Why events of a dataset are not compared with its law as those that are independent and count alike are; none if they are.
pub fn not_alike(dataset: &LoadedDataset) -> Option<&'static str> {
    dataset.weighted().then_some(WEIGHTED).or(dataset.grouped().then_some(GROUPED))
}

fn of_dataset(subject: &Subject<'_>) -> Verdict {
    let dataset = subject.dataset()?;
    each([Split::Training, Split::Holdout], |split| {
        let events = dataset.capacity(split)?;
        let most = events.unwrap_or(u64::MAX).min(inputs::CHUNK as u64);
        if most == 0 {
            return Ok(());
        }
        let read = |index: u64, first_event: u64, n: u64| -> Result<Vec<f64>> {
            let mut groups = vec![f64::NAN; n as usize];
            let chunk = Chunk { index, first_event, seed: subject.seed(41).index(index) };
            dataset.read_groups(split, chunk, &mut groups).map(|()| groups)
        };
        let found = read(0, 0, most);
        if !dataset.grouped() {
            return ensure_refused("groups, which the dataset says it has not", found).map(drop);
        }
        // Of a file from the next event on, which may be of the same group; of a sampler from the next chunk on.
        let groups = found?;
        let rest = events.map_or(most, |events| (events - most).min(most));
        let all = [groups.clone(), read(1, most, rest)?].concat();
        let (mut last, mut seen) = (f64::NAN, HashSet::new());
        for (event, number) in all.iter().enumerate() {
            ensure(*number == last || seen.insert((number + 0.0).to_bits()), || {
                format!("event {event}: group {number} comes again, after others")
            })?;
            last = *number;
        }
        ensure(read(0, 0, most)? == groups, || "read again, the groups are others".into())?;
        if events.is_some() {
            let half = most / 2;
            ensure(read(7, half, most - half)? == groups[half as usize..], || {
                format!("read from event {half} on, the groups are others")
            })?;
        }
        Ok(())
    })
}

fn of_metric(subject: &Subject<'_>) -> Verdict {
    let metric = subject.metric()?;
    if !metric.groups() {
        return skip("it takes no groups of events, as it says");
    }
    // Each number four times in turn.
    let events = inputs::normals(subject.seed(65), 400, 0.0);
    let four: Vec<f64> = events.iter().flat_map(|x| [*x; 4]).collect();
    let groups: Vec<u64> = (0..400).flat_map(|group| [1000 - group; 4]).collect();
    let alone: Vec<u64> = (0..1600).collect();
    let of = |g| Values { g: Some(g), ..Values::single(&four) };
    let comparison = match metric.reference() {
        ReferenceUse::Values => metric.compare(&Reference::sample(of(&groups)))?,
        ReferenceUse::Quantiles(list) => {
            let quantiles: Vec<f64> = (0..list.len()).map(|i| i as f64).collect();
            metric.compare(&Reference { grouped: true, ..Reference::quantiles(1, &quantiles) })?
        }
    };
    let after = |pieces: &[Values<'_>]| -> Result<Box<dyn Accumulator>> {
        let mut accumulator = comparison.accumulator();
        pieces.iter().try_for_each(|piece| accumulator.update(*piece))?;
        Ok(accumulator)
    };
    // Sums may be of differences from another place, and so other numbers.
    let same = |what: &str, first: &[f64], second: &[f64]| -> Verdict {
        let found = [first, second].map(|values| comparison.expectations(values, 1600));
        let [Some(a), Some(b)] = [found[0].clone()?, found[1].clone()?] else {
            return close(&format!("values of {what}"), first, second);
        };
        close(&format!("means of {what}"), &a.means, &b.means)?;
        close(&format!("covariances of {what}"), &a.covariance, &b.covariance)?;
        close(&format!("errors of {what}"), &[a.events, a.error], &[b.events, b.error])
    };
    let plain = after(&[Values::single(&four)])?.values()?;
    let alone_values = after(&[of(&alone)])?.values()?;
    same("events that are each by itself, and of groups of one", &plain, &alone_values)?;
    let part = |range: std::ops::Range<usize>| Values {
        g: Some(&groups[range.clone()]),
        ..Values::single(&four[range])
    };
    let whole = after(&[of(&groups)])?.values()?;
    let pieces = after(&[part(0..400), part(400..1600)])?.values()?;
    same("groups at once and in pieces", &whole, &pieces)?;
    let mut first = after(&[part(0..1000)])?;
    first.merge(&after(&[part(1000..1600)])?.state()?)?;
    same("groups at once and merged", &whole, &first.values()?)?;
    let sizes = [of(&groups), of(&alone), Values::single(&four)].map(|v| comparison.effective_events(v));
    let [of_groups, of_alone, of_events] = sizes;
    for (what, found, expected) in [
        ("400 groups of four equal events", of_groups?, 400.0),
        ("1600 groups of one event", of_alone?, 1600.0),
        ("1600 events", of_events?, 1600.0),
    ] {
        ensure((found / expected - 1.0).abs() < 0.1, || format!("{what} count as {found} events"))?;
    }
    Ok(())
}
