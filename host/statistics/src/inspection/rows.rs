//! Events as hashes: which are equal, and how many.
//!
//! Equal numbers give equal hashes, -0 and +0 among them; that two different events of a set of 10^7 share one of 64 bits has
//! probability 3 in 10^6.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use amplicast_sdk::ndarray::{ArrayView1, ArrayView2, Axis};
use twox_hash::XxHash3_64;

use super::chance::{Numbers, is_no_chance};
use super::resolution::resolution_of;
use super::sketch::Sketch;

/// Which events are hashed: of a long stream a part, chosen by one of their numbers, so that equal events are chosen alike
/// wherever they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choice {
    column: usize,
    /// One event in 2^shift is chosen.
    shift: u32,
}

impl Choice {
    /// Events of a stream that are enough to hash.
    const ENOUGH: u64 = 1 << 14;

    /// For streams of `n` events, by a column whose values seldom repeat.
    fn of(n: u64, column: usize) -> Self {
        Choice { column, shift: (n / Self::ENOUGH).max(1).ilog2() }
    }

    #[inline]
    fn takes(self, x: f64) -> bool {
        let mixed = (x + 0.0).to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed <= u64::MAX >> self.shift
    }
}

/// The hashes of the events of a batch, n x d.
#[derive(Default)]
pub struct RowHashes {
    bytes: Vec<u8>,
    list: Vec<u64>,
}

impl RowHashes {
    /// Hashes all events of a batch, in memory that is kept for the next.
    pub fn of(&mut self, events: ArrayView2<'_, f64>) -> &[u64] {
        self.chosen(events, Choice::default())
    }

    /// Hashes those that are chosen.
    pub fn chosen(&mut self, events: ArrayView2<'_, f64>, choice: Choice) -> &[u64] {
        self.list.clear();
        self.bytes.resize(8 * events.ncols(), 0);
        let mut hash = |event: ArrayView1<'_, f64>| {
            for (bytes, x) in self.bytes.chunks_exact_mut(8).zip(event) {
                // -0 + 0 = +0.
                bytes.copy_from_slice(&(x + 0.0).to_le_bytes());
            }
            self.list.push(XxHash3_64::oneshot(&self.bytes));
        };
        if choice.shift == 0 {
            events.rows().into_iter().for_each(&mut hash);
        } else {
            // Few are chosen: of most blocks none, which one look tells.
            for block in events.axis_chunks_iter(Axis(0), 64) {
                let column = block.column(choice.column);
                if column.fold(false, |any, x| any | choice.takes(*x)) {
                    let chosen = column.iter().zip(block.rows()).filter(|(x, _)| choice.takes(**x));
                    chosen.for_each(|(_, event)| hash(event));
                }
            }
        }
        &self.list
    }
}

/// A map from hashes, which need no hashing again.
pub type ByHash<T> = HashMap<u64, T, BuildHasherDefault<Itself>>;

#[derive(Default)]
pub struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("the keys are u64")
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// The training events, to be recognized.
pub struct Known {
    /// How often each occurs.
    counts: ByHash<u32>,
    /// Events that are all alike for a reason, and no copies of anything: an event without particles.
    spikes: ByHash<()>,
    /// Which events of long streams are hashed.
    pub choice: Choice,
    /// The sketch of those that are chosen.
    pub sketch: Sketch,
    /// How often they are equal by chance: all of them, and those that are chosen.
    pub numbers: Numbers,
    chosen: Numbers,
    /// All of them.
    pub events: u64,
    /// Training events that repeat others although chance does not make them.
    pub repeated: u64,
}

/// Distinct values for each distinct event, in the richest column, above which a choice by it is one of many values.
const RICH: f64 = 0.9;
/// Part of the events that repeat others, above which all are hashed.
const SELDOM: f64 = 0.1;

