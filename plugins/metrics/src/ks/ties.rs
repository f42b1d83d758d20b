//! The law of the distance where values repeat.
//!
//! Kolmogorov's law holds for continuous summaries: it is that of sup |B(t)| over all t in \[0, 1\], B a Brownian bridge. A value
//! that a part p of the events has (no jet, a padded particle, a mass of exactly zero, a count) makes the distribution function
//! jump by p, and the t inside of the jump are never compared: the supremum runs over the others (Noether 1963), and the
//! distances of true samples are smaller. That supremum is simulated: exactly at the ends of the jumps, and between them by the
//! law of a bridge's extremes between two points.

use std::ops::RangeInclusive;

use amplicast_sdk::Seed;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

/// Part of the reference that a value must have to count as a jump; smaller jumps change distances by less than 2 %.
const LEAST: f64 = 1e-3;
/// Events that it must have: two or three of a small sample are equal by rounding, or were drawn twice.
const FEWEST: u64 = 5;
/// Longest piece between two points: short enough for its maximum and its minimum to be drawn independently.
const STEP: f64 = 1.0 / 64.0;
/// Simulated suprema, and most numbers drawn for them.
const MOST_TRIALS: usize = 10_000;
const LEAST_TRIALS: usize = 4_000;
const WORK: usize = 20_000_000;

/// The simulated law of sup |B(t)| over the t that are compared.
#[derive(Debug, Clone)]
pub struct Ties {
    /// In ascending order.
    suprema: Vec<f64>,
    mean: f64,
    /// Part of the events whose values do not repeat.
    continuous: f64,
}

/// The bridge from one point to the next.
#[derive(Debug, Clone, Copy)]
struct Piece {
    length: f64,
    /// Whether the points inside are compared.
    compared: bool,
}

impl Ties {
    /// The law of a reference of `below.last()` events, `below[j]` of them below its j-th distinct value; none if no value has a
    /// notable part of them.
    pub fn of(below: &[u64]) -> Option<Self> {
        Self::simulated(below, LEAST_TRIALS..=MOST_TRIALS)
    }

    fn simulated(below: &[u64], trials: RangeInclusive<usize>) -> Option<Self> {
        let events = *below.last()? as f64;
        let mut pieces: Vec<Piece> = Vec::new();
        let mut continuous = 0.0;
        let mut piece = |length: f64, compared: bool| {
            // Neighbors of the continuous kind are one, before they are cut into steps.
            match pieces.last_mut() {
                Some(last) if last.compared && compared => last.length += length,
                _ => pieces.push(Piece { length, compared }),
            }
        };
        for ends in below.windows(2) {
            let count = ends[1] - ends[0];
            let part = count as f64 / events;
            let jump = count >= FEWEST && part >= LEAST;
            piece(part, !jump);
            if !jump {
                continuous += part;
            }
        }
        if pieces.iter().all(|p| p.compared) {
            return None;
        }
        let steps = |p: Piece| if p.compared { (p.length / STEP).ceil().max(1.0) } else { 1.0 };
        let pieces: Vec<Piece> = pieces
            .into_iter()
            .flat_map(|p| {
                let n = steps(p);
                std::iter::repeat_n(Piece { length: p.length / n, ..p }, n as usize)
            })
            .collect();
        let trials = (WORK / pieces.len()).clamp(*trials.start(), *trials.end());
        let mut stream = Seed::new(0).split("ties").stream();
        let mut path = vec![0.0; pieces.len() + 1];
        let mut suprema: Vec<f64> = (0..trials)
            .map(|_| {
                // A Brownian motion, pinned to 0 at t = 1.
                for (k, piece) in pieces.iter().enumerate() {
                    let step: f64 = StandardNormal.sample(&mut stream);
                    path[k + 1] = path[k] + step * piece.length.sqrt();
                }
                let (end, mut t, mut before, mut largest) = (path[pieces.len()], 0.0, 0.0_f64, 0.0_f64);
                for (piece, motion) in pieces.iter().zip(&path[1..]) {
                    t += piece.length;
                    let here = motion - t * end;
                    largest = largest.max(here.abs());
                    if piece.compared {
                        let mut extreme = |sign: f64| {
                            // P(max > y) = exp(-2 (y - a)(y - b) / length) between points at a and b.
                            let u: f64 = 1.0 - stream.random::<f64>();
                            let square = (before - here).powi(2) - 2.0 * piece.length * u.ln();
                            0.5 * (sign * (before + here) + square.sqrt())
                        };
                        largest = largest.max(extreme(1.0)).max(extreme(-1.0));
                    }
                    before = here;
                }
                largest
            })
            .collect();
        suprema.sort_unstable_by(f64::total_cmp);
        let mean = suprema.iter().sum::<f64>() / suprema.len() as f64;
        Some(Ties { suprema, mean, continuous })
    }

    /// The mean supremum.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Its quantile, interpolated between neighbors.
    pub fn quantile(&self, p: f64) -> f64 {
        let last = self.suprema.len() - 1;
        let position = p.clamp(0.0, 1.0) * last as f64;
        let below = position as usize;
        let above = (below + 1).min(last);
        self.suprema[below] + (position - below as f64) * (self.suprema[above] - self.suprema[below])
    }

