//! The exact, streaming two-sample statistic.
//!
//! The reference is sorted once; generated values are counted into its gaps and onto its values, and the supremum of
//! |F_gen - F_ref| is read off at the gaps' edges. No copy and no sort of the generated sample, integers throughout.

use std::ops::AddAssign;
use std::sync::{Arc, OnceLock};

use amplicast_sdk::{Error, Result};

use super::grid::{PLACES, Table};

/// The gaps between a reference's distinct values.
#[derive(Debug)]
pub struct Gaps {
    /// Distinct reference values in order, then NaN, which equals nothing.
    values: Vec<f64>,
    /// Reference events below each distinct value; after the last, all events.
    below: Vec<u64>,
    /// Where the bulk of the reference begins and ends.
    bulk: (f64, f64),
    /// Made for the first events that are counted: it is far larger than the reference, and a run that has all curves counts none.
    table: OnceLock<Table>,
}

impl Gaps {
    /// The gaps of a reference sample of at least one finite value.
    pub fn new(reference: &[f64]) -> Result<Self> {
        if reference.is_empty() {
            return Err(Error::data("expected reference events, found none"));
        }
        if let Some(row) = reference.iter().position(|x| !x.is_finite()) {
            return Err(Error::data(format!(
                "reference event {row}: expected a finite summary, found {}",
                reference[row]
            )));
        }
        let mut sorted = reference.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let (mut values, mut below) = (Vec::new(), Vec::new());
        for (i, &x) in sorted.iter().enumerate() {
            // `==`, not total order: -0 and +0 are one value.
            if values.last() != Some(&x) {
                values.push(x);
                below.push(i as u64);
            }
        }
        below.push(sorted.len() as u64);
        let at = |p: f64| sorted[((sorted.len() - 1) as f64 * p) as usize];
        let bulk = (at(0.001), at(0.999));
        values.push(f64::NAN);
        Ok(Gaps { values, below, bulk, table: OnceLock::new() })
    }

    fn table(&self) -> &Table {
        self.table.get_or_init(|| Table::new(&self.values[..self.len()], self.bulk))
    }

    /// Distinct values.
    fn len(&self) -> usize {
        self.values.len() - 1
    }

    /// Events in the reference.
    pub fn reference_events(&self) -> u64 {
        *self.below.last().expect("never empty")
    }

    /// Reference events below each distinct value; after the last, all events.
    pub fn below(&self) -> &[u64] {
        &self.below
    }

    /// Adds an amount for each value to the sum of its place: of the gaps, from the lowest to the highest, then on each distinct value. +inf
    /// is above every reference value.
    pub fn add<T: AddAssign + Copy>(&self, values: &[f64], amount: impl Fn(usize) -> T, sums: &mut [T]) {
        // Local, as a compiler cannot know that counting does not change where these lie.
        let Table { grid, cells, first } = self.table();
        let (grid, cells, first) = (*grid, &cells[..], &first[..]);
        let (between, on) = sums.split_at_mut(self.len() + 1);
        // Two passes: the first takes several values at once. Blocks are so short that the processor begins the next while
        // it waits for the cells and counts of this one: 64 takes a fifth less time than 256.
        let mut places = [0; 64];
        for (block, values) in values.chunks(places.len()).enumerate() {
            for (place, &x) in places.iter_mut().zip(values) {
                *place = grid.place(x);
            }
            for (i, (&place, &x)) in places.iter().zip(values).enumerate() {
                let amount = amount(64 * block + i);
                let cell = (place / PLACES) as usize;
                if let Some(gap) = cells[cell].gap(place % PLACES)
                    && let Some(sum) = between.get_mut(gap)
                {
                    *sum += amount;
                } else {
                    match self.search(x, first, cell) {
                        (gap, false) => between[gap] += amount,
                        (value, true) => on[value] += amount,
                    }
                }
            }
        }
    }

    /// Places of [`Gaps::add`].
    pub fn places(&self) -> usize {
        2 * self.len() + 1
    }