impl Known {
    /// From the events, n x d, to be looked for in streams of `stream` events.
    pub fn new(events: ArrayView2<'_, f64>, stream: u64) -> Self {
        let mut hashes = RowHashes::default();
        let mut counts: ByHash<u32> = HashMap::default();
        let mut firsts: HashMap<u64, usize> = HashMap::new();
        for (row, &hash) in hashes.of(events).iter().enumerate() {
            firsts.entry(hash).or_insert(row);
            *counts.entry(hash).or_insert(0) += 1;
        }
        let all = events.nrows() as u64;
        let spikes = spikes(&counts, |hash| events.row(firsts[&hash]).iter().all(|x| x.fract() == 0.0));
        counts.retain(|hash, _| !spikes.contains_key(hash));
        firsts.retain(|hash, _| !spikes.contains_key(hash));
        let n: u64 = counts.values().map(|&count| u64::from(count)).sum();
        let equal_pairs = counts.values().map(|&n| 0.5 * f64::from(n) * (f64::from(n) - 1.0)).sum();
        let numbers =
            Numbers { events: n as f64, share: 1.0, equal_pairs, resolution: resolution_of(events) };
        let mut rows: Vec<usize> = firsts.into_values().collect();
        rows.sort_unstable();
        let richness = |column: ArrayView1<'_, f64>| {
            let mut values: Vec<u64> = rows.iter().map(|&row| (column[row] + 0.0).to_bits()).collect();
            values.sort_unstable();
            values.dedup();
            values.len() as f64 / rows.len().max(1) as f64
        };
        let columns = events.columns().into_iter().map(richness).zip(0..);
        let (richest, column) = columns.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0));
        let repeating = n - counts.len() as u64;
        let seldom = numbers.resolution > 0.0 || (repeating as f64) < SELDOM * n as f64;
        let choice = if richest > RICH && seldom { Choice::of(stream, column) } else { Choice::default() };
        let mut sketch = Sketch::default();
        let mut chosen = 0_u64;
        for &hash in hashes.chosen(events, choice).iter().filter(|hash| !spikes.contains_key(hash)) {
            sketch.add(hash);
            chosen += 1;
        }
        // Discrete events repeat by their nature; there, only a file that holds all its events several times shows.
        let repeated = if numbers.resolution > 0.0 && is_no_chance(equal_pairs, numbers.repeated()) {
            repeating
        } else {
            n - n / u64::from(common_factor(counts.values().copied()))
        };
        let chosen = numbers_of(&sketch, chosen, numbers.resolution);
        Known { counts, spikes, choice, sketch, numbers, chosen, events: all, repeated }
    }

    /// Equal pairs of a training event and one of an independent sample: how many chance makes at most.
    pub fn by_chance(&self, sample: &Numbers) -> f64 {
        self.chosen.in_common(sample, 1.0)
    }

    /// Whether it is a training event.
    pub fn has(&self, hash: u64) -> bool {
        self.counts.contains_key(&hash)
    }

    /// How often it is one.
    pub fn times(&self, hash: u64) -> u32 {
        self.counts.get(&hash).copied().unwrap_or(0)
    }

    /// Whether it is one of the few events that many others equal.
    pub fn is_spike(&self, hash: u64) -> bool {
        self.spikes.contains_key(&hash)
    }
}

/// What a sketch of so many events tells of their numbers.
pub fn numbers_of(sketch: &Sketch, events: u64, resolution: f64) -> Numbers {
    Numbers { events: events as f64, share: sketch.share(), equal_pairs: sketch.equal_pairs(), resolution }
}

/// The events that occur often, if they are a small part of the distinct ones and alike for a reason: one of them alone, or `plain`
/// ones, of zeros and fill values.
fn spikes(counts: &ByHash<u32>, plain: impl Fn(u64) -> bool) -> ByHash<()> {
    const OFTEN: u32 = 5;
    const PART: usize = 50;
    let often: Vec<u64> = counts.iter().filter(|(_, n)| **n >= OFTEN).map(|(&hash, _)| hash).collect();
    let few = often.len() <= (counts.len() / PART).max(1);
    let natural = few && (often.len() == 1 || often.iter().all(|hash| plain(*hash)));
    if natural { often.into_iter().map(|hash| (hash, ())).collect() } else { ByHash::default() }
}

/// The largest number that divides how often nearly every event occurs; 1 of a few distinct events, which say nothing.
fn common_factor(counts: impl Iterator<Item = u32> + Clone) -> u32 {
    const FEW: usize = 20;
    const NEARLY_ALL: f64 = 0.99;
    let distinct = counts.clone().count();
    if distinct < FEW {
        return 1;
    }
    let divides =
        |k: u32| counts.clone().filter(|n| n % k == 0).count() as f64 >= NEARLY_ALL * distinct as f64;
    (2..=16).rev().find(|&k| divides(k)).unwrap_or(1)
}

