//! The law of the distance from a sample with weights.
//!
//! Its distribution function F_w has errors that are no multiple of a Brownian bridge where weights go with the summary, or are
//! negative. To first order they are those of W(t) = sum_i w_i z_i (\[x_i < t\] - F_w(t)) / sum w with independent standard normal z_i
//! (the multiplier bootstrap; van der Vaart and Wellner 1996, section 2.9), and a true sample of n events that count alike adds
//! B(F(t)) / sqrt(n), B a Brownian bridge. The supremum of the sum is simulated, with the same random numbers at every n.

use amplicast_sdk::Seed;
use amplicast_sdk::moments::{mean, quantile, quotient};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

/// Places between which the functions are straight lines.
const PLACES: usize = 400;
/// Simulated suprema.
const TRIALS: usize = 2000;
/// Sizes at which the law is simulated: so many a decade, so many decades to both sides of the reference's effective size.
const A_DECADE: usize = 8;
const DECADES: usize = 3;
/// What the supremum over places misses of that over all, in standard deviations from one place to the next: -zeta(1/2) / sqrt(2 pi)
/// (Broadie, Glasserman & Kou 1997).
const MISSED: f64 = 0.582_597;

/// How a sample's weights lie along the summary.
struct Steps {
    /// Of the distribution function, none negative.
    rise: Vec<f64>,
    /// The distribution function after each step.
    after: Vec<f64>,
    /// Root of the sum of w^2 in each step over the sum of w: the standard deviation of the step.
    deviation: Vec<f64>,
    /// Whether there are several values in each step, between which the supremum may lie too.
    inside: Vec<bool>,
    /// (sum w)^2 / sum w^2.
    effective: f64,
}

impl Steps {
    /// Of values in rising order with their weights.
    fn new(x: &[f64], weights: &[f64]) -> Self {
        let whole: f64 = weights.iter().sum();
        let squares: f64 = weights.iter().map(|w| w * w).sum();
        // Steps in which both functions scatter alike, and which end where the functions have a value: behind all equal ones. If there are
        // few values, each has a step of its own.
        let last_of_value = |i: usize| i + 1 == x.len() || x[i + 1] > x[i];
        let few = (0..x.len()).filter(|i| last_of_value(*i)).count() <= PLACES;
        let sizes: f64 = weights.iter().map(|w| w.abs()).sum();
        let (mut steps, mut inside) = (Vec::with_capacity(PLACES), Vec::with_capacity(PLACES));
        let (mut begin, mut scatter) = (0, 0.0);
        for (i, w) in weights.iter().enumerate() {
            scatter += 0.5 * (w * w / squares + w.abs() / sizes);
            let enough = few || scatter * PLACES as f64 >= (steps.len() + 1) as f64 || i + 1 == x.len();
            if enough && last_of_value(i) {
                steps.push(&weights[begin..=i]);
                inside.push(x[begin] < x[i]);
                begin = i + 1;
            }
        }
        let of = |step: &[f64]| step.iter().sum::<f64>() / whole;
        let mut sum = 0.0;
        let after = steps.iter().map(|step| {
            sum += of(step);
            sum
        });
        let after = after.collect();
        let rise: Vec<f64> = steps.iter().map(|step| of(step).max(0.0)).collect();
        let all: f64 = rise.iter().sum();
        let deviation = |step: &&[f64]| step.iter().map(|w| w * w).sum::<f64>().sqrt() / whole;
        Steps {
            rise: rise.iter().map(|rise| rise / all).collect(),
            after,
            deviation: steps.iter().map(deviation).collect(),
            inside,
            effective: quotient(whole * whole, squares),
        }
    }

    /// Paths of B and of W, one of each.
    fn paths(&self, seed: Seed) -> [Vec<f64>; 2] {
        let mut stream = seed.stream();
        let mut path = |steps: &mut dyn Iterator<Item = f64>, after: &dyn Fn(usize) -> f64| {
            let mut sum = 0.0;
            let mut path: Vec<f64> = steps
                .map(|step| {
                    let z: f64 = StandardNormal.sample(&mut stream);
                    sum += step * z;
                    sum
                })
                .collect();
            path.iter_mut().enumerate().for_each(|(k, x)| *x -= after(k) * sum);
            path
        };
        let mut risen = Vec::with_capacity(self.rise.len());
        self.rise.iter().fold(0.0, |sum, rise| {
            risen.push(sum + rise);
            sum + rise
        });
        let bridge = path(&mut self.rise.iter().map(|rise| rise.sqrt()), &|k| risen[k]);
        [bridge, path(&mut self.deviation.iter().copied(), &|k| self.after[k])]
    }

