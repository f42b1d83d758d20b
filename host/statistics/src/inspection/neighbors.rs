//! How near events lie to training events.
//!
//! Two questions of the distances d1 < d2 < ... to the nearest training events (different ones; columns in units of their standard
//! deviations). *Are generated events next to one training event each?* Where training events lie dense, all distances are small;
//! d1 / d2 does not depend on the density, nor on whether the generator is a little too wide or too narrow: only events that were
//! made of single training events (copies with noise, rounded copies) have it small. *Are they nearer than true events are, for how
//! dense it is around them?* Events between two neighbors have d1 / d8 smaller than true ones (Mann-Whitney); it does not depend on
//! the density either.

use std::collections::HashMap;

use amplicast_sdk::ndarray::{ArrayView1, ArrayView2};
use rayon::prelude::*;

use super::effect::{CHANCE, excess, mann_whitney};
use super::nearer::{LEAST_PART, Nearer};
use super::resolution::resolution_of;
use super::rounding::Grain;
use super::rows::RowHashes;

/// Training events times numbers in an event times events whose neighbors are looked for: some tenths of a second.
const WORK: usize = 300_000_000;
/// Most events whose neighbors are looked for, on each side.
const MOST: usize = 2048;
/// Training events that are compared at once, so that their distances stay in the cache.
const TILE: usize = 1024;
/// Neighbors that tell how dense it is.
const NEIGHBORS: usize = 8;

/// Equal training events of which one is no single event.
const OFTEN: u32 = 5;

/// Probability that a generated event has a smaller d1 / d8 than a true one, above which that alone counts: in one column, and in so
/// many that the density changes over these distances.
const LEAST_NEARER: [f64; 2] = [0.6, 0.75];
const MANY_COLUMNS: usize = 20;

/// The different training events with their columns in units of their standard deviations, column by column.
pub struct Neighbors {
    columns: Vec<Vec<f32>>,
    scales: Vec<Scale>,
    events: usize,
    /// How often each occurs.
    times: Vec<u32>,
    /// Which of them each row is.
    rows: Vec<usize>,
    /// Whether events are equal by chance: on a grid.
    discrete: bool,
}

/// A column that is compared.
struct Scale {
    column: usize,
    /// One over its standard deviation.
    factor: f64,
    /// Decimal places of the grid on which it lies: an event on none lies between all that do, and would be near to none.
    places: Option<u32>,
}

impl Scale {
    fn of(&self, x: f64) -> f32 {
        let x = self.places.map_or(x, |places| {
            let scale = 10_f64.powi(places as i32);
            (x * scale).round() / scale
        });
        (x * self.factor) as f32
    }
}

/// Distances of events to their nearest training events.
#[derive(Debug, Clone, Default)]
pub struct Distances {
    /// d1 / d2.
    to_second: Vec<f32>,
    /// d1 / d8.
    to_eighth: Vec<f32>,
    /// Columns that were compared.
    columns: usize,
}

impl Neighbors {
    /// From the training events, n x d.
    pub fn new(training: ArrayView2<'_, f64>) -> Self {
        let n = training.nrows();
        let grains = Grain::of_some(training);
        let mut scales = Vec::new();
        for (c, column) in training.columns().into_iter().enumerate() {
            let mean = column.sum() / n.max(1) as f64;
            let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n.max(1) as f64;
            // A column that never changes says nothing.
            if variance > 0.0 && variance.is_finite() {
                scales.push(Scale { column: c, factor: 1.0 / variance.sqrt(), places: grains[c].decimals });
            }
        }
        let (mut known, mut firsts, mut times) = (HashMap::new(), Vec::new(), Vec::new());
        let mut rows = Vec::with_capacity(n);
        for (row, &hash) in RowHashes::default().of(training).iter().enumerate() {
            let number = *known.entry(hash).or_insert(firsts.len());
            if number == firsts.len() {
                firsts.push(row);
                times.push(0);
            }
            times[number] += 1;
            rows.push(number);
        }
        let column = |s: &Scale| firsts.iter().map(|&row| s.of(training[[row, s.column]])).collect();
        let columns = scales.iter().map(column).collect();
        let discrete = resolution_of(training) == 0.0;
        Neighbors { columns, scales, events: firsts.len(), times, rows, discrete }
    }

