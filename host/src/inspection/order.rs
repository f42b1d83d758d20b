//! Whether the order of a stream of events tells anything of them: run tests of a summary against the row.
//!
//! Of independent events, two that follow each other lie on different sides of a threshold with probability 2 p (1 - p), and the
//! middle one of three is the largest or the smallest with probability 2/3. In a file that is sorted, or was written in pieces by
//! different jobs, they seldom do: a part of it is no random sample. The first test sees pieces that differ, the second any part of a
//! sorted file, which may lie on one side of the threshold as a whole.

use amplicast_sdk::{Accumulator, Result, expect_length};

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
/// Expected changes or turns below which nothing is said.
const FEW: f64 = 25.0;
/// Ratio beyond which it matters: a stream of a million events shows a per mille, which changes nothing.
const MATTERS: f64 = 0.05;

impl Runs {
    /// Nothing counted yet, around this threshold.
    pub fn new(threshold: f64) -> Self {
        Runs { threshold, above: 0, events: 0, changes: 0, pairs: 0, turns: 0, triples: 0 }
    }

    /// What the numbers that [`Accumulator::values`] gives say; none of too few events.
    pub fn order(values: &[f64]) -> Option<Order> {
        let &[above, events, changes, pairs, turns, triples] = values else { return None };
        let order = |found: f64, expected: f64, deviation: f64| {
            (expected >= FEW)
                .then(|| Order { ratio: found / expected, deviations: (expected - found) / deviation })
        };
        let p = above / events;
        let q = 2.0 * p * (1.0 - p);
        // Wald and Wolfowitz, and Bienayme, of many events.
        let sides = order(changes, q * pairs, q * pairs.sqrt());
        let series = order(turns, 2.0 / 3.0 * triples, (8.0 / 45.0 * triples).sqrt());
        [sides, series].into_iter().flatten().max_by(|a, b| a.deviations.total_cmp(&b.deviations))
    }
}

impl Order {
    /// Whether events follow each other in an order.
    pub fn matters(&self) -> bool {
        self.deviations > NO_CHANCE && self.ratio < 1.0 - MATTERS
    }
}

impl Accumulator for Runs {
    fn update(&mut self, summaries: &[f64]) -> Result<()> {
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
        // Neighbors on both sides of the border of two calls are left out.
        self.pairs += summaries.len().saturating_sub(1) as u64;
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        let counts = [self.above, self.events, self.changes, self.pairs, self.turns, self.triples];
        Ok(counts.map(|n| n as f64).to_vec())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        expect_length("counts of runs", 6, state.len())?;
        let Runs { above, events, changes, pairs, turns, triples, .. } = self;
        let counts = [above, events, changes, pairs, turns, triples];
        counts.into_iter().zip(state).for_each(|(count, &n)| *count += n as u64);
        Ok(())
    }

    fn values(&self) -> Result<Vec<f64>> {
        self.state()
    }
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
            runs.update(part).unwrap();
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
    }
}