    /// What the places miss of a supremum, B being divided by the root of n.
    fn missed(&self, n: f64) -> f64 {
        self.missed_of(self.rise.iter().zip(&self.deviation).map(|(rise, d)| rise / n + d * d))
    }

    /// The same of a function whose steps have these variances.
    fn missed_of(&self, variances: impl Iterator<Item = f64>) -> f64 {
        let between =
            variances.zip(&self.inside).filter(|(_, inside)| **inside).map(|(variance, _)| variance);
        MISSED * (between.sum::<f64>() / self.rise.len() as f64).sqrt()
    }
}

/// Suprema of |B / sqrt(n) + W| in rising order, at rising n.
#[derive(Debug, Clone)]
pub struct WeightedLaw {
    sizes: Vec<f64>,
    suprema: Vec<Vec<f64>>,
    /// Of |W| alone, for n without end.
    limit: Vec<f64>,
}

impl WeightedLaw {
    /// Of a reference of these values, in rising order, with their weights.
    pub fn new(x: &[f64], weights: &[f64]) -> Self {
        let steps = Steps::new(x, weights);
        let paths: Vec<[Vec<f64>; 2]> = seeds().map(|seed| steps.paths(seed)).collect();
        let at = |n: f64| {
            let (root, missed) = (n.sqrt().recip(), steps.missed(n));
            let of = |[bridge, weighted]: &[Vec<f64>; 2]| {
                let both = bridge.iter().zip(weighted).map(|(b, w)| (root * b + w).abs());
                both.fold(0.0, f64::max) + missed
            };
            let mut suprema: Vec<f64> = paths.iter().map(of).collect();
            suprema.sort_unstable_by(f64::total_cmp);
            suprema
        };
        let size = |k: usize| steps.effective * 10f64.powf(k as f64 / A_DECADE as f64 - DECADES as f64);
        let sizes: Vec<f64> = (0..=2 * DECADES * A_DECADE).map(size).collect();
        let limit = at(f64::INFINITY);
        let mut suprema: Vec<Vec<f64>> = sizes.iter().map(|n| at(*n)).collect();
        // They fall with n; what rises is chance.
        let mut least = limit.clone();
        for list in suprema.iter_mut().rev() {
            list.iter_mut().zip(&mut least).for_each(|(x, least)| {
                *x = x.max(*least);
                *least = *x;
            });
        }
        WeightedLaw { sizes, suprema, limit }
    }

    /// The mean distance at this size.
    pub fn mean(&self, n: f64) -> f64 {
        self.at(n, mean)
    }

    /// The quantile of the distance at this size.
    pub fn quantile(&self, n: f64, p: f64) -> f64 {
        self.at(n, |suprema| quantile(suprema, p))
    }

    /// A number of the law: a power of n between two sizes, n^(-1/2) below all, and straight to its limit above.
    fn at(&self, n: f64, of: impl Fn(&[f64]) -> f64) -> f64 {
        let last = self.sizes.len() - 1;
        if n <= self.sizes[0] {
            return of(&self.suprema[0]) * (self.sizes[0] / n).sqrt();
        }
        if n >= self.sizes[last] {
            let (end, limit) = (of(&self.suprema[last]), of(&self.limit));
            return limit + (end - limit) * self.sizes[last] / n;
        }
        let after = self.sizes.partition_point(|size| *size <= n);
        let (low, high) = (of(&self.suprema[after - 1]), of(&self.suprema[after]));
        if low <= 0.0 || high <= 0.0 {
            return high;
        }
        let part = (n / self.sizes[after - 1]).ln() / (self.sizes[after] / self.sizes[after - 1]).ln();
        low * (high / low).powf(part)
    }
}

fn seeds() -> impl Iterator<Item = Seed> {
    (0..TRIALS as u64).map(|trial| Seed::new(0).split("weighted law").index(trial))
}