    /// How many events can be looked at, on each side.
    pub fn affordable(&self) -> usize {
        (WORK / (2 * self.events.max(1) * self.columns.len().max(1))).clamp(100, MOST)
    }

    /// How many events can be looked at on one side alone.
    pub fn affordable_in_all(&self) -> usize {
        WORK / (self.events.max(1) * self.columns.len().max(1))
    }

    /// Whether there is too little to compare with.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty() || self.events <= NEIGHBORS
    }

    /// Whether events, n x d, lie nearer to training events than those of any sample of true events do; none if they do not.
    pub fn nearer(&self, events: ArrayView2<'_, f64>, of_true: &[Distances]) -> Option<Nearer> {
        if self.is_empty() || of_true.is_empty() {
            return None;
        }
        let distances = self.of(events);
        let found: Option<Vec<Nearer>> =
            of_true.iter().map(|of_true| distances.nearer_than(of_true)).collect();
        found?
            .into_iter()
            .min_by(|a, b| (a.part, a.probability).partial_cmp(&(b.part, b.probability)).expect("numbers"))
    }

    /// Distances of events, n x d.
    pub fn of(&self, events: ArrayView2<'_, f64>) -> Distances {
        let scaled = |event: ArrayView1<'_, f64>| -> Vec<f32> {
            self.scales.iter().map(|s| s.of(event[s.column])).collect()
        };
        self.distances((0..events.nrows()).into_par_iter().map(|row| (scaled(events.row(row)), None)))
    }

    /// Distances of some of the training events themselves to the others.
    pub fn among_training(&self, count: usize) -> Distances {
        // On a grid, how often an event occurs tells how probable it is; elsewhere that it was copied.
        let all = if self.discrete { self.rows.len() } else { self.events };
        let count = count.min(all);
        let event = |k: usize| {
            let place = k * all / count.max(1);
            let own = if self.discrete { self.rows[place] } else { place };
            let alone = !self.discrete || self.times[own] == 1;
            (self.columns.iter().map(|column| column[own]).collect(), alone.then_some(own))
        };
        self.distances((0..count).into_par_iter().map(event))
    }

    fn distances(&self, events: impl IndexedParallelIterator<Item = (Vec<f32>, Option<usize>)>) -> Distances {
        let ratio = |d: f32, of: f32| if of > 0.0 { (d / of).sqrt() } else { 1.0 };
        let pairs: Vec<(f32, f32)> = events
            .filter_map(|(event, own)| {
                let nearest = self.nearest(&event, own);
                let [d1, d2, .., d8] = nearest.map(|(distance, _)| distance);
                // An event that many true ones equal (no particle at all) is no copy of one, nor is what a network makes of it.
                let times = self.times[nearest[0].1];
                let usual = !self.discrete && (times >= OFTEN || d1 == 0.0 && times > 1);
                (!usual).then(|| (ratio(d1, d2), ratio(d1, d8)))
            })
            .collect();
        Distances {
            to_second: pairs.iter().map(|p| p.0).collect(),
            to_eighth: pairs.iter().map(|p| p.1).collect(),
            columns: self.columns.len(),
        }
    }

    /// The squared distances to the nearest training events other than `own`, and which these are.
    fn nearest(&self, event: &[f32], own: Option<usize>) -> [(f32, usize); NEIGHBORS] {
        let mut nearest = [(f32::INFINITY, 0); NEIGHBORS];
        let mut sums = [0.0_f32; TILE];
        for start in (0..self.events).step_by(TILE) {
            let length = TILE.min(self.events - start);
            let sums = &mut sums[..length];
            sums.fill(0.0);
            for (column, x) in self.columns.iter().zip(event) {
                for (sum, y) in sums.iter_mut().zip(&column[start..start + length]) {
                    let difference = x - y;
                    *sum += difference * difference;
                }
            }
            if let Some(own) = own.and_then(|row| row.checked_sub(start)).filter(|&row| row < length) {
                sums[own] = f32::INFINITY;
            }
            for (i, &sum) in sums.iter().enumerate() {
                if sum < nearest[NEIGHBORS - 1].0 {
                    let place = nearest.partition_point(|(distance, _)| *distance <= sum);
                    nearest[place..].rotate_right(1);
                    nearest[place] = (sum, start + i);
                }
            }
        }
        nearest
    }
}