/// In words, what repeats; none if nothing does that should not.
pub fn repeated(known: &Known) -> Option<String> {
    (known.repeated > 0).then(|| {
        format!(
            "{} of {} training events repeat others: expected different ones; n_train = {} counts them all, and G is that much \
             too small for a generator that learns from the {} different ones",
            known.repeated,
            known.events,
            known.events,
            known.events - known.repeated
        )
    })
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::{Array2, Axis, array, concatenate};

    use super::super::overlap::Overlap;
    use super::super::testing::random;
    use super::*;

    #[test]
    fn equal_numbers_are_equal_events() {
        let mut hashes = RowHashes::default();
        let list = hashes.of(array![[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0]].view()).to_vec();
        assert_eq!(list[0], list[1]);
        assert_ne!(list[0], list[2]);
    }

    /// Of long streams a part is hashed: the same part of equal events.
    #[test]
    fn a_part_is_chosen_by_content() {
        let events = random(9, 40_000, 2);
        let known = Known::new(events.view(), 16 * Choice::ENOUGH);
        let reversed = events.slice(ndarray::s![..;-1, ..]);
        let chosen = |events| {
            let mut list = RowHashes::default().chosen(events, known.choice).to_vec();
            list.sort_unstable();
            list
        };
        let list = chosen(events.view());
        assert_eq!(list, chosen(reversed));
        // One in 16, within 4 standard errors.
        assert!((list.len() as f64 / 2500.0 - 1.0).abs() < 0.08, "{}", list.len());
        assert!(list.iter().all(|&hash| known.has(hash)));
        // Not by a column of few values.
        let few = random(10, 1000, 1).mapv(|x| (300.0 * x).floor());
        assert_eq!(Known::new(few.view(), 1 << 30).choice, Choice::default());
    }

    #[test]
    fn repeated_training_events_are_counted() {
        let events = random(3, 1000, 2);
        let twice = concatenate![Axis(0), events, events];
        let known = Known::new(twice.view(), 1);
        assert_eq!(known.repeated, 1000);
        assert!(repeated(&known).unwrap().starts_with("1000 of 2000 training events repeat others"));
        assert_eq!(Known::new(events.view(), 1).repeated, 0);
        // One column, all events three times.
        let column = random(4, 500, 1);
        let known = Known::new(concatenate![Axis(0), column, column, column].view(), 1);
        assert_eq!(known.repeated, 1000);
        // A part of them, and few of them often.
        let part = concatenate![Axis(0), column, column.slice(ndarray::s![..150, ..])];
        assert_eq!(Known::new(part.view(), 1).repeated, 150);
        let ten = column.slice(ndarray::s![..10, ..]);
        let often = (0..50).fold(column.clone(), |all, _| concatenate![Axis(0), all, ten]);
        assert_eq!(Known::new(often.view(), 1).repeated, 500);
        // In single precision 5000 numbers are alike by chance every now and then.
        let single = random(12, 5000, 1).mapv(|x| f64::from(x as f32));
        assert_eq!(Known::new(single.view(), 1).repeated, 0);
    }

    /// Counts repeat by their nature.
    #[test]
    fn discrete_events_repeat_by_chance() {
        let counts = random(5, 2000, 2).mapv(|x| (x * 6.0).floor());
        let known = Known::new(counts.view(), 1);
        assert_eq!(known.repeated, 0);
        // One pair in 36 is equal.
        let sample = Numbers { events: 300.0, share: 1.0, equal_pairs: 44_850.0 / 36.0, resolution: 0.0 };
        let expected = 2000.0 * 300.0 / 36.0;
        assert!((known.by_chance(&sample) / expected - 1.0).abs() < 0.05, "{}", known.by_chance(&sample));
        // A third of the values occurs about three times each, the others once.
        let mixed = random(6, 2000, 1).mapv(|x| if x < 0.3 { (x * 700.0).floor() } else { x });
        let known = Known::new(mixed.view(), 1);
        assert_eq!((known.repeated, known.spikes.len()), (0, 0));
    }

    /// Events without particles are all equal, and no copies of one another.
    #[test]
    fn empty_events_are_no_copies() {
        for d in [1, 3] {
            let padded = |seed| {
                let mut events = random(seed, 2000, d);
                events.slice_mut(ndarray::s![..500, ..]).fill(0.0);
                events
            };
            let known = Known::new(padded(11).view(), 1);
            assert_eq!((known.repeated, known.events), (0, 2000));
            assert!(known.is_spike(RowHashes::default().of(Array2::zeros((1, d)).view())[0]));
            let mut overlap = Overlap::new(&known);
            overlap.add(padded(12).view());
            assert_eq!((overlap.training(), overlap.sketch.repeated()), (0, 0.0));
        }
    }
}