/// How many events that count alike have the same mean distance from the truth as a sample of these values, in rising order, with their
/// weights.
pub fn effective_events(x: &[f64], weights: &[f64]) -> f64 {
    let steps = Steps::new(x, weights);
    let highest = |path: &[f64]| path.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let (mut of_bridge, mut of_weights) = (0.0, 0.0);
    for seed in seeds() {
        let [bridge, weighted] = steps.paths(seed);
        of_bridge += highest(&bridge) / TRIALS as f64;
        of_weights += highest(&weighted) / TRIALS as f64;
    }
    of_bridge += steps.missed_of(steps.rise.iter().copied());
    of_weights += steps.missed_of(steps.deviation.iter().map(|d| d * d));
    quotient(of_bridge, of_weights).powi(2)
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::moments::effective_size;
    use amplicast_sdk::rand::RngExt;
    use amplicast_sdk::rand_distr::Exp1;

    use super::*;
    use crate::ks::kolmogorov;

    /// Equal weights, and weights that know nothing of the summary: Kolmogorov's law at the effective sizes.
    #[test]
    fn weights_that_know_nothing_make_a_smaller_sample() {
        let mut stream = Seed::new(3).stream();
        let random: Vec<f64> = (0..20_000).map(|_| Exp1.sample(&mut stream)).collect();
        for weights in [vec![2.0; 20_000], random] {
            let x: Vec<f64> = (0..20_000).map(f64::from).collect();
            let (law, size) = (WeightedLaw::new(&x, &weights), effective_size(&weights));
            // A mean of so many suprema, whose standard deviation is 0.3 of it, and a path that is random itself.
            let found = effective_events(&x, &weights);
            assert!((found / size - 1.0).abs() < 0.04, "{found}");
            for n in [10.0, 2000.0, 20_000.0, 1e6, f64::INFINITY] {
                let root = (1.0 / n + 1.0 / size).sqrt();
                assert!(
                    (law.mean(n) / (root * kolmogorov::mean()) - 1.0).abs() < 0.025,
                    "{n}: {}",
                    law.mean(n)
                );
                for p in [0.1, 0.5, 0.95] {
                    let ratio = law.quantile(n, p) / (root * kolmogorov::quantile(p));
                    assert!((ratio - 1.0).abs() < 0.05, "{n} {p}: {ratio}");
                }
            }
        }
    }

    /// Weights that rise with the summary, a tenth of them negative: distances between weighted samples and plain ones of the same truth,
    /// drawn again and again. The effective size of Kish would be wrong.
    #[test]
    fn weights_that_go_with_the_summary() {
        // x of a density 2 (1 - x) with weights proportional to x / (1 - x): the truth is 2 x.
        let (events, n, samples) = (4000, 3000, 600);
        let draw = |seed: u64| {
            let mut stream = Seed::new(seed).stream();
            let mut list: Vec<(f64, f64)> = (0..events)
                .map(|_| {
                    let u: f64 = stream.random();
                    let x = 1.0 - (1.0 - 0.99 * u).sqrt();
                    let sign = if stream.random::<f64>() < 0.1 { -1.0 } else { 1.0 };
                    (x, sign * x / (1.0 - x))
                })
                .collect();
            list.sort_by(|a, b| a.0.total_cmp(&b.0));
            list
        };
        let mut distances = Vec::new();
        for sample in 0..samples {
            let list = draw(sample);
            let whole: f64 = list.iter().map(|(_, w)| w).sum();
            let mut stream = Seed::new(sample).split("plain").stream();
            // x^2 / 0.9^2 is uniform below 0.9, where the first sample ends.
            let mut plain: Vec<f64> = (0..n).map(|_| 0.9 * stream.random::<f64>().sqrt()).collect();
            plain.sort_by(f64::total_cmp);
            let (mut i, mut sum, mut most) = (0, 0.0, 0.0_f64);
            for (x, w) in &list {
                i += plain[i..].iter().take_while(|y| *y < x).count();
                most = most.max((sum / whole - i as f64 / f64::from(n)).abs());
                sum += w;
                most = most.max((sum / whole - i as f64 / f64::from(n)).abs());
            }
            distances.push(most);
        }
        let weights = |sample: u64| draw(sample).iter().map(|(_, w)| *w).collect::<Vec<f64>>();
        // The law of one sample's weights scatters itself by 3 %.
        let places: Vec<f64> = (0..events).map(f64::from).collect();
        let laws: Vec<WeightedLaw> =
            (0..10).map(|k| WeightedLaw::new(&places, &weights(100_000 + k))).collect();
        let stated = |of: &dyn Fn(&WeightedLaw) -> f64| mean(&laws.iter().map(of).collect::<Vec<f64>>());
        distances.sort_by(f64::total_cmp);
        let found = mean(&distances);
        let expected = stated(&|law| law.mean(f64::from(n)));
        // Errors of 0.3 / sqrt(600) and 0.03 / sqrt(10) of it.
        assert!((expected / found - 1.0).abs() < 4.0 * 0.0155, "{expected} {found}");
        for p in [0.16, 0.84, 0.95] {
            let ratio = stated(&|law| law.quantile(f64::from(n), p)) / quantile(&distances, p);
            assert!((ratio - 1.0).abs() < 0.1, "{p}: {ratio}");
        }
        // Kish's size is too small: the largest weights are at one end, where the function is known to be 1.
        let kish = kolmogorov::mean() * (1.0 / f64::from(n) + 1.0 / effective_size(&weights(100_000))).sqrt();
        assert!((kish / found - 1.0).abs() > 0.05, "{kish} {found}");
    }

    /// Whole numbers from 0 to 4: distances between weighted samples and plain ones, drawn again and again. They are shorter than those of
    /// values that all differ.
    #[test]
    fn equal_values_have_one_place() {
        let (events, n, samples) = (400_usize, 300_usize, 2000_u64);
        let draw = |count: usize, seed: Seed| {
            let mut stream = seed.stream();
            let mut list: Vec<f64> = (0..count).map(|_| f64::from(stream.random_range(0..5))).collect();
            list.sort_by(f64::total_cmp);
            list
        };
        let weight = |i: usize| if i.is_multiple_of(10) { -1.0 } else { 1.0 + (i % 3) as f64 };
        let distance = |sample: u64| {
            let seed = Seed::new(5).index(sample);
            let (mut stream, x) = (seed.split("weights").stream(), draw(events, seed.split("weighted")));
            let weights: Vec<f64> = x.iter().map(|_| weight(stream.random_range(0..30))).collect();
            let whole: f64 = weights.iter().sum();
            let plain = draw(n, seed.split("plain"));
            let at = |value: f64| {
                let of_weights: f64 =
                    x.iter().zip(&weights).filter(|(x, _)| **x <= value).map(|(_, w)| w).sum();
                (of_weights / whole - plain.partition_point(|x| *x <= value) as f64 / n as f64).abs()
            };
            (0..5).map(|value| at(f64::from(value))).fold(0.0, f64::max)
        };
        let distances: Vec<f64> = (0..samples).map(distance).collect();
        let found = mean(&distances);
        let x = draw(events, Seed::new(6));
        let weights: Vec<f64> = (0..events).map(weight).collect();
        let stated = WeightedLaw::new(&x, &weights).mean(n as f64);
        // Errors of 0.35 / sqrt(2000) of both, and a path that is one sample's.
        assert!((stated / found - 1.0).abs() < 0.05, "{stated} {found}");
        let apart: Vec<f64> = (0..events).map(|i| i as f64).collect();
        assert!(WeightedLaw::new(&apart, &weights).mean(n as f64) > 1.1 * found);
    }

    #[test]
    fn distances_fall_with_the_size() {
        let weights: Vec<f64> = (0..300).map(|i| 1.0 + f64::from(i % 7)).collect();
        let places: Vec<f64> = (0..weights.len()).map(|i| i as f64).collect();
        let law = WeightedLaw::new(&places, &weights);
        for p in [0.025, 0.5, 0.975] {
            let of: Vec<f64> = (0..60).map(|k| law.quantile(10f64.powf(f64::from(k) / 8.0), p)).collect();
            assert!(of.windows(2).all(|pair| pair[1] <= pair[0]), "{of:?}");
            assert!(law.quantile(f64::INFINITY, p) <= of[59]);
        }
    }
}
