//! A mixture of Gaussians.

use amplicast_sdk::moments::open_end;
use amplicast_sdk::ndarray::{ArrayView2, ArrayViewMut2};
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{
    Chunk, Component, Dataset, Density, Error, Result, Schema, Split, config, ensure_config,
};

use crate::normal::{LN_SQRT_2PI, numbered_columns, probability_below};

config! {
    /// A mixture of Gaussians with independent columns; by default two of different widths in two dimensions.
    pub struct GaussianMixtureConfig {
        /// Mean of each component: a list of as many numbers as there are columns.
        pub means: Vec<Vec<f64>> = vec![vec![-1.0, 0.0], vec![1.0, 0.5]],
        /// Standard deviation of each component, the same in all columns.
        pub widths: Vec<f64> = vec![0.5, 0.25],
        /// Weight of each component; they are divided by their sum.
        pub weights: Vec<f64> = vec![0.7, 0.3],
    }
}

/// Events from p(x) = sum_k w_k N(x; mean_k, width_k^2), with columns `x1` ... `xd`.
#[derive(Debug, Clone)]
pub struct GaussianMixture {
    components: Vec<Gaussian>,
    dimension: usize,
}

#[derive(Debug, Clone)]
struct Gaussian {
    weight: f64,
    mean: Vec<f64>,
    width: f64,
}

impl Component for GaussianMixture {
    type Config = GaussianMixtureConfig;
    const NAME: &'static str = "gaussian-mixture";
    const ABOUT: &'static str = "A mixture of Gaussians with independent columns";

    fn new(config: GaussianMixtureConfig) -> Result<Self> {
        let GaussianMixtureConfig { means, widths, weights } = config;
        let n = means.len();
        ensure_config(n > 0, "means", || "expected at least one component, found none".into())?;
        let dimension = means[0].len();
        ensure_config(dimension > 0, "means[0]", || "expected at least one column, found none".into())?;
        for (k, mean) in means.iter().enumerate() {
            let field = format!("means[{k}]");
            ensure_config(mean.len() == dimension, &field, || {
                format!("expected {dimension} numbers as in means[0], found {}", mean.len())
            })?;
            if let Some(x) = mean.iter().find(|x| !x.is_finite()) {
                return Err(Error::config(field, format!("expected finite numbers, found {x}")));
            }
        }
        for (field, values) in [("widths", &widths), ("weights", &weights)] {
            ensure_config(values.len() == n, field, || {
                format!("expected {n} numbers, one a component, found {}", values.len())
            })?;
            if let Some(x) = values.iter().find(|&&x| x.is_nan() || x <= 0.0 || x.is_infinite()) {
                return Err(Error::config(field, format!("expected positive numbers, found {x}")));
            }
        }
        let sum: f64 = weights.iter().sum();
        let component = |((mean, width), weight)| Gaussian { weight: weight / sum, mean, width };
        let components = means.into_iter().zip(widths).zip(weights).map(component).collect();
        Ok(GaussianMixture { components, dimension })
    }
}

impl GaussianMixture {
    /// The probability that a column is below `x`.
    fn below(&self, column: usize, x: f64) -> f64 {
        self.components.iter().map(|c| c.weight * probability_below((x - c.mean[column]) / c.width)).sum()
    }
}

impl Dataset for GaussianMixture {
    fn schema(&self) -> Schema {
        numbered_columns(self.dimension)
    }

    fn capacity(&self, _split: Split) -> Option<u64> {
        None
    }

    fn read(&self, _split: Split, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let mut stream = chunk.seed.stream();
        for mut event in out.rows_mut() {
            let mut u: f64 = stream.random();
            let of_event = self.components.iter().find(|c| {
                u -= c.weight;
                u < 0.0
            });
            // Rounding may leave the sum of the weights a little below 1.
            let component = of_event.unwrap_or(&self.components[self.components.len() - 1]);
            for (x, mean) in event.iter_mut().zip(&component.mean) {
                let z: f64 = StandardNormal.sample(&mut stream);
                *x = mean + component.width * z;
            }
        }
        Ok(())
    }

    fn density(&self) -> Option<&dyn Density> {
        Some(self)
    }

