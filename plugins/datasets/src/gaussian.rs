//! A Gaussian with independent columns.

use amplicast_sdk::ndarray::{ArrayView2, ArrayViewMut1, ArrayViewMut2};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{
    Chunk, Component, Dataset, Density, Error, Result, Schema, Split, Stream, config, ensure_config,
};

use crate::normal::{LN_SQRT_2PI, ensure_columns, exceeded_with, numbered_columns};
use crate::oversampling::Oversampling;
use crate::weighting::Weighting;

config! {
    /// A Gaussian with independent columns.
    pub struct GaussianConfig {
        /// Number of columns.
        pub dimension: usize = 1,
        /// Mean of each column; a single number holds for all.
        pub mean: Vec<f64> = vec![0.0],
        /// Standard deviation of each column; a single number holds for all.
        pub width: Vec<f64> = vec![1.0],
        /// Events with a large first column are drawn up to so many times as often as those with a small one, and have weights that make
        /// up for it: the density stays what it is. 1 for events that all count alike.
        pub bias: f64 = 1.0,
        /// Part of the events that have a negative weight, as beyond leading order; below 0.5.
        pub negative: f64 = 0.0,
        /// So many events in turn belong together, as those do that a fast simulation makes of one parton-level event; 1 for events that are each
        /// by itself. Not together with `bias` or `negative`.
        pub oversampled: u64 = 1,
        /// The correlation of each column between two events that belong together, from 0 to 1; the density of an event stays what it is.
        pub correlation: f64 = 0.0,
    }
}

/// Events x_k ~ N(mean_k, width_k^2) with columns `x1` ... `xd` (Bahl et al. 2025, Eq. 20, for the defaults).
#[derive(Debug, Clone)]
pub struct Gaussian {
    mean: Vec<f64>,
    width: Vec<f64>,
    weighting: Option<Weighting>,
    oversampling: Option<Oversampling>,
}

impl Component for Gaussian {
    type Config = GaussianConfig;
    const NAME: &'static str = "gaussian";
    const ABOUT: &'static str = "A Gaussian with independent columns (Bahl et al. 2025, Eq. 20)";

    fn new(config: GaussianConfig) -> Result<Self> {
        let d = config.dimension;
        ensure_config(d > 0, "dimension", || "expected at least 1, found 0".into())?;
        ensure_columns(d)?;
        let mean = one_a_column("mean", config.mean, d)?;
        let width = one_a_column("width", config.width, d)?;
        if let Some(&w) = width.iter().find(|&&w| w <= 0.0) {
            return Err(Error::config("width", format!("expected positive numbers, found {w}")));
        }
        let weighting = Weighting::new(config.bias, config.negative)?;
        let oversampling = Oversampling::new(config.oversampled, config.correlation)?;
        ensure_config(weighting.is_none() || oversampling.is_none(), "oversampled", || {
            format!("expected 1 for events with weights (`bias`, `negative`), found {}", config.oversampled)
        })?;
        Ok(Gaussian { mean, width, weighting, oversampling })
    }
}

/// One finite number a column, from a list of one or of `dimension`.
fn one_a_column(field: &str, values: Vec<f64>, dimension: usize) -> Result<Vec<f64>> {
    if let Some(x) = values.iter().find(|x| !x.is_finite()) {
        return Err(Error::config(field, format!("expected finite numbers, found {x}")));
    }
    match values.len() {
        1 => Ok(vec![values[0]; dimension]),
        n if n == dimension => Ok(values),
        n => {
            Err(Error::config(field, format!("expected 1 number or {dimension} (the dimension), found {n}")))
        }
    }
}

impl Gaussian {
    fn draw(&self, stream: &mut Stream, mut event: ArrayViewMut1<'_, f64>) {
        for (x, (mean, width)) in event.iter_mut().zip(self.mean.iter().zip(&self.width)) {
            let z: f64 = StandardNormal.sample(stream);
            *x = mean + width * z;
        }
    }
}

impl Dataset for Gaussian {
    fn schema(&self) -> Schema {
        numbered_columns(self.mean.len())
    }

    fn capacity(&self, _split: Split) -> Option<u64> {
        None
    }

