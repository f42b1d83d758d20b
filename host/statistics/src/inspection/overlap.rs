//! Training events that are found in another sample of true events.

use amplicast_sdk::ndarray::ArrayView2;

use super::chance::{Numbers, is_no_chance};
use super::resolution::resolution_of;
use super::rows::{ByHash, Known, RowHashes, numbers_of};
use super::sketch::Sketch;

/// Training events that are found in another sample of true events.
pub struct Overlap<'a> {
    known: &'a Known,
    found: ByHash<u64>,
    hashes: RowHashes,
    events: u64,
    hashed: u64,
    resolution: Option<f64>,
    /// The first event of the sample that is a training event.
    pub first: Option<u64>,
    /// The sample's sketch.
    pub sketch: Sketch,
}

impl<'a> Overlap<'a> {
    /// Nothing seen yet.
    pub fn new(known: &'a Known) -> Self {
        let (found, hashes, sketch) = Default::default();
        Overlap { known, found, hashes, events: 0, hashed: 0, resolution: None, first: None, sketch }
    }

    /// Looks at further events of the sample.
    pub fn add(&mut self, events: ArrayView2<'_, f64>) {
        if self.resolution.is_none() {
            self.resolution = Some(resolution_of(events));
        }
        for &hash in self.hashes.chosen(events, self.known.choice) {
            if !self.known.is_spike(hash) {
                self.sketch.add(hash);
                self.hashed += 1;
            }
        }
        for &hash in self.hashes.of(events) {
            if self.known.has(hash) {
                *self.found.entry(hash).or_insert(0) += 1;
                self.first.get_or_insert(self.events);
            }
            self.events += 1;
        }
    }

    /// Training events that are in the sample: events, not distinct ones.
    pub fn training(&self) -> u64 {
        self.found.keys().map(|hash| u64::from(self.known.times(*hash))).sum()
    }

    /// What the sample tells of its numbers.
    pub fn numbers(&self) -> Numbers {
        numbers_of(&self.sketch, self.hashed, self.resolution.unwrap_or(0.0))
    }

    /// Whether the sample holds more training events than chance makes.
    pub fn is_no_chance(&self) -> bool {
        let pairs = |(hash, n): (&u64, &u64)| f64::from(self.known.times(*hash)) * *n as f64;
        let found: f64 = self.found.iter().map(pairs).sum();
        let chosen = self.numbers();
        // The sample as a whole, of which a part was hashed for the sketch.
        let events = self.events as f64;
        let sample = Numbers { events, share: chosen.share * chosen.events / events.max(1.0), ..chosen };
        is_no_chance(found, self.known.numbers.in_common(&sample, 1.0))
    }

    /// In words, how many of the sample's own events repeat others, where chance does not make them; none if they do not.
    pub fn repeated(&self) -> Option<String> {
        let numbers = self.numbers();
        let part = self.sketch.repeated();
        let told = numbers.resolution > 0.0 && is_no_chance(numbers.equal_pairs, numbers.repeated());
        (told && part > LEAST_REPEATED).then(|| {
            format!(
                "{:.0} % of the {} holdout events repeat others: expected different ones; a comparison with them takes them for more events \
                 than they are",
                (100.0 * part).max(1.0),
                self.events
            )
        })
    }
}

/// Part of the holdout that may repeat.
const LEAST_REPEATED: f64 = 0.005;

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::{Axis, concatenate};

    use super::super::testing::random;
    use super::*;

    #[test]
    fn an_overlap_counts_events() {
        let events = random(7, 250, 2);
        // Each of 250 events four times; a holdout with one of them.
        let training = concatenate![Axis(0), events, events, events, events];
        let known = Known::new(training.view(), 1);
        let mut overlap = Overlap::new(&known);
        overlap.add(random(8, 5, 2).view());
        overlap.add(events.slice(ndarray::s![3..4, ..]));
        assert_eq!((overlap.training(), overlap.first), (4, Some(5)));
        assert!(overlap.is_no_chance() && overlap.repeated().is_none());
        // Events that chance makes equal: of 250 and 400 with 1000 values each.
        let grid = |seed, n| random(seed, n, 1).mapv(|x| (1000.0 * x).floor() / 1000.0);
        let known = Known::new(grid(9, 250).view(), 1);
        let mut overlap = Overlap::new(&known);
        overlap.add(grid(10, 400).view());
        assert!(overlap.training() > 50 && !overlap.is_no_chance());
        // A holdout that holds each of its events ten times.
        let mut overlap = Overlap::new(&known);
        (0..10).for_each(|_| overlap.add(random(11, 100, 1).view()));
        assert!(overlap.repeated().unwrap().starts_with("90 % of the 1000 holdout events repeat others"));
    }
}
