//! Whether the order of a stream of events tells anything of them: run tests of a summary against the row.
//!
//! Of independent events, two that follow each other lie on different sides of a threshold with probability 2 p (1 - p), and the
//! middle one of three is the largest or the smallest with probability 2/3. In a file that is sorted, or was written in pieces by
//! different jobs, they seldom do: a part of it is no random sample. The first test sees pieces that differ, the second any part of a
//! sorted file, which may lie on one side of the threshold as a whole. Of values that repeat, a third one counts the runs of equal ones:
//! in a sorted file there is one for each value.

use amplicast_sdk::{Accumulator, Result, Values, expect_length};

/// Counts how often neighbors lie on different sides of a threshold, and how often a series turns.
#[derive(Debug, Clone)]
pub struct Runs {
    threshold: f64,
    above: u64,
    events: u64,
    changes: u64,
    pairs: u64,
    turns: u64,
    triples: u64,
    /// Runs of equal values among the first of every call: found, expected in any order, and the variance of that.
    runs: [f64; 3],
}

/// What a stream's runs say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order {
    /// Changes of side (or turns), divided by the number of them among independent events.
    pub ratio: f64,
    /// How many standard deviations fewer they are; negative if they are more.
    pub deviations: f64,
}

/// Standard deviations beyond which order is no chance, for a thousand streams.
const NO_CHANCE: f64 = 6.0;
/// Events of each chunk that are looked at: an order shows in any part.
const ENOUGH: usize = 4096;
/// Of these, those whose runs of equal values are counted.
const ENOUGH_TO_SORT: usize = 1024;
/// Expected changes or turns below which nothing is said.
const FEW: f64 = 25.0;
/// Ratio beyond which it matters: a stream of a million events shows a per mille, which changes nothing.
const MATTERS: f64 = 0.05;

impl Runs {
    /// Nothing counted yet, around this threshold.
    pub fn new(threshold: f64) -> Self {
        Runs { threshold, above: 0, events: 0, changes: 0, pairs: 0, turns: 0, triples: 0, runs: [0.0; 3] }
    }

    /// What the numbers that [`Accumulator::values`] gives say; none of too few events.
    pub fn order(values: &[f64]) -> Option<Order> {
        let &[above, events, changes, pairs, turns, triples, runs, of_runs, variance] = values else {
            return None;
        };
        let order = |found: f64, expected: f64, deviation: f64| {
            (expected >= FEW)
                .then(|| Order { ratio: found / expected, deviations: (expected - found) / deviation })
        };
        let p = above / events;
        let q = 2.0 * p * (1.0 - p);
        // Wald and Wolfowitz, and Bienayme, of many events.
        let sides = order(changes, q * pairs, q * pairs.sqrt());
        let series = order(turns, 2.0 / 3.0 * triples, (8.0 / 45.0 * triples).sqrt());
        let equal = (variance > 0.0).then(|| order(runs, of_runs, variance.sqrt())).flatten();
        [sides, series, equal].into_iter().flatten().max_by(|a, b| a.deviations.total_cmp(&b.deviations))
    }
}

impl Order {
    /// Whether events follow each other in an order.
    pub fn matters(&self) -> bool {
        self.deviations > NO_CHANCE && self.ratio < 1.0 - MATTERS
    }
}

impl Accumulator for Runs {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let summaries = values.one()?;
        let summaries = &summaries[..summaries.len().min(ENOUGH)];
        let side = |x: &f64| *x > self.threshold;
        self.above += summaries.iter().filter(|x| side(x)).count() as u64;
        self.changes += summaries.windows(2).filter(|pair| side(&pair[0]) != side(&pair[1])).count() as u64;
        self.events += summaries.len() as u64;
        // Equal values have no order.
        for triple in summaries.windows(3) {
            let [a, b, c] = [triple[0], triple[1], triple[2]];
            let apart = a != b && b != c && a != c;
            self.triples += u64::from(apart);
            self.turns += u64::from(apart && (a < b) != (b < c));
        }
        let runs = runs_of_equal(&summaries[..summaries.len().min(ENOUGH_TO_SORT)]);
        self.runs.iter_mut().zip(runs).for_each(|(sum, x)| *sum += x);
        // Neighbors on both sides of the border of two calls are left out.
        self.pairs += summaries.len().saturating_sub(1) as u64;
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        let counts = [self.above, self.events, self.changes, self.pairs, self.turns, self.triples];
        Ok(counts.into_iter().map(|n| n as f64).chain(self.runs).collect())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        expect_length("counts of runs", 9, state.len())?;
        let Runs { above, events, changes, pairs, turns, triples, runs, .. } = self;
        runs.iter_mut().zip(&state[6..]).for_each(|(sum, x)| *sum += x);
        let counts = [above, events, changes, pairs, turns, triples];
        counts.into_iter().zip(state).for_each(|(count, &n)| *count += n as u64);
        Ok(())
    }

    fn values(&self) -> Result<Vec<f64>> {
        self.state()
    }
}

