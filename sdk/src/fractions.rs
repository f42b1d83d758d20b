//! Fractions of weighted events in parts of a range, and how well they are known.

use crate::moments::quotient;
use crate::{Expectations, Result, expect_length};

/// Powers of the weights that are summed, from 0 on: the fourth is in the error of an error.
const POWERS: usize = 5;

type Sums = [f64; POWERS];

/// Sums of the powers of the weights of events: in disjoint parts of a range, and of all. A stream's state: both are added up.
///
/// The fraction in a part is I = sum w \[inside\] / sum w, so that the total of the weights does not matter, nor its fluctuation. To first
/// order it has the variance sum w^2 (\[inside\] - I)^2 / (sum w)^2, which is I (1 - I) / n for n equal weights.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedFractions {
    parts: Vec<Sums>,
    all: Sums,
}

impl WeightedFractions {
    /// No event, in so many parts.
    pub fn new(parts: usize) -> Self {
        WeightedFractions { parts: vec![[0.0; POWERS]; parts], all: [0.0; POWERS] }
    }

    /// Adds events to the whole: their weights, or how many of weight 1.
    pub fn add(&mut self, weights: Option<&[f64]>, events: usize) {
        add(&mut self.all, weights.unwrap_or_default().iter().copied());
        if weights.is_none() {
            add_ones(&mut self.all, events);
        }
    }

    /// Adds such events to a part, in which they are as well: `inside` tells which.
    pub fn add_to(&mut self, part: usize, weights: Option<&[f64]>, inside: impl Iterator<Item = bool>) {
        let sums = &mut self.parts[part];
        match weights {
            None => add_ones(sums, inside.filter(|inside| *inside).count()),
            Some(weights) => {
                let events = weights.iter().zip(inside).filter(|(_, inside)| *inside);
                add(sums, events.map(|(weight, _)| *weight));
            }
        }
    }

    /// Adds one event to a part.
    pub fn add_one_to(&mut self, part: usize, weight: f64) {
        add(&mut self.parts[part], [weight].into_iter());
    }

    /// All sums, those of a part after those of the one before, and those of all events last.
    pub fn numbers(&self) -> Vec<f64> {
        self.parts.iter().chain([&self.all]).flatten().copied().collect()
    }

    /// How many numbers there are for so many parts.
    pub fn len_of(parts: usize) -> usize {
        POWERS * (parts + 1)
    }

    /// From these numbers.
    pub fn read(numbers: &[f64]) -> Result<Self> {
        let (sums, rest) = numbers.as_chunks::<POWERS>();
        expect_length("sums of weights", numbers.len() - rest.len(), numbers.len())?;
        expect_length("sums of weights", numbers.len().max(POWERS), numbers.len())?;
        Ok(WeightedFractions { parts: sums[..sums.len() - 1].to_vec(), all: sums[sums.len() - 1] })
    }

    /// Adds the numbers of other events.
    pub fn merge(&mut self, numbers: &[f64]) -> Result<()> {
        expect_length("sums of weights", WeightedFractions::len_of(self.parts.len()), numbers.len())?;
        let own = self.parts.iter_mut().chain([&mut self.all]).flatten();
        own.zip(numbers).for_each(|(own, other)| *own += other);
        Ok(())
    }

    /// The sum of the weights in each part, and of all.
    pub fn weights(&self) -> (Vec<f64>, f64) {
        (self.parts.iter().map(|part| part[1]).collect(), self.all[1])
    }

    /// Events in each part, whatever their weights.
    pub fn counts(&self) -> Vec<f64> {
        self.parts.iter().map(|part| part[0]).collect()
    }