    /// Exact for `coordinate:K`, by bisection.
    fn quantile(&self, summary: &str, probability: f64) -> Option<f64> {
        let column: usize = summary.strip_prefix("coordinate:")?.parse().ok()?;
        if column >= self.dimension || !(0.0..=1.0).contains(&probability) {
            return None;
        }
        if let Some(end) = open_end(probability) {
            return Some(end);
        }
        // Beyond 38 widths nothing is left in an f64.
        let ends = |sign: f64| self.components.iter().map(move |c| c.mean[column] + sign * 38.0 * c.width);
        let (mut low, mut high) =
            (ends(-1.0).fold(f64::INFINITY, f64::min), ends(1.0).fold(f64::NEG_INFINITY, f64::max));
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                return Some(middle);
            }
            if self.below(column, middle) < probability { low = middle } else { high = middle }
        }
    }
}

impl Density for GaussianMixture {
    fn log_density(&self, events: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
        let d = self.dimension as f64;
        let constants: Vec<f64> =
            self.components.iter().map(|c| c.weight.ln() - d * (c.width.ln() + LN_SQRT_2PI)).collect();
        let mut logs = vec![0.0; constants.len()];
        for (event, y) in events.rows().into_iter().zip(out) {
            for ((log, constant), c) in logs.iter_mut().zip(&constants).zip(&self.components) {
                let square: f64 = event.iter().zip(&c.mean).map(|(x, m)| (x - m).powi(2)).sum();
                *log = constant - 0.5 * square / (c.width * c.width);
            }
            let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            *y = largest + logs.iter().map(|l| (l - largest).exp()).sum::<f64>().ln();
        }
        Ok(())
    }
}

amplicast_sdk::register_dataset!(GaussianMixture);

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::{Array2, arr2};

    use super::*;

    #[test]
    fn samples_follow_the_quantiles() {
        let truth = GaussianMixture::new(GaussianMixtureConfig::default()).unwrap();
        let n = 100_000;
        let mut events = Array2::zeros((n, 2));
        let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(3) };
        truth.read(Split::Training, chunk, events.view_mut()).unwrap();
        for (column, p) in [(0, 0.1), (0, 0.7), (0, 0.95), (1, 0.5)] {
            let edge = truth.quantile(&format!("coordinate:{column}"), p).unwrap();
            assert!((truth.below(column, edge) - p).abs() < 1e-12);
            let below = events.column(column).iter().filter(|x| **x < edge).count() as f64 / n as f64;
            // Five standard errors.
            assert!((below - p).abs() < 5.0 * (p * (1.0 - p) / n as f64).sqrt(), "{column} {p} {below}");
        }
        assert_eq!(truth.quantile("coordinate:0", 0.0), Some(f64::NEG_INFINITY));
        assert_eq!(truth.quantile("coordinate:2", 0.5), None);
        assert_eq!(truth.quantile("radius", 0.5), None);
    }

    #[test]
    fn the_density_is_the_sum_of_its_components() {
        let truth = GaussianMixture::new(GaussianMixtureConfig::default()).unwrap();
        let mut found = [0.0; 2];
        truth.log_density(arr2(&[[0.2, 0.1], [300.0, 0.0]]).view(), &mut found).unwrap();
        let gauss =
            |x: f64, w: f64| (-0.5 * (x / w).powi(2)).exp() / (w * (2.0 * std::f64::consts::PI).sqrt());
        let expected = 0.7 * gauss(1.2, 0.5) * gauss(0.1, 0.5) + 0.3 * gauss(-0.8, 0.25) * gauss(-0.4, 0.25);
        assert!((found[0] - f64::ln(expected)).abs() < 1e-12);
        // Far out, where the density itself is 0.
        assert!(found[1].is_finite() && found[1] < -1e5, "{}", found[1]);
    }

    #[test]
    fn refusals() {
        let message = |means: &[&[f64]], widths: &[f64], weights: &[f64]| {
            let means = means.iter().map(|m| m.to_vec()).collect();
            let config = GaussianMixtureConfig { means, widths: widths.to_vec(), weights: weights.to_vec() };
            GaussianMixture::new(config).unwrap_err().to_string()
        };
        assert_eq!(message(&[], &[], &[]), "means: expected at least one component, found none");
        assert_eq!(
            message(&[&[0.0], &[0.0, 1.0]], &[1.0, 1.0], &[1.0, 1.0]),
            "means[1]: expected 1 numbers as in means[0], found 2"
        );
        assert_eq!(
            message(&[&[0.0]], &[1.0, 2.0], &[1.0]),
            "widths: expected 1 numbers, one a component, found 2"
        );
        assert_eq!(message(&[&[0.0]], &[1.0], &[0.0]), "weights: expected positive numbers, found 0");
    }
}