impl Distances {
    /// Whether these events lie nearer to training events than true events do; none if they do not.
    pub fn nearer_than(&self, of_true: &Distances) -> Option<Nearer> {
        if self.to_second.is_empty() || of_true.to_second.is_empty() {
            return None;
        }
        let (part, is_no_chance) = excess(&self.to_second, &of_true.to_second);
        let (probability, chance) = mann_whitney(&self.to_eighth, &of_true.to_eighth);
        let next_to_one = is_no_chance && part > LEAST_PART;
        let [few, many] = LEAST_NEARER;
        let columns = self.columns.saturating_sub(1).min(MANY_COLUMNS) as f64 / MANY_COLUMNS as f64;
        let near = chance < CHANCE && probability > few + (many - few) * columns;
        (next_to_one || near).then_some(Nearer { part: part.max(0.0), probability })
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::{Array2, Axis};
    use amplicast_sdk::rand::RngExt;
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

    use super::*;

    fn normal(seed: u64, n: usize, d: usize, width: f64) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream();
        Array2::from_shape_fn((n, d), |_| {
            let x: f64 = StandardNormal.sample(&mut stream);
            width * x
        })
    }

    fn draw(seed: u64, from: &Array2<f64>, n: usize) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream();
        let rows: Vec<usize> = (0..n).map(|_| stream.random_range(0..from.nrows())).collect();
        from.select(Axis(0), &rows)
    }

    fn found(training: &Array2<f64>, generated: &Array2<f64>) -> Option<Nearer> {
        let neighbors = Neighbors::new(training.view());
        neighbors.nearer(generated.view(), &[neighbors.among_training(generated.nrows())])
    }

    #[test]
    fn true_events_are_not_nearer() {
        for d in [1, 2, 5, 24] {
            for seed in 0..5 {
                let training = normal(seed, 1000, d, 1.0);
                assert_eq!(found(&training, &normal(100 + seed, 1000, d, 1.0)), None, "d {d}, seed {seed}");
            }
        }
    }

    /// Too narrow, too wide, or elsewhere is no copying.
    #[test]
    fn an_imperfect_generator_is_not_accused() {
        for d in [1, 2, 4, 10, 24] {
            let training = normal(1, 1000, d, 1.0);
            for width in [0.5, 0.7, 0.8, 0.9, 1.1, 1.5, 1000.0] {
                assert_eq!(found(&training, &normal(2, 2000, d, width)), None, "d {d}, width {width}");
            }
            assert_eq!(found(&training, &(normal(2, 2000, d, 1.0) + 0.5)), None, "d {d}, shifted");
            // Lighter tails than those of the truth: Student's t with 2 degrees of freedom.
            let chi = |seed| normal(seed, 1000, 2 * d, 1.0);
            let (numbers, squares) = (normal(3, 1000, d, 1.0), chi(4));
            let heavy = Array2::from_shape_fn((1000, d), |(i, k)| {
                let square = squares[[i, 2 * k]].powi(2) + squares[[i, 2 * k + 1]].powi(2);
                numbers[[i, k]] / (0.5 * square).sqrt()
            });
            assert_eq!(found(&heavy, &normal(5, 2000, d, 1.0)), None, "d {d}, heavy tails");
        }
    }

    /// Training events that occur often are no reason to accuse anybody, and hide nobody.
    #[test]
    fn training_events_that_repeat() {
        let events = normal(21, 500, 2, 1.0);
        let twice = ndarray::concatenate![Axis(0), events, events];
        let ten = events.slice(ndarray::s![..10, ..]);
        let often = (0..50).fold(events.clone(), |all, _| ndarray::concatenate![Axis(0), all, ten]);
        for training in [&twice, &often] {
            assert_eq!(found(training, &normal(22, 1000, 2, 1.0)), None);
            let copies = draw(23, training, 1000) + normal(24, 1000, 2, 1e-3);
            assert!(found(training, &copies).is_some_and(|nearer| nearer.part > 0.5));
        }
        // A third of the events has no particle, of the generated ones two.
        let empty = |seed, n| {
            let mut events = normal(seed, 1000, 2, 1.0);
            events.slice_mut(ndarray::s![..n, ..]).fill(0.0);
            events
        };
        assert_eq!(found(&empty(25, 333), &empty(26, 666)), None);
        let smeared = empty(26, 666) + normal(27, 1000, 2, 0.001);
        assert_eq!(found(&empty(25, 333), &smeared), None);
    }

    /// A generator of continuous numbers lies between the points of a grid.
    #[test]
    fn training_events_on_a_grid() {
        let grid = |seed, n| normal(seed, n, 2, 1.0).mapv(|x| (10.0 * x).round() / 10.0);
        for seed in 0..5 {
            let neighbors = Neighbors::new(grid(30 + seed, 1000).view());
            let of_true = [neighbors.among_training(1000), neighbors.of(grid(40 + seed, 2000).view())];
            assert_eq!(
                neighbors.nearer(normal(50 + seed, 2000, 2, 1.0).view(), &of_true),
                None,
                "seed {seed}"
            );
            assert_eq!(neighbors.nearer(grid(60 + seed, 2000).view(), &of_true), None, "seed {seed}");
        }
    }

    #[test]
    fn copies_with_noise_are_found() {
        for d in [1, 2, 24] {
            let training = normal(3, 1000, d, 1.0);
            // A tenth of the typical distance.
            let noise = if d == 24 { 0.3 } else { 0.1 / 1000_f64.powf(1.0 / d as f64) };
            let copies = draw(4, &training, 1000) + normal(5, 1000, d, noise);
            let nearer = found(&training, &copies).unwrap();
            assert!(nearer.part > 0.2, "d {d}: {nearer:?}");
            // One event in ten.
            let mut mixed = normal(6, 1000, d, 1.0);
            mixed.slice_mut(ndarray::s![..100, ..]).assign(&copies.slice(ndarray::s![..100, ..]));
            if d > 1 {
                assert!(found(&training, &mixed).is_some(), "d {d}");
            }
        }
    }

    #[test]
    fn rounded_copies_are_found() {
        let training = normal(7, 1000, 2, 1.0);
        let rounded = draw(8, &training, 2000).mapv(|x| (1000.0 * x).round() / 1000.0);
        assert!(found(&training, &rounded).unwrap().part > 0.5);
    }

    #[test]
    fn events_between_neighbors_are_nearer() {
        let training = normal(9, 500, 2, 1.0);
        let b = &training;
        // Halfway to the nearest other training event.
        let mut between = b.clone();
        for (i, mut event) in between.rows_mut().into_iter().enumerate() {
            let distance = |j: &usize| (&b.row(i) - &b.row(*j)).mapv(|x| x * x).sum();
            let nearest =
                (0..500).filter(|j| *j != i).min_by(|p, q| distance(p).total_cmp(&distance(q))).unwrap();
            let middle = (&b.row(i) + &b.row(nearest)) * 0.5;
            event.assign(&middle);
        }
        let nearer = found(&training, &between).unwrap();
        assert!(nearer.probability > 0.75, "{nearer:?}");
        // Anywhere between two neighbors in one column.
        let column = normal(10, 1000, 1, 1.0);
        let mut sorted = column.column(0).to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let mut stream = Seed::new(13).stream();
        let between = Array2::from_shape_fn((2000, 1), |_| {
            let (i, part): (usize, f64) = (stream.random_range(0..999), stream.random());
            sorted[i] + part * (sorted[i + 1] - sorted[i])
        });
        let nearer = found(&column, &between).unwrap();
        assert!(nearer.probability > 0.62, "{nearer:?}");
    }

    #[test]
    fn discrete_events_are_compared_with_their_like() {
        let training = normal(11, 1000, 2, 1.0).mapv(f64::round);
        assert_eq!(found(&training, &normal(12, 1000, 2, 1.0).mapv(f64::round)), None);
    }
}