    /// The fractions with their covariance; `effective` events are those that know the sum of their variances as well.
    ///
    /// Where that is not known, since no event is inside or outside or since negative weights make a fraction negative, the number of
    /// effective events is (sum w)^2 / sum w^2 (Kish 1965).
    pub fn expectations(&self) -> Expectations {
        let [events, whole, squares, ..] = self.all;
        let means: Vec<f64> = self.parts.iter().map(|part| quotient(part[1], whole)).collect();
        let size = means.len();
        // Of the means themselves.
        let of_means = |r: usize, s: usize| {
            let [a, b] = [r, s].map(|part| self.parts[part][2]);
            let inside = if r == s { a } else { 0.0 };
            (inside - means[s] * a - means[r] * b + means[r] * means[s] * squares) / (whole * whole)
        };
        let variance: f64 = (0..size).map(|r| of_means(r, r)).sum();
        let alike: f64 = means.iter().map(|i| i * (1.0 - i)).sum();
        let known = variance > 0.0 && alike > 0.0;
        let effective = if known { alike / variance } else { quotient(whole * whole, squares) };
        let covariance = (0..size * size).map(|i| effective * of_means(i / size, i % size)).collect();

        // How ln(variance) changes with an event of weight w in each part and outside of all of them: a w^2 + b w.
        let square: f64 = means.iter().map(|i| i * i).sum();
        let total = variance * whole * whole;
        let slope = |r: usize| 2.0 * (means[r] * squares - self.parts[r][2]);
        let common: f64 = (0..size).map(|r| slope(r) * means[r]).sum();
        let outside: Sums =
            std::array::from_fn(|k| self.all[k] - self.parts.iter().map(|part| part[k]).sum::<f64>());
        let inside = |r: usize| (1.0 - 2.0 * means[r] + square, slope(r) - common, self.parts[r]);
        let places = (0..size).map(inside).chain([(square, -common, outside)]);
        let changes: Vec<(f64, f64, Sums)> =
            places.map(|(a, b, sums)| (a / total, (b / total - 2.0) / whole, sums)).collect();
        let squared: f64 =
            changes.iter().map(|(a, b, [_, _, w2, w3, w4])| a * a * w4 + 2.0 * a * b * w3 + b * b * w2).sum();
        // More events alone make the variance smaller, which is no error.
        let error = (squared - 1.0 / events).max(0.0).sqrt();
        let along: Vec<f64> =
            changes.iter().map(|(a, b, [_, _, w2, w3, _])| (a * w3 + b * w2) / whole).collect();
        let of_all: f64 = along.iter().sum();
        let with_error = means.iter().zip(&along).map(|(mean, along)| effective * (along - mean * of_all));
        Expectations {
            units: vec![1.0; size],
            error: if known { error } else { 0.0 },
            with_error: if known { with_error.collect() } else { vec![0.0; size] },
            events: effective,
            means,
            covariance,
        }
    }
}

fn add(sums: &mut Sums, weights: impl Iterator<Item = f64>) {
    for w in weights {
        let square = w * w;
        sums.iter_mut()
            .zip([1.0, w, square, square * w, square * square])
            .for_each(|(sum, power)| *sum += power);
    }
}