    /// Calls with what is summed below each cut, and with the number of distinct values below it: the functions are compared just below and
    /// at each distinct value; between, that of the generated events only rises toward these.
    pub fn at_cuts<T: AddAssign + Copy + Default>(&self, sums: &[T], mut each: impl FnMut(T, usize)) {
        let (between, on) = sums.split_at(self.len() + 1);
        let mut seen = T::default();
        for j in 0..on.len() {
            seen += between[j];
            each(seen, j);
            seen += on[j];
            each(seen, j + 1);
        }
    }

    /// Where a value of this cell lies, by comparison: in gap j, or (true) on distinct value j.
    #[cold]
    fn search(&self, x: f64, first: &[u32], cell: usize) -> (usize, bool) {
        let (from, to) = (first[cell] as usize, first[cell + 1] as usize);
        let j = from + self.values[from..to].partition_point(|&v| v < x);
        (j, self.values[j] == x)
    }
}

/// Generated events counted into the gaps of a reference.
#[derive(Debug, Clone)]
pub struct GapCounts {
    gaps: Arc<Gaps>,
    counts: Vec<u64>,
}

impl GapCounts {
    /// No events yet.
    pub fn new(gaps: Arc<Gaps>) -> Self {
        let counts = vec![0; gaps.places()];
        GapCounts { gaps, counts }
    }

    /// No events yet, against this reference.
    pub fn against(reference: &[f64]) -> Result<Self> {
        Ok(Self::new(Arc::new(Gaps::new(reference)?)))
    }

    /// Counts further values; +inf counts as above every reference value.
    pub fn add(&mut self, values: &[f64]) {
        self.gaps.add(values, |_| 1, &mut self.counts);
    }

    /// Adds counts bin by bin.
    pub fn add_counts(&mut self, counts: impl Iterator<Item = u64>) {
        self.counts.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
    }

    /// The counts: of the gaps, from the lowest to the highest, then on each distinct reference value.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The distance to the reference: sup |F_gen - F_ref|.
    pub fn distance(&self) -> Distance {
        let generated: u64 = self.counts.iter().sum();
        let reference = self.gaps.reference_events();
        let (n, m) = (u128::from(generated), u128::from(reference));
        let mut largest = 0;
        self.gaps.at_cuts(&self.counts, |seen: u64, j| {
            let below = u128::from(self.gaps.below[j]) * n;
            largest = largest.max((u128::from(seen) * m).abs_diff(below));
        });
        Distance { numerator: largest, generated, reference }
    }
}

/// An exact distance: `numerator` / (n_gen n_ref).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distance {
    /// max |i n_ref - j n_gen| over all cuts with i generated and j reference events below.
    pub numerator: u128,
    /// n_gen.
    pub generated: u64,
    /// n_ref.
    pub reference: u64,
}

