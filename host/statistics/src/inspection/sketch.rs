//! A sample of a stream's events that tells what two streams share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Distinct events with the lowest hashes that a sketch keeps.
const SKETCH: usize = 4096;

/// A random sample of the distinct events of a stream of any length: those with the lowest hashes, with their numbers.
///
/// The same events give the same sketch in any order, and what two sketches share tells what their streams share.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u32)>", into = "Vec<(u64, u32)>")]
pub struct Sketch(BTreeMap<u64, u32>);

impl From<Vec<(u64, u32)>> for Sketch {
    fn from(list: Vec<(u64, u32)>) -> Self {
        Sketch(list.into_iter().collect())
    }
}

impl From<Sketch> for Vec<(u64, u32)> {
    fn from(sketch: Sketch) -> Self {
        sketch.0.into_iter().collect()
    }
}

impl Sketch {
    /// Adds an event.
    pub fn add(&mut self, hash: u64) {
        self.add_times(hash, 1);
    }

    fn add_times(&mut self, hash: u64, times: u32) {
        // What was dropped once was above all that remain, and stays out.
        if self.0.len() == SKETCH && self.0.last_key_value().is_some_and(|(&last, _)| hash > last) {
            return;
        }
        let count = self.0.entry(hash).or_insert(0);
        *count = count.saturating_add(times);
        if self.0.len() > SKETCH {
            self.0.pop_last();
        }
    }

    /// Adds the events of another stream.
    pub fn merge(&mut self, other: &Sketch) {
        other.0.iter().for_each(|(&hash, &times)| self.add_times(hash, times));
    }

    /// The hashes.
    pub fn hashes(&self) -> impl Iterator<Item = u64> {
        self.0.keys().copied()
    }

    /// Hashes above this one are not in the sketch, whether they were in the stream or not.
    pub fn end(&self) -> u64 {
        if self.0.len() < SKETCH {
            u64::MAX
        } else {
            self.0.last_key_value().map_or(u64::MAX, |(&last, _)| last)
        }
    }

    /// Of the distinct events that both could know of, those of this stream, and those that both have.
    pub fn shared(&self, other: &Sketch) -> (usize, usize) {
        let end = self.end().min(other.end());
        let mine = || self.0.range(..=end);
        (mine().count(), mine().filter(|(hash, _)| other.0.contains_key(hash)).count())
    }

    /// The part of the stream's events that are repetitions of others.
    pub fn repeated(&self) -> f64 {
        let events: u64 = self.0.values().map(|&n| u64::from(n)).sum();
        if events == 0 { 0.0 } else { 1.0 - self.0.len() as f64 / events as f64 }
    }

    /// The part of all possible events that the sketch tells of.
    pub fn share(&self) -> f64 {
        share_to(self.end())
    }

    /// Pairs of equal events.
    pub fn equal_pairs(&self) -> f64 {
        self.0.values().map(|&n| 0.5 * f64::from(n) * (f64::from(n) - 1.0)).sum()
    }

    /// Equal pairs of an event of this stream and one of the other that is not in `except`, and the part of all possible events that
    /// both tell of.
    pub fn equal_pairs_with(&self, other: &Sketch, except: &Sketch) -> (f64, f64) {
        let end = self.end().min(other.end()).min(except.end());
        let both = |(hash, n): (&u64, &u32)| {
            let m = other.0.get(hash).filter(|_| !except.0.contains_key(hash)).copied().unwrap_or(0);
            f64::from(*n) * f64::from(m)
        };
        (self.0.range(..=end).map(both).sum(), share_to(end))
    }

    /// Whether no event occurs more often than in the other stream.
    pub fn within(&self, other: &Sketch) -> bool {
        let end = self.end().min(other.end());
        self.0.range(..=end).all(|(hash, n)| other.0.get(hash).is_some_and(|most| n <= most))
    }
}

fn share_to(end: u64) -> f64 {
    end as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::{ArrayView2, Axis, concatenate};

    use super::super::rows::RowHashes;
    use super::super::testing::random;
    use super::*;

    #[test]
    fn a_sketch_does_not_depend_on_order_or_parts() {
        let events = random(1, 20_000, 2);
        let sketch = |parts: &[ArrayView2<'_, f64>]| {
            let mut all = Sketch::default();
            for part in parts {
                let mut one = Sketch::default();
                RowHashes::default().of(*part).iter().for_each(|&h| one.add(h));
                all.merge(&one);
            }
            all
        };
        let (a, b) = events.view().split_at(Axis(0), 7000);
        let whole = sketch(&[events.view()]);
        assert_eq!(whole, sketch(&[b, a]));
        assert_eq!(whole.hashes().count(), SKETCH);
        // Half of the distinct events of b are in b and c.
        let c = concatenate![Axis(0), b.slice(ndarray::s![..6500, ..]), random(2, 6500, 2).view()];
        let (mine, both) = sketch(&[b]).shared(&sketch(&[c.view()]));
        // Binomial, 4 standard errors of 0.5 / sqrt(4096).
        assert!(mine > 3500 && (both as f64 / mine as f64 - 0.5).abs() < 0.04, "{both} of {mine}");
        assert!(sketch(&[b]).within(&sketch(&[b, b])) && !sketch(&[b, b]).within(&sketch(&[b])));
        assert_eq!((whole.repeated(), sketch(&[b, b]).repeated()), (0.0, 0.5));
    }
}