    fn read(&self, _split: Split, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        if let Some(oversampling) = self.oversampling {
            oversampling.normals(&mut chunk.seed.stream(), out.view_mut());
            for mut event in out.rows_mut() {
                let columns = event.iter_mut().zip(self.mean.iter().zip(&self.width));
                columns.for_each(|(x, (mean, width))| *x = mean + width * *x);
            }
            return Ok(());
        }
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

    fn grouped(&self) -> bool {
        self.oversampling.is_some()
    }

    fn read_groups(&self, _split: Split, chunk: Chunk, groups: &mut [f64]) -> Result<()> {
        let none = || Error::unsupported("this dataset's events are each by itself");
        self.oversampling.ok_or_else(none)?.groups(chunk, groups);
        Ok(())
    }

    fn density(&self) -> Option<&dyn Density> {
        Some(self)
    }

    /// Exact for `coordinate:K`.
    fn quantile(&self, summary: &str, probability: f64) -> Option<f64> {
        let column: usize = summary.strip_prefix("coordinate:")?.parse().ok()?;
        let (mean, width) = (self.mean.get(column)?, self.width[column]);
        // The upper half from the upper tail, so that both tails are precise.
        match probability {
            p if (0.0..0.5).contains(&p) => Some(mean - width * exceeded_with(p)),
            p if (0.5..=1.0).contains(&p) => Some(mean + width * exceeded_with(1.0 - p)),
            _ => None,
        }
    }
}

impl Density for Gaussian {
    fn log_density(&self, events: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
        let constant: f64 = -self.width.iter().map(|w| w.ln() + LN_SQRT_2PI).sum::<f64>();
        for (event, y) in events.rows().into_iter().zip(out) {
            let columns = event.into_iter().zip(self.mean.iter().zip(&self.width));
            *y = constant - 0.5 * columns.map(|(x, (m, w))| ((x - m) / w).powi(2)).sum::<f64>();
        }
        Ok(())
    }
}

amplicast_sdk::register_dataset!(Gaussian);

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::Array2;

    use super::*;

    fn gaussian(dimension: usize, mean: &[f64], width: &[f64]) -> Result<Gaussian> {
        let (mean, width) = (mean.to_vec(), width.to_vec());
        Gaussian::new(GaussianConfig { dimension, mean, width, ..GaussianConfig::default() })
    }

    fn chunk(index: u64) -> Chunk {
        Chunk { index, first_event: 0, seed: Seed::new(7).index(index) }
    }

    #[test]
    fn moments() {
        let n = 100_000;
        let mut events = Array2::zeros((n, 2));
        let truth = gaussian(2, &[1.0, -2.0], &[0.5, 3.0]).unwrap();
        truth.read(Split::Training, chunk(0), events.view_mut()).unwrap();
        for (k, (mean, width)) in [(1.0, 0.5), (-2.0, 3.0)].into_iter().enumerate() {
            let column = events.column(k);
            let found = column.mean().unwrap();
            let variance = column.mapv(|x| (x - mean).powi(2)).mean().unwrap();
            // Five standard errors: width / sqrt(n) of the mean, sqrt(2 / n) of the relative variance.
            assert!((found - mean).abs() < 5.0 * width / (n as f64).sqrt(), "{found}");
            assert!((variance / (width * width) - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(), "{variance}");
        }
    }

    #[test]
    fn a_chunk_is_a_function_of_its_seed() {
        let truth = gaussian(1, &[0.0], &[1.0]).unwrap();
        let read = |index| {
            let mut events = Array2::zeros((10, 1));
            truth.read(Split::Training, chunk(index), events.view_mut()).unwrap();
            events
        };
        assert_eq!(read(1), read(1));
        assert_ne!(read(1), read(2));
    }

    #[test]
    fn density_and_quantiles() {
        let truth = gaussian(2, &[1.0, -2.0], &[0.5, 3.0]).unwrap();
        let mut log_density = [0.0];
        let event = Array2::from_shape_vec((1, 2), vec![1.5, -5.0]).unwrap();
        truth.log_density(event.view(), &mut log_density).unwrap();
        // Both columns are one width off the mean.
        let expected = -1.0 - (2.0 * std::f64::consts::PI).ln() - (0.5_f64 * 3.0).ln();
        assert!((log_density[0] - expected).abs() < 1e-14);
        let quantile = |p| truth.quantile("coordinate:1", p).unwrap();
        assert_eq!(quantile(0.5), -2.0);
        // z(0.975) = 1.959963984540054, z(1e-10) = -6.361340902404056.
        assert!((quantile(0.975) - (-2.0 + 3.0 * 1.959963984540054)).abs() < 1e-12);
        assert!((quantile(1e-10) - (-2.0 - 3.0 * 6.361340902404056)).abs() < 1e-11);
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(quantile(1.0), f64::INFINITY);
        assert_eq!(truth.quantile("coordinate:2", 0.5), None);
        assert_eq!(truth.quantile("radius", 0.5), None);
        assert_eq!(truth.quantile("coordinate:0", 1.5), None);
    }

    #[test]
    fn refusals() {
        let message = |d, mean, width| gaussian(d, mean, width).unwrap_err().to_string();
        assert_eq!(message(0, &[0.0], &[1.0]), "dimension: expected at least 1, found 0");
        assert_eq!(message(3, &[0.0, 1.0], &[1.0]), "mean: expected 1 number or 3 (the dimension), found 2");
        assert_eq!(message(1, &[0.0], &[0.0]), "width: expected positive numbers, found 0");
        assert_eq!(message(1, &[f64::NAN], &[1.0]), "mean: expected finite numbers, found NaN");
        let both = GaussianConfig { bias: 2.0, oversampled: 5, ..GaussianConfig::default() };
        let error = Gaussian::new(both).unwrap_err().to_string();
        assert!(error.starts_with("oversampled: expected 1 for events with weights"), "{error}");
    }
}
