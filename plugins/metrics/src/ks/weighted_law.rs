//! The law of the distance from a sample with weights, or with events that belong together.
//!
//! Its distribution function F_w has errors that are no multiple of a Brownian bridge where weights go with the summary, or are
//! negative, or where events belong together. To first order they are those of W(t) = sum_i w_i z_i (\[x_i < t\] - F_w(t)) / sum w with independent
//! standard normal z_i, one for each group of events (the multiplier bootstrap; van der Vaart and Wellner 1996, section 2.9), and a true
//! sample of n events that count alike adds B(F(t)) / sqrt(n), B a Brownian bridge. The supremum of the sum is simulated, with the same random numbers at every n.

use amplicast_sdk::Seed;
use amplicast_sdk::moments::{mean, quantile, quotient};

use super::in_order::InOrder;
use super::steps::Steps;

/// Simulated suprema.
const TRIALS: usize = 2000;
/// Sizes at which the law is simulated: so many a decade, so many decades to both sides of the reference's effective size.
const A_DECADE: usize = 8;
const DECADES: usize = 3;
/// Suprema of |B / sqrt(n) + W| in rising order, at rising n.
#[derive(Debug, Clone)]
pub struct WeightedLaw {
    sizes: Vec<f64>,
    suprema: Vec<Vec<f64>>,
    /// Of |W| alone, for n without end.
    limit: Vec<f64>,
}

