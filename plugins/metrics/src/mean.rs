//! The averaging metric of the mean of a summary: Matchev et al. 2022, Appendix A, in the language of Bahl et al. 2025.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{
    Accumulator, Comparison, Component, Metric, Reference, ReferenceUse, Result, config, expect_length,
    register_metric,
};

use crate::averaging::{Averaging, Expectations};

config! {
    /// The mean of the cell's summary; nothing to configure.
    pub struct MeanConfig {}
}

/// The squared error of the mean of a summary x, estimated by the members' variance of their sample means with
/// Var(x) / n_gen subtracted; a true sample of n events has Var(x) / n.
///
/// It is what `integral` is with x in place of the indicator of a region (Bahl et al. 2025, Eqs 9-18). For a generator
/// that fits the mean of its training events G = 1: no amplification (Matchev et al. 2022, Fig. 6).
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
    fn reference(&self) -> ReferenceUse {
        ReferenceUse::Quantiles(Vec::new())
    }

    fn least_members(&self) -> u64 {
        2
    }

    fn compare(&self, _: &Reference<'_>) -> Result<Box<dyn Comparison>> {
        Ok(Box::new(Averaging(SampleMean)))
    }
}

struct SampleMean;

impl Expectations for SampleMean {
    fn value_names(&self) -> Vec<String> {
        vec!["mean".into(), "variance".into()]
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Moments::default())
    }

    fn means(&self, values: &[f64], _events: u64) -> Vec<f64> {
        vec![values[0]]
    }

    fn event_variances(&self, _means: &[f64], samples: ArrayView2<'_, f64>) -> Vec<f64> {
        vec![samples.column(1).mean().unwrap_or(0.0)]
    }

    fn without_variance(&self) -> &'static str {
        "expected a summary that differs from event to event, found one that does not"
    }
}

/// Number, mean and sum of squared deviations of the values so far.
#[derive(Debug, Default, Clone, Copy)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Of both together (Chan, Golub & LeVeque 1983): nothing cancels, however far the mean is from zero.
    fn add(&mut self, other: Moments) {
        let count = self.count + other.count;
        if other.count == 0.0 {
            return;
        }
        let difference = other.mean - self.mean;
        self.mean += difference * other.count / count;
        self.squares += other.squares + difference * difference * self.count * other.count / count;
        self.count = count;
    }
}

impl Accumulator for Moments {
    fn update(&mut self, summaries: &[f64]) -> Result<()> {
        let Some(&first) = summaries.first() else { return Ok(()) };
        let count = summaries.len() as f64;
        // Differences are summed: a sum of large values would lose their last digits.
        let mean = first + summaries.iter().map(|x| x - first).sum::<f64>() / count;
        let squares = summaries.iter().map(|x| (x - mean).powi(2)).sum();
        self.add(Moments { count, mean, squares });
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(vec![self.count, self.mean, self.squares])
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        expect_length("moments", 3, state.len())?;
        self.add(Moments { count: state[0], mean: state[1], squares: state[2] });
        Ok(())
    }

    /// Mean and unbiased variance; of no event zero, of one event the variance zero.
    fn values(&self) -> Result<Vec<f64>> {
        Ok(vec![self.mean, self.squares / (self.count - 1.0).max(1.0)])
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::Array3;
    use amplicast_sdk::rand_distr::{Distribution, Normal, StandardNormal};
    use amplicast_sdk::{Curves, Seed};

    use super::*;

    fn moments(values: &[f64]) -> Vec<f64> {
        let mut moments = Moments::default();
        moments.update(values).unwrap();
        moments.values().unwrap()
    }

    #[test]
    fn moments_of_parts_are_those_of_the_whole() {
        let values: Vec<f64> = (0..1000).map(|k| 1e9 + f64::from(k).sin()).collect();
        let mut parts = Moments::default();
        for part in [&values[..1], &values[1..1], &values[1..600], &values[600..]] {
            let mut other = Moments::default();
            other.update(part).unwrap();
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
        let comparison =
            Mean.compare(&Reference { values: &[], quantiles: &[], simulated_null: None }).unwrap();
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
}
