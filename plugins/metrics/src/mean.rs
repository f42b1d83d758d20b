//! The averaging metric of the mean of a summary: Matchev et al. 2022, Appendix A, in the language of Bahl et al. 2025.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{
    Accumulator, Comparison, Component, Expectations, Metric, Reference, ReferenceUse, Result, Shown, Takes,
    Values, config, expect_length, register_metric,
};

use crate::averaging::{Averaging, Quantities};
use crate::numbers::{WITHOUT_VARIANCE, names, pairs, places, units};
use crate::weighted_mean::WeightedMean;

config! {
    /// The mean of the cell's summary; nothing to configure.
    pub struct MeanConfig {}
}

/// The squared error of the mean of a summary x, estimated by the members' variance of their sample means with
/// Var(x) / n_gen subtracted; a true sample of n events has Var(x) / n.
///
/// It is what `integral` is with x in place of the indicator of a region (Bahl et al. 2025, Eqs 9-18). For a generator
/// that fits the mean of its training events G = 1: no amplification (Matchev et al. 2022, Fig. 6).
///
/// Of a summary of d > 1 numbers it is the squared error of the mean vector, each number x_j in units of its own spread
/// s_j from one generated event to another: M = sum_j (<x_j> - mu_j)^2 / s_j^2. A true sample of n events has M = d / n in the mean, whatever the
/// distribution and however the numbers depend on each other; the interval is that of several regions, in quadrature.
pub struct Mean;

register_metric!(Mean);

impl Component for Mean {
    type Config = MeanConfig;
    const NAME: &'static str = "mean";
    const ABOUT: &'static str =
        "Averaging amplification: spread of the summary's mean over members (Matchev et al., App. A)";

    fn new(_: MeanConfig) -> Result<Self> {
        Ok(Mean)
    }
}

impl Metric for Mean {
    fn takes(&self) -> Takes {
        Takes::Any
    }

    fn reference(&self) -> ReferenceUse {
        ReferenceUse::Quantiles(Vec::new())
    }

    fn least_members(&self) -> u64 {
        2
    }

    fn weights(&self) -> bool {
        true
    }

    fn groups(&self) -> bool {
        true
    }

    fn shown(&self) -> Shown {
        Shown::variance(Self::NAME)
    }

    fn compare(&self, reference: &Reference<'_>) -> Result<Box<dyn Comparison>> {
        let numbers = reference.values.numbers();
        Ok(match reference.weighted || reference.grouped {
            true => Box::new(Averaging(WeightedMean { numbers })),
            false => Box::new(Averaging(SampleMean { numbers })),
        })
    }
}

/// The mean of each number.
struct SampleMean {
    numbers: usize,
}

impl Quantities for SampleMean {
    /// Mean and variance of one number after the other, then the covariances of pairs.
    fn value_names(&self) -> Vec<String> {
        match self.numbers {
            1 => vec!["mean".into(), "variance".into()],
            d => {
                let each = (1..=d).flat_map(|j| [format!("mean {j}"), format!("variance {j}")]);
                each.chain(pairs(d).map(|(j, k)| format!("covariance {} {}", j + 1, k + 1))).collect()
            }
        }
    }

    fn names(&self) -> Vec<String> {
        names(self.numbers)
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Moments::new(self.numbers))
    }

    fn means(&self, values: &[f64], _events: u64) -> Vec<f64> {
        values.iter().copied().step_by(2).take(self.numbers).collect()
    }

    fn event_variances(&self, _means: &[f64], samples: ArrayView2<'_, f64>) -> Vec<f64> {
        (0..self.numbers).map(|j| samples.column(2 * j + 1).mean().unwrap_or(0.0)).collect()
    }

    fn units(&self, event_variances: &[f64]) -> Vec<f64> {
        units(event_variances)
    }

    /// The sum of variances has the relative error of normal numbers.
    fn expectations(&self, values: &[f64], events: u64) -> Result<Expectations> {
        let (d, means) = (self.numbers, self.means(values, events));
        let mut covariance = vec![0.0; d * d];
        (0..d).for_each(|j| covariance[j * (d + 1)] = values[2 * j + 1]);
        for ((j, k), value) in pairs(d).zip(&values[2 * d..]) {
            covariance[j * d + k] = *value;
            covariance[k * d + j] = *value;
        }
        let variances: Vec<f64> = covariance.iter().copied().step_by(d + 1).collect();
        let units = units(&variances);
        let trace: f64 = variances.iter().zip(&units).map(|(v, unit)| v / (unit * unit)).sum();
        let in_units = |(i, c): (usize, &f64)| c / (units[i / d] * units[i % d]);
        let square: f64 = covariance.iter().enumerate().map(in_units).map(|c| c * c).sum();
        let error = if trace > 0.0 { (2.0 * square / events as f64).sqrt() / trace } else { 0.0 };
        Ok(Expectations { means, covariance, units, error, with_error: vec![0.0; d], events: events as f64 })
    }

    fn without_variance(&self) -> &'static str {
        WITHOUT_VARIANCE
    }
}

