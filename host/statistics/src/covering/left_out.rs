//! Step 2 without further true events: the fit to a half has not seen the other half.
//!
//! Of a fit to n/2 events the integrals scatter over training sets with 2 a^2 in units of V / n, a being half the difference of a half's fit
//! and its rest's (see `pairs`); their bias is taken to be that of fits to all events. The events of the other half are independent of it, so that
//! each fit has a chi-squared of its own. Those of several splits depend on each other: twice the median of their probabilities holds for
//! any dependence (Meinshausen, Meier and Buehlmann 2009).

use super::demonstration::{Hotelling, Predicted, Validated};
use super::fits::{Fits, Sample};
use super::interval::Parts;
use super::matrix::{Symmetric, difference};
use crate::moments::mean;

/// Fewer pairs of halves have no scatter that was estimated from others.
const LEAST_PAIRS: usize = 2;

impl Fits {
    /// The fits to halves against the halves that they did not see: the means of chi-squared and pulls over them, and twice the
    /// median of the probabilities. None without pairs of halves.
    pub fn left_out(&self, parts: &Parts, bias_seen: bool) -> Option<Validated> {
        if self.pairs.len() < LEAST_PAIRS {
            return None;
        }
        let centers = self.centers();
        let bias = self.bias(parts, bias_seen, &self.generated(&centers));
        let differences: Vec<Vec<f64>> =
            self.pairs.iter().map(|[a, b]| difference(&centers[*a], &centers[*b])).collect();
        let mut found = Vec::new();
        for (pair, [a, b]) in self.pairs.iter().enumerate() {
            // The squared difference of two halves has the expectation 4 a^2. Of other pairs it does not know this one's.
            let mut others = differences.clone();
            others.remove(pair);
            let scatter = Symmetric::second_moments(&others).times(0.5);
            let total = scatter.entries.iter().zip(&bias.entries).map(|(s, b)| s + b).collect();
            let total = Symmetric { size: scatter.size, entries: total };
            for (own, other) in [(*a, *b), (*b, *a)] {
                let predicted = Predicted {
                    generated: centers[own].clone(),
                    statistical: scatter.clone().times(0.0),
                    total: total.clone(),
                    scatter: scatter.clone(),
                    degrees: others.len() as f64,
                };
                let unseen = Sample {
                    events: 0.5 * self.training.events,
                    means: self.parts[other].own.clone(),
                    ..self.training.clone()
                };
                found.push(predicted.validated(&unseen)?);
            }
        }
        Some(of_all(&found))
    }
}

/// The tests of several halves in one.
fn of_all(found: &[Validated]) -> Validated {
    let mean_of = |of: fn(&Validated) -> f64| mean(&found.iter().map(of).collect::<Vec<f64>>());
    let few: Option<Vec<Hotelling>> = found.iter().map(|one| one.few).collect();
    let few = few.map(|few| {
        let mean_of = |of: fn(&Hotelling) -> f64| mean(&few.iter().map(of).collect::<Vec<f64>>());
        let p = twice_the_median(few.iter().map(|x| x.p).collect());
        Hotelling { f: mean_of(|x| x.f), degrees: mean_of(|x| x.degrees), p }
    });
    let size = found.first().map_or(0, |one| one.pulls.len());
    let pull = |r: usize| mean(&found.iter().map(|one| one.pulls[r]).collect::<Vec<f64>>());
    Validated {
        chi_squared: mean_of(|x| x.chi_squared),
        degrees: mean_of(|x| x.degrees),
        p: twice_the_median(found.iter().map(|x| x.p).collect()),
        few,
        pulls: (0..size).map(pull).collect(),
    }
}

/// A probability from probabilities that may depend on each other.
fn twice_the_median(mut p: Vec<f64>) -> f64 {
    p.sort_by(f64::total_cmp);
    (p[(p.len() - 1) / 2] + p[p.len() / 2]).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covering::fits::Part;
    use crate::covering::testing::sample;

    /// Halves of events in five regions, and a generator that takes `own` of its events' fractions and the rest of fractions that are its own.
    fn fits(set: u64, own: f64, claimed: &[f64; 5]) -> Fits {
        use amplicast_sdk::Seed;
        use amplicast_sdk::rand::RngExt;
        use amplicast_sdk::rand::seq::SliceRandom;
        const N: usize = 400;
        let mut stream = Seed::new(3).index(set).stream();
        let mut events: Vec<usize> = (0..N)
            .map(|_| {
                let x: f64 = stream.random();
                [0.1, 0.3, 0.5, 0.8].iter().filter(|edge| x > **edge).count()
            })
            .collect();
        let fractions = |of: &[usize]| -> Vec<f64> {
            (0..5).map(|r| of.iter().filter(|x| **x == r).count() as f64 / of.len() as f64).collect()
        };
        let generated = |f: &[f64]| -> Vec<f64> {
            f.iter().zip(claimed).map(|(f, claimed)| own * f + (1.0 - own) * claimed).collect()
        };
        let means = fractions(&events);
        let full = generated(&means);
        let mut parts = Vec::new();
        for _ in 0..6 {
            events.shuffle(&mut stream);
            for half in events.chunks(N / 2) {
                let own = fractions(half);
                parts.push(Part { starts: vec![generated(&own)], own });
            }
        }
        let covariance = (0..25).map(|i| {
            let (r, s) = (i / 5, i % 5);
            if r == s { means[r] * (1.0 - means[r]) } else { -means[r] * means[s] }
        });
        let covariance = covariance.collect();
        let training = sample(N as f64, means, covariance);
        let pairs = (0..6).map(|p| [2 * p, 2 * p + 1]).collect();
        Fits { training, full: vec![full.clone(), full], parts, pairs, finite: 0.0, factor: 1.0 }
    }

    /// Errors that are right are called inconsistent in 5 % of the training sets at most; those that leave a large bias out, nearly always.
    #[test]
    fn errors_that_are_too_small_are_found() {
        const SETS: u64 = 200;
        let truth = [0.1, 0.2, 0.2, 0.3, 0.2];
        let wrong = [0.35, 0.2, 0.2, 0.05, 0.2];
        let rejected = |claimed: &[f64; 5], blind: bool| {
            let rejects = |set: &u64| {
                let fits = fits(*set, 0.6, claimed);
                let mut parts = fits.taken().one;
                if blind {
                    // What the spread alone would say.
                    parts.u2 = 0.0;
                }
                let found = fits.left_out(&parts, false).unwrap();
                assert_eq!(found.degrees, 4.0);
                found.few.map_or(found.p, |few| few.p) < 0.05
            };
            (0..SETS).filter(rejects).count() as f64 / SETS as f64
        };
        let allowed = 0.05 + 3.0 * (0.05 * 0.95 / SETS as f64).sqrt();
        assert!(rejected(&truth, false) <= allowed && rejected(&wrong, false) <= allowed);
        assert!(rejected(&wrong, true) > 0.9, "{}", rejected(&wrong, true));
    }

    #[test]
    fn a_single_pair_has_no_test() {
        let mut one = fits(0, 0.6, &[0.2; 5]);
        let parts = one.taken().one;
        one.pairs.truncate(1);
        assert_eq!(one.left_out(&parts, false), None);
        one.pairs.clear();
        assert_eq!(one.left_out(&parts, false), None);
    }
}