/// Runs of equal values, how many there are in a random order of the same values, and the variance of that (Wald and Wolfowitz, for
/// any number of different values: Barton and David 1957); zeros of values that do not repeat, whose every order has as many.
fn runs_of_equal(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (n, mut squares, mut cubes) = (values.len() as f64, 0.0, 0.0);
    for group in sorted.chunk_by(|a, b| a == b) {
        let size = group.len() as f64;
        squares += size * size;
        cubes += size.powi(3);
    }
    if n < 2.0 || squares == n {
        return [0.0; 3];
    }
    let found = 1 + values.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let variance = (squares * (squares + n * (n + 1.0)) - 2.0 * n * cubes - n.powi(3)) / (n * n * (n - 1.0));
    [found as f64, n + 1.0 - squares / n, variance.max(0.0)]
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::rand::RngExt;

    use super::*;

    fn order(values: &[f64]) -> Option<Order> {
        let mut all = Runs::new(0.5);
        for part in values.chunks(1000) {
            let mut runs = Runs::new(0.5);
            runs.update(Values::single(part)).unwrap();
            all.merge(&runs.state().unwrap()).unwrap();
        }
        Runs::order(&all.values().unwrap())
    }

    fn random(seed: u64, n: usize) -> Vec<f64> {
        let mut stream = Seed::new(seed).stream();
        (0..n).map(|_| stream.random()).collect()
    }

    #[test]
    fn independent_events_have_no_order() {
        let mut sum = 0.0;
        for seed in 0..200 {
            // Unequal sides too.
            let values: Vec<f64> = random(seed, 5000).iter().map(|x| x.powi(2)).collect();
            let order = order(&values).unwrap();
            assert!(!order.matters());
            sum += order.deviations / 200.0;
        }
        // The larger of two independent normal numbers: mean 1 / sqrt(pi), variance 1 - 1 / pi; 4 standard errors.
        assert!((sum - 0.5642).abs() < 4.0 * (0.6817_f64 / 200.0).sqrt(), "{sum}");
    }

    #[test]
    fn sorted_events_have() {
        let mut values = random(1, 5000);
        values.sort_by(f64::total_cmp);
        assert!(order(&values).unwrap().matters());
        // All on one side of the threshold.
        assert!(order(&values[..1000]).unwrap().matters());
        // Ten jobs, each with a shifted distribution.
        let jobs: Vec<f64> =
            random(2, 5000).iter().zip(0..).map(|(x, i)| 0.5 * x + 0.5 * f64::from(i / 500 % 2)).collect();
        assert!(order(&jobs).unwrap().matters());
        assert_eq!(order(&random(3, 20)), None);
        assert_eq!(order(&[1.0; 5000]), None);
        // Counts from 0 to 9, and any part of them, on one side of the threshold or with one value in most calls.
        let mut counts: Vec<f64> = random(4, 20_000).iter().map(|x| (10.0 * x * x).floor() + 1.0).collect();
        assert!(!order(&counts).unwrap().matters());
        counts.sort_by(f64::total_cmp);
        for part in [2000..7000, 0..9000, 15_000..20_000] {
            assert!(order(&counts[part]).unwrap().matters());
        }
    }

    /// All orders of 3 + 2 + 1 values: mean and variance of the number of runs.
    #[test]
    fn runs_of_all_orders() {
        let values = [1.0, 1.0, 1.0, 2.0, 2.0, 3.0];
        let mut orders: Vec<Vec<f64>> = vec![vec![]];
        for x in values {
            orders = orders
                .iter()
                .flat_map(|o| (0..=o.len()).map(move |i| [&o[..i], &[x], &o[i..]].concat()))
                .collect();
        }
        let [_, expected, variance] = runs_of_equal(&values);
        let found: Vec<f64> = orders.iter().map(|o| runs_of_equal(o)[0]).collect();
        let mean = found.iter().sum::<f64>() / 720.0;
        let square = found.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 720.0;
        assert!((mean - expected).abs() < 1e-12 && (square - variance).abs() < 1e-12, "{mean} {square}");
    }
}