/// Number of events so far, their means, and sums of products of deviations.
#[derive(Debug, Clone)]
struct Moments {
    count: f64,
    means: Vec<f64>,
    /// Squares of each number, then products of pairs.
    products: Vec<f64>,
}

impl Moments {
    fn new(numbers: usize) -> Self {
        Moments { count: 0.0, means: vec![0.0; numbers], products: vec![0.0; numbers * (numbers + 1) / 2] }
    }

    /// Of both together (Chan, Golub & LeVeque 1983): nothing cancels, however far the mean is from zero.
    fn add(&mut self, other: &Moments) {
        let count = self.count + other.count;
        if other.count == 0.0 {
            return;
        }
        let differences: Vec<f64> = other.means.iter().zip(&self.means).map(|(a, b)| a - b).collect();
        for (mean, difference) in self.means.iter_mut().zip(&differences) {
            *mean += difference * other.count / count;
        }
        let places = places(differences.len());
        for ((product, add), (j, k)) in self.products.iter_mut().zip(&other.products).zip(places) {
            *product += add + differences[j] * differences[k] * self.count * other.count / count;
        }
        self.count = count;
    }

    fn of(x: ArrayView2<'_, f64>) -> Self {
        let mut moments = Moments::new(x.ncols());
        if x.nrows() == 0 {
            return moments;
        }
        moments.count = x.nrows() as f64;
        // Differences are summed: a sum of large values would lose their last digits.
        for (mean, x) in moments.means.iter_mut().zip(x.columns()) {
            *mean = x[0] + x.iter().map(|value| value - x[0]).sum::<f64>() / moments.count;
        }
        let means = &moments.means;
        for (product, (j, k)) in moments.products.iter_mut().zip(places(x.ncols())) {
            let both = x.column(j).into_iter().zip(x.column(k));
            *product = both.map(|(a, b)| (a - means[j]) * (b - means[k])).sum();
        }
        moments
    }
}

