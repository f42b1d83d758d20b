//! Selections: cuts on summaries, which true and generated events pass alike, and events thrown away at random.

use amplicast_sdk::rand::{RngExt, SeedableRng};
use amplicast_sdk::{Origin, Seed, Stream};

/// Events with this summary in [low, high) pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Number of the summary.
    pub summary: usize,
    /// Smallest value that passes.
    pub low: f64,
    /// Smallest value above that no longer passes.
    pub high: f64,
}

/// A selection with its quantiles resolved: all cuts must hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cuts {
    /// The cuts.
    pub cuts: Vec<Cut>,
    /// The part of all events that is kept, if some are thrown away.
    pub thin: Option<f64>,
}

impl Cuts {
    /// Whether it cuts on this summary.
    pub fn uses(&self, summary: usize) -> bool {
        self.cuts.iter().any(|cut| cut.summary == summary)
    }
}

/// Which events are kept by an analysis that throws away others whatever they are.
///
/// It depends on an event's row alone, so that one pass after another throws away the same. More is kept of the same events by a
/// larger part.
pub struct Thinned {
    part: f64,
    first: u64,
}

impl Thinned {
    /// This part of events that are of such an origin.
    pub fn new(part: f64, origin: Origin) -> Self {
        let name = match origin {
            // One sample with one numbering.
            Origin::Training | Origin::LeftOut => "training",
            Origin::Holdout => "holdout",
            Origin::Truth => "truth",
            Origin::Generated => "generated",
        };
        Thinned { part, first: Seed::new(0).split("thin").split(name).stream().random() }
    }

    /// Whether the event in this row is kept.
    pub fn keeps(&self, row: u64) -> bool {
        Stream::seed_from_u64(self.first.wrapping_add(row)).random::<f64>() < self.part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_all_rows_is_kept_whatever_their_origin() {
        let rows = 100_000;
        for part in [0.1, 0.5, 0.9] {
            let kept = |origin| {
                let thinned = Thinned::new(part, origin);
                (0..rows).map(|row| thinned.keeps(row)).collect::<Vec<bool>>()
            };
            let expected = part * rows as f64;
            let error = (part * (1.0 - part) * rows as f64).sqrt();
            let count = |list: &[bool]| list.iter().filter(|kept| **kept).count() as f64;
            let (training, generated) = (kept(Origin::Training), kept(Origin::Generated));
            assert!((count(&training) - expected).abs() < 4.0 * error, "{part}");
            // Rows of one number in two samples have nothing to do with each other, nor have neighbors.
            let both = |other: &[bool]| {
                count(&training.iter().zip(other).map(|(a, b)| *a && *b).collect::<Vec<_>>())
            };
            assert!((both(&generated) - part * expected).abs() < 4.0 * error, "{part}");
            assert!((both(&training[1..]) - part * expected).abs() < 4.0 * error, "{part}");
            assert_eq!(training, kept(Origin::LeftOut));
        }
    }

    #[test]
    fn a_larger_part_keeps_what_a_smaller_one_keeps() {
        let [less, more] = [0.3, 0.6].map(|part| Thinned::new(part, Origin::Truth));
        assert!((0..1000).all(|row| !less.keeps(row) || more.keeps(row)));
    }
}