impl Distance {
    /// As a number; 1 if no event was generated.
    pub fn value(&self) -> f64 {
        if self.generated == 0 {
            return 1.0;
        }
        self.numerator as f64 / (self.generated as f64 * self.reference as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amplicast_sdk::Seed;
    use amplicast_sdk::rand::RngExt;
    use proptest::prelude::*;

    /// Straight from the definition, over every value of both samples, with F(y) = #(x <= y) and #(x < y).
    fn brute_force(reference: &[f64], generated: &[f64]) -> u128 {
        let count = |sample: &[f64], y: f64, or_equal: bool| {
            sample.iter().filter(|&&x| x < y || (or_equal && x == y)).count() as u128
        };
        let (n, m) = (generated.len() as u128, reference.len() as u128);
        let cuts = reference.iter().chain(generated);
        cuts.flat_map(|&y| {
            [false, true].map(|e| (count(generated, y, e) * m).abs_diff(count(reference, y, e) * n))
        })
        .max()
        .unwrap_or(0)
    }

    fn check(reference: &[f64], generated: &[f64]) {
        let mut counts = GapCounts::against(reference).unwrap();
        let (head, tail) = generated.split_at(generated.len() / 3);
        counts.add(head);
        let mut rest = GapCounts::against(reference).unwrap();
        rest.add(tail);
        counts.add_counts(rest.counts().iter().copied());
        assert_eq!(
            counts.distance().numerator,
            brute_force(reference, generated),
            "{reference:?} {generated:?}"
        );
    }

    proptest! {
        #[test]
        fn equals_the_definition(
            reference in prop::collection::vec(-1e3..1e3f64, 1..60),
            generated in prop::collection::vec(-1e3..1e3f64, 1..200),
        ) {
            check(&reference, &generated);
        }

        #[test]
        fn equals_the_definition_with_ties(
            reference in prop::collection::vec(-5..5i32, 1..60),
            generated in prop::collection::vec(-6..6i32, 1..200),
        ) {
            let float = |v: Vec<i32>| v.into_iter().map(|x| f64::from(x) / 2.0).collect::<Vec<_>>();
            check(&float(reference), &float(generated));
        }

        #[test]
        fn equals_the_definition_with_outliers(
            reference in prop::collection::vec(prop_oneof![9 => -1.0..1.0f64, 1 => -1e300..1e300f64], 1..60),
            generated in prop::collection::vec(prop_oneof![9 => -1.0..1.0f64, 1 => -1e300..1e300f64], 1..100),
        ) {
            check(&reference, &generated);
        }
    }

    proptest! {
        /// Neighbors of reference values among floating-point numbers, at the same place of the grid.
        #[test]
        fn equals_the_definition_next_to_the_reference(
            reference in prop::collection::vec(-1.0..1.0f64, 1..60),
            nudges in prop::collection::vec((0..60usize, -2..3i32), 1..200),
        ) {
            let nudged = |&(k, steps): &(usize, i32)| {
                let step = if steps < 0 { f64::next_down } else { f64::next_up };
                (0..steps.abs()).fold(reference[k % reference.len()], |x, _| step(x))
            };
            let generated: Vec<f64> = nudges.iter().map(nudged).collect();
            check(&reference, &generated);
        }
    }

    #[test]
    fn single_values() {
        check(&[0.0], &[0.0]);
        check(&[0.0], &[-0.0, 1.0]);
        check(&[1.0, 1.0, 1.0], &[1.0]);
        check(&[1.0], &[2.0, f64::INFINITY]);
    }

    #[test]
    fn large_samples_equal_sorted_merge() {
        let mut stream = Seed::new(4).stream();
        let mut draw = |n: usize| (0..n).map(|_| stream.random::<f64>().powi(3)).collect::<Vec<_>>();
        let (reference, generated) = (draw(100_000), draw(99_999));
        let mut counts = GapCounts::against(&reference).unwrap();
        counts.add(&generated);
        // A merge of the two sorted samples (no ties here).
        let sort = |mut v: Vec<f64>| {
            v.sort_by(f64::total_cmp);
            v
        };
        let (r, g) = (sort(reference), sort(generated));
        let (mut i, mut j, mut largest) = (0, 0, 0);
        while i < g.len() || j < r.len() {
            if j == r.len() || (i < g.len() && g[i] < r[j]) {
                i += 1;
            } else {
                j += 1;
            }
            largest = largest.max((i as u128 * r.len() as u128).abs_diff(j as u128 * g.len() as u128));
        }
        assert_eq!(counts.distance().numerator, largest);
    }

    /// scipy.stats.ks_2samp(x, y).statistic, SciPy 1.17.1.
    #[test]
    fn golden_values_of_scipy() {
        let distance = |reference: &[f64], generated: &[f64]| {
            let mut counts = GapCounts::against(reference).unwrap();
            counts.add(generated);
            counts.distance().value()
        };
        let x: Vec<f64> = (0..50).map(|i| (f64::from(i) * 0.37).sin()).collect();
        let y: Vec<f64> = (0..80).map(|i| (f64::from(i) * 0.21).cos() * 0.9 + 0.05).collect();
        assert!((distance(&x, &y) - GOLDEN_SINE).abs() < 1e-15);
        assert!((distance(&[1.0, 2.0, 2.0, 3.0], &[2.0, 2.0, 4.0]) - GOLDEN_TIES).abs() < 1e-15);
    }
    const GOLDEN_SINE: f64 = 0.18;
    const GOLDEN_TIES: f64 = 1.0 / 3.0;

    #[test]
    fn bad_references_are_refused() {
        assert!(Gaps::new(&[]).is_err());
        let error = Gaps::new(&[0.0, f64::NAN]).unwrap_err();
        assert!(error.to_string().contains("event 1: expected a finite summary, found NaN"), "{error}");
    }
}