impl Accumulator for Moments {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let x = values.unweighted()?;
        expect_length("numbers of an event", self.means.len(), x.ncols())?;
        self.add(&Moments::of(x));
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok([self.count].iter().chain(&self.means).chain(&self.products).copied().collect())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        let numbers = self.means.len();
        expect_length("moments", 1 + numbers + self.products.len(), state.len())?;
        let (means, products) = state[1..].split_at(numbers);
        self.add(&Moments { count: state[0], means: means.to_vec(), products: products.to_vec() });
        Ok(())
    }

    /// Mean and unbiased variance of each number, then covariances; of no event zero, of one event the variance zero.
    fn values(&self) -> Result<Vec<f64>> {
        let part = 1.0 / (self.count - 1.0).max(1.0);
        let (squares, others) = self.products.split_at(self.means.len());
        let each = self.means.iter().zip(squares).flat_map(|(mean, square)| [*mean, square * part]);
        Ok(each.chain(others.iter().map(|product| product * part)).collect())
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::Array3;
    use amplicast_sdk::rand_distr::{Distribution, Normal, StandardNormal};
    use amplicast_sdk::{Curves, Seed};

    use super::*;

    fn of_one_number() -> Moments {
        Moments::new(1)
    }

    fn moments(values: &[f64]) -> Vec<f64> {
        let mut moments = of_one_number();
        moments.update(Values::single(values)).unwrap();
        moments.values().unwrap()
    }

    #[test]
    fn moments_of_parts_are_those_of_the_whole() {
        let values: Vec<f64> = (0..1000).map(|k| 1e9 + f64::from(k).sin()).collect();
        let mut parts = of_one_number();
        for part in [&values[..1], &values[1..1], &values[1..600], &values[600..]] {
            let mut other = of_one_number();
            other.update(Values::single(part)).unwrap();
            parts.merge(&other.state().unwrap()).unwrap();
        }
        let mean = values.iter().map(|v| v - 1e9).sum::<f64>() / 1000.0;
        let variance = values.iter().map(|v| (v - 1e9 - mean).powi(2)).sum::<f64>() / 999.0;
        for found in [moments(&values), parts.values().unwrap()] {
            // At 1e9 a number has steps of 1.2e-7.
            assert!((found[0] - 1e9 - mean).abs() < 2.4e-7, "{found:?}");
            assert!((found[1] / variance - 1.0).abs() < 1e-6, "{found:?}, expected {variance}");
        }
        assert_eq!(moments(&[]), [0.0, 0.0]);
        assert_eq!(moments(&[3.0]), [3.0, 0.0]);
    }

    /// Members N(mu_i, sigma^2) with mu_i from N(0, sigma^2 / n_train): G = 1, with the interval's coverage.
    #[test]
    fn the_mean_is_not_amplified() {
        const N_TRAIN: f64 = 100.0;
        const WIDTH: f64 = 3.0;
        let comparison = Mean.compare(&Reference::quantiles(1, &[])).unwrap();
        let (replicas, members, n_gen) = (1000, 10, 10_000_u64);
        let (mut mean, mut inside) = (0.0, 0.0);
        let truth = WIDTH * WIDTH / N_TRAIN;
        for replica in 0..replicas {
            let mut stream = Seed::new(7).index(replica).stream();
            let mut values = Array3::zeros((members, 1, 2));
            for i in 0..members {
                let member: f64 = Normal::new(0.0, WIDTH / N_TRAIN.sqrt()).unwrap().sample(&mut stream);
                let noise: f64 = StandardNormal.sample(&mut stream);
                values[[i, 0, 0]] = member + noise * WIDTH / (n_gen as f64).sqrt();
                values[[i, 0, 1]] = WIDTH * WIDTH;
            }
            let sizes = vec![n_gen; members];
            let curves = Curves {
                generated: &[n_gen],
                passed: &sizes,
                values: values.view(),
                n_effective: members as f64,
            };
            let limit = comparison.limit(&curves, 0.68).unwrap();
            let null = comparison.null(&curves, N_TRAIN, &[0.5]).unwrap();
            assert!((null.mean / truth - 1.0).abs() < 1e-12);
            mean += limit.value / replicas as f64;
            inside += f64::from(u8::from(limit.low <= truth && truth <= limit.high)) / replicas as f64;
        }
        // A variance of 10 members has a relative spread of sqrt(2 / 9).
        assert!((mean / truth - 1.0).abs() < 4.0 * (2.0 / 9.0 / replicas as f64).sqrt(), "{mean}, {truth}");
        assert!((inside - 0.68_f64).abs() < 3.0 * (0.68 * 0.32 / replicas as f64).sqrt(), "{inside}");
    }

    /// Members whose mean vector is that of `N_TRAIN` events of correlated numbers of very different widths: G = 1, the law of a
    /// true sample is d / n, and the interval has its coverage.
    #[test]
    fn a_mean_vector_is_not_amplified_either() {
        const N_TRAIN: f64 = 100.0;
        const WIDTHS: [f64; 3] = [1e-3, 2.0, 5e4];
        // Of unit variance, the second with a correlation of 0.8 to the first.
        let correlated = |stream: &mut amplicast_sdk::Stream| {
            let [a, b, c]: [f64; 3] = std::array::from_fn(|_| StandardNormal.sample(stream));
            [a, 0.8 * a + 0.6 * b, c]
        };
        let comparison = Mean.compare(&Reference::quantiles(3, &[])).unwrap();
        assert_eq!(comparison.value_names()[2..4], ["mean 2", "variance 2"]);
        let (replicas, members, n_gen) = (1000, 10, 10_000_u64);
        let sizes = vec![n_gen; members];
        let (mut mean, mut inside, mut truth_found) = (0.0, 0.0, 0.0);
        let truth = 3.0 / N_TRAIN;
        for replica in 0..replicas {
            let mut stream = Seed::new(8).index(replica).stream();
            let mut values = Array3::zeros((members, 1, 9));
            for i in 0..members {
                let (member, noise) = (correlated(&mut stream), correlated(&mut stream));
                for (j, width) in WIDTHS.iter().enumerate() {
                    let deviation = member[j] / N_TRAIN.sqrt() + noise[j] / (n_gen as f64).sqrt();
                    values[[i, 0, 2 * j]] = width * (7.0 + deviation);
                    values[[i, 0, 2 * j + 1]] = width * width;
                }
            }
            let curves = Curves {
                generated: &[n_gen],
                passed: &sizes,
                values: values.view(),
                n_effective: members as f64,
            };
            let limit = comparison.limit(&curves, 0.68).unwrap();
            let null = comparison.null(&curves, N_TRAIN, &[0.5]).unwrap();
            assert!((null.mean / truth - 1.0).abs() < 1e-12);
            mean += limit.value / replicas as f64;
            inside += f64::from(u8::from(limit.low <= truth && truth <= limit.high)) / replicas as f64;
            let true_values: Vec<f64> =
                WIDTHS.iter().flat_map(|w| [7.0 * w, w * w]).chain([0.0; 3]).collect();
            let deviation = comparison.deviation(&curves, &true_values, 1_000_000_000).unwrap().unwrap();
            assert!((deviation.null_scale - 3.0).abs() < 1e-9 && deviation.pulls.len() == 3);
            truth_found += deviation.single_member / replicas as f64;
        }
        // tr S of 10 members scatters by sqrt(2 tr C^2 / 9) / tr C, with eigenvalues 1.8, 0.2 and 1: 0.32.
        assert!((mean / truth - 1.0).abs() < 4.0 * 0.32 / (replicas as f64).sqrt(), "{mean}, {truth}");
        assert!(
            (truth_found / truth - 1.0).abs() < 4.0 * 0.32 / (replicas as f64).sqrt(),
            "{truth_found}, {truth}"
        );
        // Within 3 % of nominal, or above (`Spread::total_freedom`).
        assert!((0.64..0.74).contains(&inside), "{inside}");
    }

    /// The vector's accumulator holds what those of its numbers hold, whatever the number beside them, and their covariances.
    #[test]
    fn each_number_has_its_own_moments() {
        let list: Vec<f64> =
            (0..300).map(|k| f64::from(k).sin() * if k % 3 == 2 { 1e6 } else { 1.0 }).collect();
        let x = ArrayView2::from_shape((100, 3), &list).unwrap();
        let mut all = Moments::new(3);
        all.update(Values::new(x.slice(amplicast_sdk::ndarray::s![..40, ..]))).unwrap();
        let mut rest = Moments::new(3);
        rest.update(Values::new(x.slice(amplicast_sdk::ndarray::s![40.., ..]))).unwrap();
        all.merge(&rest.state().unwrap()).unwrap();
        let found = all.values().unwrap();
        let each = x.columns().into_iter().flat_map(|column| moments(&column.to_vec()));
        let mean = |j: usize| x.column(j).mean().unwrap();
        let covariance = |(j, k): (usize, usize)| {
            let both = x.column(j).into_iter().zip(x.column(k));
            both.map(|(a, b)| (a - mean(j)) * (b - mean(k))).sum::<f64>() / 99.0
        };
        let expected: Vec<f64> = each.chain(pairs(3).map(covariance)).collect();
        assert_eq!(found.len(), 9);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{found} {expected}");
        }
        let error = all.update(Values::single(&[1.0])).unwrap_err();
        assert!(error.message().contains("expected 3 numbers, found 1"), "{error}");
    }

    /// Of one number the covariance is its variance; the relative error of a normal variance is sqrt(2 / n). In units of their widths the
    /// variances of several numbers add up to their number.
    #[test]
    fn expectations_of_a_mean() {
        let one = Averaging(SampleMean { numbers: 1 }).expectations(&[3.0, 4.0], 200).unwrap().unwrap();
        assert_eq!((one.means, one.covariance, one.units), (vec![3.0], vec![4.0], vec![1.0]));
        assert!((one.error - 0.1).abs() < 1e-12);
        let values = [3.0, 4.0, -1.0, 9.0, 1.5];
        let two = Averaging(SampleMean { numbers: 2 }).expectations(&values, 200).unwrap().unwrap();
        assert_eq!((two.means, two.covariance), (vec![3.0, -1.0], vec![4.0, 1.5, 1.5, 9.0]));
        assert_eq!(two.units, [2.0, 3.0]);
        // The correlation is 0.25: 2 (2 + 2 / 16) / 200 / 4.
        assert!((two.error - (2.0 * 2.125_f64 / 200.0).sqrt() / 2.0).abs() < 1e-12);
    }
}
