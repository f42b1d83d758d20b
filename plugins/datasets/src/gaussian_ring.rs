//! The Gaussian ring of the paper (Eq. 5) in two or more dimensions.

use amplicast_sdk::ndarray::{ArrayView2, ArrayViewMut1, ArrayViewMut2};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{
    Chunk, Component, Dataset, Density, Result, Schema, Split, Stream, config, ensure_config,
};
use statrs::function::gamma::ln_gamma;

use crate::normal::{LN_SQRT_2PI, ensure_columns, exceeded_with, numbered_columns, probability_below};
use crate::weighting::Weighting;

config! {
    /// A spherical shell with a Gaussian radius.
    pub struct GaussianRingConfig {
        /// Number of columns, at least 2.
        pub dimension: usize = 2,
        /// Mean of the radius before it is cut to positive values.
        pub radius: f64 = 1.0,
        /// Standard deviation of the radius before it is cut to positive values.
        pub width: f64 = 0.1,
        /// Events with a large first column are drawn up to so many times as often as those with a small one, and have weights that make
        /// up for it: the density stays what it is. 1 for events that all count alike.
        pub bias: f64 = 1.0,
        /// Part of the events that have a negative weight, as beyond leading order; below 0.5.
        pub negative: f64 = 0.0,
    }
}

/// Events on a spherical shell: R ~ N(radius, width^2) cut to R > 0, directions isotropic (Bahl et al. 2025, Eq. 5).
///
/// Columns `x1` ... `xd`. The density is p(x) = p_R(|x|) / (S |x|^(d-1)) with the surface S of the unit sphere; it
/// diverges at the origin.
#[derive(Debug, Clone)]
pub struct GaussianRing {
    dimension: usize,
    radius: f64,
    width: f64,
    /// Probability of R > 0 before the cut.
    positive: f64,
    /// ln of everything in the density that does not depend on x.
    log_constant: f64,
    weighting: Option<Weighting>,
}

impl Component for GaussianRing {
    type Config = GaussianRingConfig;
    const NAME: &'static str = "gaussian-ring";
    const ABOUT: &'static str = "A spherical shell with a Gaussian radius (Bahl et al. 2025, Eq. 5)";

    fn new(config: GaussianRingConfig) -> Result<Self> {
        let GaussianRingConfig { dimension, radius, width, bias, negative } = config;
        ensure_config(dimension >= 2, "dimension", || format!("expected at least 2, found {dimension}"))?;
        ensure_columns(dimension)?;
        // A negative mean would make redrawing until R > 0 ever longer.
        ensure_config(radius >= 0.0 && radius.is_finite(), "radius", || {
            format!("expected 0 or a positive number, found {radius}")
        })?;
        ensure_config(width > 0.0 && width.is_finite(), "width", || {
            format!("expected a positive number, found {width}")
        })?;
        let positive = probability_below(radius / width);
        let half = dimension as f64 / 2.0;
        let log_surface = std::f64::consts::LN_2 + half * std::f64::consts::PI.ln() - ln_gamma(half);
        let log_constant = -LN_SQRT_2PI - width.ln() - positive.ln() - log_surface;
        let weighting = Weighting::new(bias, negative)?;
        Ok(GaussianRing { dimension, radius, width, positive, log_constant, weighting })
    }
}

impl GaussianRing {
    fn draw(&self, stream: &mut Stream, mut event: ArrayViewMut1<'_, f64>) {
        let mut normal = || -> f64 { StandardNormal.sample(stream) };
        let radius = loop {
            let radius = self.radius + self.width * normal();
            if radius > 0.0 {
                break radius;
            }
        };
        // A vector of standard normal numbers has an isotropic direction.
        let mut square = 0.0;
        for x in &mut event {
            *x = normal();
            square += *x * *x;
        }
        let scale = radius / square.sqrt();
        event.iter_mut().for_each(|x| *x *= scale);
    }
}

impl Dataset for GaussianRing {
    fn schema(&self) -> Schema {
        numbered_columns(self.dimension)
    }

    fn capacity(&self, _split: Split) -> Option<u64> {
        None
    }

    fn read(&self, _split: Split, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()> {
        Weighting::read(self.weighting, chunk, out, |stream, event| self.draw(stream, event))
    }

    fn weighted(&self) -> bool {
        self.weighting.is_some()
    }

    fn read_weighted(
        &self,
        _split: Split,
        chunk: Chunk,
        out: ArrayViewMut2<'_, f64>,
        weights: &mut [f64],
    ) -> Result<()> {
        Weighting::read_weighted(self.weighting, chunk, out, weights, |stream, event| {
            self.draw(stream, event)
        })
    }

    fn density(&self) -> Option<&dyn Density> {
        Some(self)
    }

    /// Exact for `radius`.
    fn quantile(&self, summary: &str, probability: f64) -> Option<f64> {
        if summary != "radius" || !(0.0..=1.0).contains(&probability) {
            return None;
        }
        Some((self.radius + self.width * exceeded_with((1.0 - probability) * self.positive)).max(0.0))
    }
}

impl Density for GaussianRing {
    fn log_density(&self, events: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
        let power = (self.dimension - 1) as f64;
        for (event, y) in events.rows().into_iter().zip(out) {
            let radius = event.iter().map(|x| x * x).sum::<f64>().sqrt();
            let z = (radius - self.radius) / self.width;
            *y = self.log_constant - 0.5 * z * z - power * radius.max(f64::MIN_POSITIVE).ln();
        }
        Ok(())
    }
}

amplicast_sdk::register_dataset!(GaussianRing);

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::Array2;