    /// Part of the events whose values do not repeat.
    pub fn continuous(&self) -> f64 {
        self.continuous
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::GapCounts;
    use crate::ks::counts::Gaps;
    use crate::ks::kolmogorov::{self, TwoSample};

    fn ties(values: &[f64]) -> Option<Ties> {
        Ties::of(Gaps::new(values).unwrap().below())
    }

    #[test]
    fn values_that_do_not_repeat_follow_kolmogorov() {
        let values: Vec<f64> = (0..3000).map(|i| f64::from(i).sqrt()).collect();
        assert!(ties(&values).is_none());
        // A pair among many is rounding.
        assert!(ties(&[&values[..], &values[..1]].concat()).is_none());
        assert!(ties(&[&values[..20], &values[..20]].concat()).is_none());
    }

    /// A jump of one per mille leaves Kolmogorov's law, which tests the extremes between points: the means of 10 000 suprema, of
    /// spread 0.26, agree to 4 standard errors and the half per cent that the jump takes away.
    #[test]
    fn a_small_jump_changes_little() {
        let mut values: Vec<f64> = (0..9990).map(f64::from).collect();
        values.extend([-1.0; 10]);
        let found = ties(&values).unwrap();
        assert!((found.mean() / kolmogorov::mean() - 1.0).abs() < 0.017, "{}", found.mean());
        for p in [0.025, 0.16, 0.5, 0.84, 0.975] {
            let ratio = found.quantile(p) / kolmogorov::quantile(p);
            assert!((ratio - 1.0).abs() < 0.03, "p {p}: {ratio}");
        }
    }

    /// Of two values the distance is |B(p)|, half normal of width sqrt(p (1 - p)): mean sqrt(2 / pi) of it, median 0.67449, 97.5 %
    /// quantile 2.24140.
    #[test]
    fn two_values_are_half_normal() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from(u8::from(i < 300))).collect();
        let found = ties(&values).unwrap();
        let width = 0.21_f64.sqrt();
        assert!((found.mean() / width - 0.797_885).abs() < 0.025, "{}", found.mean() / width);
        assert!((found.quantile(0.5) / width - 0.674_49).abs() < 0.04);
        assert!((found.quantile(0.975) / width - 2.2414).abs() < 0.1);
        assert_eq!(found.continuous(), 0.0);
    }

    fn poisson(stream: &mut amplicast_sdk::Stream) -> f64 {
        // By inversion, of mean 0.15.
        let (mut u, mut term, mut k) = (stream.random::<f64>(), (-0.15_f64).exp(), 0.0);
        while u > term {
            u -= term;
            k += 1.0;
            term *= 0.15 / k;
        }
        k
    }

    fn spike(part: f64) -> impl Fn(&mut amplicast_sdk::Stream) -> f64 {
        move |stream| {
            let x: f64 = stream.random();
            if x < part { 0.0 } else { x }
        }
    }

    /// True samples of n events against true references of m: the 95 and 68 % bands hold as often as they say (4 standard errors,
    /// and the steps of a discrete distance), and Kolmogorov's law does not.
    fn covers(draw: impl Fn(&mut amplicast_sdk::Stream) -> f64, n: usize, m: usize) -> [f64; 2] {
        const TRIALS: u64 = 400;
        let mut inside = [0.0; 2];
        for trial in 0..TRIALS {
            let mut stream = Seed::new(17).index(trial).stream();
            let mut sample = |k: usize| (0..k).map(|_| draw(&mut stream)).collect::<Vec<_>>();
            let reference = sample(m);
            let mut counts = GapCounts::against(&reference).unwrap();
            counts.add(&sample(n));
            let distance = counts.distance().value();
            // A thousand suprema fix the ends of the bands as well as 400 trials test them.
            let ties = Ties::simulated(Gaps::new(&reference).unwrap().below(), 1000..=1000);
            let law = TwoSample::new(n as f64, m as f64).with_ties(ties.as_ref());
            for (count, level) in inside.iter_mut().zip([0.95, 0.68]) {
                let band = [0.5 - level / 2.0, 0.5 + level / 2.0].map(|p| law.quantile(p));
                *count += f64::from(u8::from(distance >= band[0] && distance <= band[1])) / TRIALS as f64;
            }
        }
        inside
    }

    #[test]
    fn bands_hold_for_counts_and_spikes() {
        for (name, found) in [
            ("hits", covers(poisson, 1000, 4000)),
            ("a spike of 61 %", covers(spike(0.61), 1000, 4000)),
            ("a spike of 15 %, small reference", covers(spike(0.15), 500, 300)),
        ] {
            // 4 sqrt(0.95 0.05 / 400) = 0.044, 4 sqrt(0.68 0.32 / 400) = 0.093.
            assert!((found[0] - 0.95).abs() < 0.05 && (found[1] - 0.68).abs() < 0.1, "{name}: {found:?}");
        }
    }
}