impl WeightedLaw {
    /// Of a reference.
    pub fn new(sample: &InOrder) -> Self {
        let steps = Steps::new(sample);
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
        let size = |k: usize| steps.effective() * 10f64.powf(k as f64 / A_DECADE as f64 - DECADES as f64);
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

/// How many events that count alike, each by itself, have the same mean distance from the truth as this sample.
pub fn effective_events(sample: &InOrder) -> f64 {
    let steps = Steps::new(sample);
    let highest = |path: &[f64]| path.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let (mut of_bridge, mut of_weights) = (0.0, 0.0);
    for seed in seeds() {
        let [bridge, weighted] = steps.paths(seed);
        of_bridge += highest(&bridge) / TRIALS as f64;
        of_weights += highest(&weighted) / TRIALS as f64;
    }
    of_bridge += steps.missed_of_bridge();
    of_weights += steps.missed(f64::INFINITY);
    quotient(of_bridge, of_weights).powi(2)
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Values;
    use amplicast_sdk::moments::effective_size;
    use amplicast_sdk::rand::RngExt;
    use amplicast_sdk::rand_distr::{Distribution, Exp1, StandardNormal};

    use super::*;
    use crate::ks::kolmogorov;

    fn of(x: &[f64], weights: &[f64]) -> InOrder {
        InOrder::new(Values { w: Some(weights), ..Values::single(x) }).unwrap()
    }

    /// Equal weights, and weights that know nothing of the summary: Kolmogorov's law at the effective sizes.
    #[test]
    fn weights_that_know_nothing_make_a_smaller_sample() {
        let mut stream = Seed::new(3).stream();
        let random: Vec<f64> = (0..20_000).map(|_| Exp1.sample(&mut stream)).collect();
        for weights in [vec![2.0; 20_000], random] {
            let x: Vec<f64> = (0..20_000).map(f64::from).collect();
            let (law, size) = (WeightedLaw::new(&of(&x, &weights)), effective_size(&weights));
            // A mean of so many suprema, whose standard deviation is 0.3 of it, and a path that is random itself.
            let found = effective_events(&of(&x, &weights));
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
            (0..10).map(|k| WeightedLaw::new(&of(&places, &weights(100_000 + k)))).collect();
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
        let stated = WeightedLaw::new(&of(&x, &weights)).mean(n as f64);
        // Errors of 0.35 / sqrt(2000) of both, and a path that is one sample's.
        assert!((stated / found - 1.0).abs() < 0.05, "{stated} {found}");
        let apart: Vec<f64> = (0..events).map(|i| i as f64).collect();
        assert!(WeightedLaw::new(&of(&apart, &weights)).mean(n as f64) > 1.1 * found);
    }

    #[test]
    fn distances_fall_with_the_size() {
        let weights: Vec<f64> = (0..300).map(|i| 1.0 + f64::from(i % 7)).collect();
        let places: Vec<f64> = (0..weights.len()).map(|i| i as f64).collect();
        let law = WeightedLaw::new(&of(&places, &weights));
        for p in [0.025, 0.5, 0.975] {
            let of: Vec<f64> = (0..60).map(|k| law.quantile(10f64.powf(f64::from(k) / 8.0), p)).collect();
            assert!(of.windows(2).all(|pair| pair[1] <= pair[0]), "{of:?}");
            assert!(law.quantile(f64::INFINITY, p) <= of[59]);
        }
    }

    /// Groups of six events that are alike, some of negative weight: distances from plain samples of the same truth, drawn again and again. Equal events are
    /// one; without groups the law would be far too narrow.
    #[test]
    fn events_that_belong_together() {
        let (groups, n, samples) = (400_u64, 300_usize, 1500_u64);
        let (together, own) = (0.8_f64, 0.2_f64);
        let draw = |seed: Seed| {
            let mut stream = seed.stream();
            let (mut x, mut w, mut g) = (Vec::new(), Vec::new(), Vec::new());
            for group in 0..groups {
                let center: f64 = StandardNormal.sample(&mut stream);
                for k in 0..6 {
                    let z: f64 = StandardNormal.sample(&mut stream);
                    x.push(together.sqrt() * center + own.sqrt() * z);
                    w.push(if k == 5 { -1.0 } else { 1.0 });
                    g.push(group);
                }
            }
            (x, w, g)
        };
        let distance = |sample: u64| {
            let seed = Seed::new(7).index(sample);
            let (x, w, _) = draw(seed.split("grouped"));
            let list = of(&x, &w);
            let whole: f64 = w.iter().sum();
            let mut stream = seed.split("plain").stream();
            let mut plain: Vec<f64> = (0..n).map(|_| StandardNormal.sample(&mut stream)).collect();
            plain.sort_by(f64::total_cmp);
            let (mut i, mut sum, mut most) = (0, 0.0, 0.0_f64);
            for (x, w) in list.x.iter().zip(&list.weights) {
                i += plain[i..].iter().take_while(|y| *y < x).count();
                most = most.max((sum / whole - i as f64 / n as f64).abs());
                sum += w;
                most = most.max((sum / whole - i as f64 / n as f64).abs());
            }
            most
        };
        let mut distances: Vec<f64> = (0..samples).map(distance).collect();
        distances.sort_by(f64::total_cmp);
        let found = mean(&distances);
        let laws: Vec<(WeightedLaw, f64)> = (0..8)
            .map(|k| {
                let (x, w, g) = draw(Seed::new(8).index(k));
                let grouped = Values { w: Some(&w), g: Some(&g), ..Values::single(&x) };
                let sample = InOrder::new(grouped).unwrap();
                (WeightedLaw::new(&sample), effective_events(&sample))
            })
            .collect();
        let stated = |of: &dyn Fn(&WeightedLaw) -> f64| {
            mean(&laws.iter().map(|(law, _)| of(law)).collect::<Vec<f64>>())
        };
        // Errors of 0.3 / sqrt(1500) and 0.03 / sqrt(8) of it.
        let expected = stated(&|law| law.mean(n as f64));
        assert!((expected / found - 1.0).abs() < 0.05, "{expected} {found}");
        for p in [0.16, 0.84, 0.95] {
            let ratio = stated(&|law| law.quantile(n as f64, p)) / quantile(&distances, p);
            assert!((ratio - 1.0).abs() < 0.08, "{p}: {ratio}");
        }
        // Of the indicator of half of the events, whose correlation in a group is 2 / pi asin 0.8 = 0.59, a group's sum has the variance 6 + 10 * 0.59 where
        // single events would have 6, and (sum w)^2 = 16: 540 events. Rarer ones are less alike, of which at most 16 / 6 a group are left, 1067.
        let (x, w, _) = draw(Seed::new(8).index(0));
        let (alone, many) = (WeightedLaw::new(&of(&x, &w)).mean(1e6), stated(&|law| law.mean(1e6)));
        assert!(alone < 0.92 * many, "{alone} {many}");
        let effective = mean(&laws.iter().map(|(_, effective)| *effective).collect::<Vec<f64>>());
        assert!((540.0..1000.0).contains(&effective), "{effective}");
    }

    /// Five times the same event is one, and groups of one event each are none: the same numbers.
    #[test]
    fn a_group_of_equal_events_is_one() {
        let x: Vec<f64> = (0..2000).map(|i| (f64::from(i) * 0.37).sin()).collect();
        let five: Vec<f64> = x.iter().flat_map(|x| [*x; 5]).collect();
        let (groups, alone): (Vec<u64>, Vec<u64>) =
            ((0..2000).flat_map(|i| [i; 5]).collect(), (0..2000).collect());
        let plain = InOrder::new(Values::single(&x)).unwrap();
        for sample in [
            InOrder::new(Values { g: Some(&groups), ..Values::single(&five) }).unwrap(),
            InOrder::new(Values { g: Some(&alone), ..Values::single(&x) }).unwrap(),
        ] {
            let ratio = effective_events(&sample) / effective_events(&plain);
            assert!((ratio - 1.0).abs() < 0.01, "{ratio}");
            for size in [30.0, 2000.0, 1e6] {
                let ratio = WeightedLaw::new(&sample).mean(size) / WeightedLaw::new(&plain).mean(size);
                assert!((ratio - 1.0).abs() < 0.01, "{size}: {ratio}");
            }
        }
    }
}
