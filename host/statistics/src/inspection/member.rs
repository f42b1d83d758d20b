//! What is wrong with single members: files of true events, chunks and events that repeat.

use super::chance::is_no_chance;
use super::copies::Copies;
use super::glance::Glance;
use super::sketch::Sketch;
use super::true_sample::{Holdout, TrueSample};

/// Part of a member's events from which on it is the sample that they are in.
const NEARLY_ALL: f64 = 0.99;
/// Part of a member's events that may be holdout events.
const LEAK: f64 = 0.01;
/// Part of a member's events that may repeat others of the same member.
pub const REPEATED: f64 = 0.05;
/// Events of one member that are looked for next to holdout events, at least and at most.
const LOOKED_FOR: [usize; 2] = [24, 256];

/// What is wrong with one member by itself.
pub fn member(glance: &Glance, truth: &TrueSample, place: &str) -> Option<String> {
    let known = &truth.known;
    if let Some((first, second, n)) = glance.equal_chunks() {
        return Some(format!(
            "{place}: the {n} events from {second} on are those from {first} on: expected new ones; a generator that sets a random \
             seed of its own draws the same events at every call"
        ));
    }
    let hashed = glance.hashed.max(1) as f64;
    let copies = glance.copies as f64 / hashed;
    let by_chance = known.by_chance(&glance.numbers()) / hashed;
    if glance.hashed > 0 && copies > NEARLY_ALL && by_chance < 0.5 && glance.sketch.within(&known.sketch) {
        return Some(format!("{place} is the training file, or a part of it: expected generated events"));
    }
    let holdout = truth.holdout.as_ref()?;
    let (mine, both) = glance.sketch.shared(&holdout.sketch);
    let part = both as f64 / mine.max(1) as f64;
    let (pairs, share) = glance.sketch.equal_pairs_with(&holdout.sketch, &Sketch::default());
    let told = is_no_chance(pairs, glance.numbers().in_common(&holdout.numbers, share));
    (told && both >= 8 && part > LEAK).then(|| {
        if part > NEARLY_ALL {
            format!("{place} is the holdout, or a part of it: expected generated events")
        } else {
            format!(
                "{place}: {:.0} % of its events are holdout events: expected generated events",
                100.0 * part
            )
        }
    })
}

/// A member whose events were made of single holdout events: the holdout, rounded or in another precision.
pub fn next_to_holdout(
    glances: &[Glance],
    truth: &TrueSample,
    dimension: usize,
    place: impl Fn(usize) -> String,
) -> Option<String> {
    let Holdout { neighbors, of_true, .. } = truth.holdout.as_ref()?;
    let [least, most] = LOOKED_FOR;
    let each = (neighbors.affordable_in_all() / glances.len().max(1)).min(most);
    if each < least {
        return None;
    }
    glances.iter().enumerate().find_map(|(i, glance)| {
        let head = glance.head(dimension).mapv(f64::from);
        let rows = head.slice(ndarray::s![..head.nrows().min(each), ..]);
        let part = neighbors.nearer(rows, of_true)?.part;
        (part > 0.0).then(|| {
            format!(
                "{}: {:.0} % of its events lie next to one holdout event each, as rounded copies of them would: expected generated \
                 events",
                place(i),
                100.0 * part
            )
        })
    })
}

/// Events that repeat within their member, though they are no training events and chance does not make them.
pub fn repetition(glances: &[Glance], copies: &Copies, place: impl Fn(usize) -> String) -> Option<String> {
    if copies.text().is_some() {
        return None;
    }
    let repeated = |(i, glance): (usize, &Glance)| {
        let numbers = glance.numbers();
        let told = numbers.resolution > 0.0 && is_no_chance(numbers.equal_pairs, numbers.repeated());
        (if told { glance.sketch.repeated() } else { 0.0 }, i)
    };
    let (part, i) = glances.iter().enumerate().map(repeated).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (part > REPEATED).then(|| {
        format!(
            "{}: {:.0} % of its events repeat others of the same member: it holds fewer events than it seems",
            place(i),
            100.0 * part
        )
    })
}