fn add_ones(sums: &mut Sums, events: usize) {
    sums.iter_mut().for_each(|sum| *sum += events as f64);
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, Exp1, StandardNormal};

    use super::*;
    use crate::Seed;

    /// Events in [0, 0.4), [0.4, 1) and outside, from one uniform number each, with these weights.
    fn of(events: &[(f64, f64)]) -> WeightedFractions {
        let mut sums = WeightedFractions::new(2);
        let weights: Vec<f64> = events.iter().map(|(_, w)| *w).collect();
        sums.add(Some(&weights), weights.len());
        for (part, range) in [0.0..0.4, 0.4..1.0].into_iter().enumerate() {
            sums.add_to(part, Some(&weights), events.iter().map(|(x, _)| range.contains(x)));
        }
        sums
    }

    /// Of equal weights: I (1 - I), its error by the slopes 1 - 2 I, and as many effective events as there are.
    #[test]
    fn equal_weights_are_counts() {
        let list: Vec<(f64, f64)> = (0..1000).map(|i| (f64::from(i) / 800.0, 3.0)).collect();
        let found = of(&list).expectations();
        let means = [0.32, 0.48];
        let entry = |r: usize, s: usize| means[r] * (f64::from(u8::from(r == s)) - means[s]);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        (0..2).for_each(|r| close(found.means[r], means[r]));
        (0..4).for_each(|i| close(found.covariance[i], entry(i / 2, i % 2)));
        close(found.events / 1000.0, 1.0);
        let slopes = means.map(|i| 1.0 - 2.0 * i);
        let along = |r: usize| (0..2).map(|s| entry(r, s) * slopes[s]).sum::<f64>();
        let trace = entry(0, 0) + entry(1, 1);
        close(found.error, ((slopes[0] * along(0) + slopes[1] * along(1)) / 1000.0).sqrt() / trace);
        (0..2).for_each(|r| close(found.with_error[r], along(r) / trace));
        // Without weights, the same.
        let mut ones = WeightedFractions::new(2);
        ones.add(None, 1000);
        for (part, range) in [0.0..0.4, 0.4..1.0].into_iter().enumerate() {
            ones.add_to(part, None, list.iter().map(|(x, _)| range.contains(x)));
        }
        let ones = ones.expectations();
        (0..4).for_each(|i| close(ones.covariance[i], found.covariance[i]));
        close(ones.error, found.error);
    }

    /// Many samples with weights of both signs that go with the number: the covariance of the fractions, the error of their variance, and
    /// how both go together.
    #[test]
    fn errors_are_those_of_repeated_samples() {
        let (events, samples) = (400, 4000);
        let mut all: Vec<Expectations> = Vec::new();
        for sample in 0..samples {
            let mut stream = Seed::new(4).index(sample).stream();
            let draw = |_| {
                let (x, z): (f64, f64) = (Exp1.sample(&mut stream), StandardNormal.sample(&mut stream));
                (0.6 * x, (1.0 + 0.5 * z) * (1.0 + x))
            };
            all.push(of(&(0..events).map(draw).collect::<Vec<_>>()).expectations());
        }
        let n = samples as f64;
        let mean = |f: &dyn Fn(&Expectations) -> f64| all.iter().map(f).sum::<f64>() / n;
        let covariance = |f: &dyn Fn(&Expectations) -> f64, g: &dyn Fn(&Expectations) -> f64| {
            let (a, b) = (mean(f), mean(g));
            all.iter().map(|e| (f(e) - a) * (g(e) - b)).sum::<f64>() / n
        };
        for (r, s) in [(0, 0), (0, 1), (1, 1)] {
            let found = covariance(&|e| e.means[r], &|e| e.means[s]);
            let expected = mean(&|e| e.covariance[2 * r + s] / e.events);
            let size = mean(&|e| (e.covariance[3 * r] * e.covariance[3 * s]).sqrt() / e.events);
            // The error of a covariance of so many samples is at most sqrt(2 / n) of the variances; to second order in 1 / events.
            assert!(
                (found - expected).abs() < (4.0 * (2.0 / n).sqrt() + 0.02) * size,
                "{r} {s}: {found} {expected}"
            );
        }
        let logarithm = |e: &Expectations| ((e.covariance[0] + e.covariance[3]) / e.events).ln();
        let (found, expected) = (covariance(&logarithm, &logarithm).sqrt(), mean(&|e| e.error));
        assert!((found / expected - 1.0).abs() < 0.08, "{found} {expected}");
        for r in 0..2 {
            let found = covariance(&|e| e.means[r], &logarithm);
            let expected = mean(&|e| e.with_error[r] / e.events);
            let size = expected.abs().max(mean(&|e| (e.covariance[3 * r] / e.events).sqrt() * e.error));
            assert!((found - expected).abs() < 0.1 * size, "{r}: {found} {expected}");
        }
    }

    #[test]
    fn parts_of_a_stream_are_added() {
        let list: Vec<(f64, f64)> = (0..100).map(|i| (f64::from(i) / 80.0, f64::from(i % 5) - 0.5)).collect();
        let mut first = of(&list[..30]);
        first.merge(&of(&list[30..]).numbers()).unwrap();
        let whole = of(&list);
        let close = |(a, b): (&f64, &f64)| assert!((a - b).abs() < 1e-9, "{a} {b}");
        first.numbers().iter().zip(&whole.numbers()).for_each(close);
        assert_eq!(WeightedFractions::read(&whole.numbers()).unwrap(), whole);
        assert!(WeightedFractions::read(&[]).is_err() && WeightedFractions::read(&[0.0; 7]).is_err());
        assert!(first.merge(&[0.0; 3]).is_err());
    }

    #[test]
    fn what_is_not_known_counts_by_the_weights_alone() {
        // All events inside.
        let one = |list: &[(f64, f64)]| {
            let mut sums = WeightedFractions::new(1);
            let weights: Vec<f64> = list.iter().map(|(_, w)| *w).collect();
            sums.add(Some(&weights), list.len());
            sums.add_to(0, Some(&weights), list.iter().map(|(x, _)| *x > 0.0));
            sums.expectations()
        };
        let found = one(&[(1.0, 1.0), (1.0, 3.0)]);
        assert_eq!((found.means[0], found.covariance[0], found.events), (1.0, 0.0, 1.6));
        assert_eq!((found.error, &found.with_error[..]), (0.0, &[0.0][..]));
        // A negative fraction.
        let found = one(&[(1.0, -1.0), (-1.0, 3.0)]);
        assert_eq!((found.means[0], found.events), (-0.5, 0.4));
        assert!(found.covariance[0] > 0.0);
    }
}