    use super::*;

    fn ring(dimension: usize, radius: f64, width: f64) -> GaussianRing {
        let config = GaussianRingConfig { dimension, radius, width, bias: 1.0, negative: 0.0 };
        GaussianRing::new(config).unwrap()
    }

    fn sample(ring: &GaussianRing, n: usize) -> Array2<f64> {
        let mut events = Array2::zeros((n, ring.dimension));
        let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(5) };
        ring.read(Split::Holdout, chunk, events.view_mut()).unwrap();
        events
    }

    fn radii(events: &Array2<f64>) -> Vec<f64> {
        events.rows().into_iter().map(|x| x.dot(&x).sqrt()).collect()
    }

    fn mean_and_sd(values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt())
    }

    /// The entropies 0.9492 (2D) and 2.0837 (4D) come from an independent study, rounded to four places.
    #[test]
    fn entropy() {
        for (dimension, expected) in [(2, 0.9492), (4, 2.0837)] {
            let truth = ring(dimension, 1.0, 0.1);
            let n = 200_000;
            let mut log_density = vec![0.0; n];
            truth.log_density(sample(&truth, n).view(), &mut log_density).unwrap();
            let (mean, sd) = mean_and_sd(&log_density);
            let error = sd / (n as f64).sqrt();
            assert!((-mean - expected).abs() < 4.0 * error + 5e-5, "{dimension}D: {} +- {error}", -mean);
        }
    }

    /// On a grid in 2D; a wide ring, so that the cut R > 0 matters.
    #[test]
    fn the_density_integrates_to_one() {
        for truth in [ring(2, 1.0, 0.1), ring(2, 0.5, 0.4)] {
            let (steps, half) = (2000, 3.0);
            let h = 2.0 * half / steps as f64;
            let place = |i: usize| -half + h * (i as f64 + 0.5);
            let mut total = 0.0;
            let mut out = vec![0.0; steps];
            for i in 0..steps {
                let line = Array2::from_shape_fn((steps, 2), |(j, k)| place(if k == 0 { i } else { j }));
                truth.log_density(line.view(), &mut out).unwrap();
                total += out.iter().map(|y| y.exp()).sum::<f64>() * h * h;
            }
            // The midpoint rule misses about h * p_R(0) / 2 at the divergence 1 / R of the density at the origin.
            assert!((total - 1.0).abs() < 2e-3, "{total}");
        }
    }

    #[test]
    fn moments() {
        let n = 100_000;
        let events = sample(&ring(3, 1.0, 0.1), n);
        let (mean, sd) = mean_and_sd(&radii(&events));
        assert!((mean - 1.0).abs() < 5.0 * 0.1 / (n as f64).sqrt(), "{mean}");
        assert!((sd / 0.1 - 1.0).abs() < 5.0 / (2.0 * n as f64).sqrt(), "{sd}");
        for column in events.columns() {
            // Isotropic: <x> = 0 and <x^2> = <R^2> / d, to five standard errors; Var(x^2) < <R^4> / d.
            let (mean, _) = mean_and_sd(column.as_slice().unwrap_or(&column.to_vec()));
            assert!(mean.abs() < 5.0 * (1.01 / 3.0 / n as f64).sqrt(), "{mean}");
            let square = column.mapv(|x| x * x).mean().unwrap();
            assert!((square - 1.01 / 3.0).abs() < 5.0 * (1.06 / 3.0 / n as f64).sqrt(), "{square}");
        }
    }

    /// The fraction of events below the quantile of p is p, also where the cut R > 0 matters.
    #[test]
    fn quantiles() {
        for truth in [ring(2, 1.0, 0.1), ring(2, 0.1, 0.3)] {
            let n = 100_000;
            let radii = radii(&sample(&truth, n));
            assert!(radii.iter().all(|&r| r > 0.0));
            for p in [0.01, 0.3, 0.5, 0.95] {
                let edge = truth.quantile("radius", p).unwrap();
                let below = radii.iter().filter(|&&r| r < edge).count() as f64 / n as f64;
                assert!((below - p).abs() < 5.0 * (p * (1.0 - p) / n as f64).sqrt(), "{p}: {below}");
            }
        }
        let truth = ring(4, 1.0, 0.1);
        assert_eq!(truth.quantile("radius", 0.0), Some(0.0));
        assert_eq!(truth.quantile("radius", 1.0), Some(f64::INFINITY));
        // z(0.95) = 1.6448536269514722
        assert!((truth.quantile("radius", 0.95).unwrap() - 1.164_485_362_695_147_2).abs() < 1e-12);
        assert_eq!(truth.quantile("coordinate:0", 0.5), None);
    }

    #[test]
    fn refusals() {
        let message = |dimension, radius, width| {
            let config = GaussianRingConfig { dimension, radius, width, bias: 1.0, negative: 0.0 };
            GaussianRing::new(config).unwrap_err().to_string()
        };
        assert_eq!(message(1, 1.0, 0.1), "dimension: expected at least 2, found 1");
        assert_eq!(message(2, -1.0, 0.1), "radius: expected 0 or a positive number, found -1");
        assert_eq!(message(2, 1.0, 0.0), "width: expected a positive number, found 0");
    }
}
