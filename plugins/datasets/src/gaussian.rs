//! A Gaussian with independent columns.

use amplicast_sdk::ndarray::{ArrayView2, ArrayViewMut2};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Chunk, Component, Dataset, Density, Error, Result, Schema, Split, config, ensure_config};

use crate::normal::{LN_SQRT_2PI, exceeded_with, numbered_columns};

config! {
    /// A Gaussian with independent columns.
    pub struct GaussianConfig {
        /// Number of columns.
        pub dimension: usize = 1,
        /// Mean of each column; a single number holds for all.
        pub mean: Vec<f64> = vec![0.0],
        /// Standard deviation of each column; a single number holds for all.
        pub width: Vec<f64> = vec![1.0],
    }
}

/// Events x_k ~ N(mean_k, width_k^2) with columns `x1` ... `xd` (Bahl et al. 2025, Eq. 20, for the defaults).
#[derive(Debug, Clone)]
pub struct Gaussian {
    mean: Vec<f64>,
    width: Vec<f64>,
}

impl Component for Gaussian {
    type Config = GaussianConfig;
    const NAME: &'static str = "gaussian";
    const ABOUT: &'static str = "A Gaussian with independent columns (Bahl et al. 2025, Eq. 20)";

    fn new(config: GaussianConfig) -> Result<Self> {
        let d = config.dimension;
        ensure_config(d > 0, "dimension", || "expected at least 1, found 0".into())?;
        let mean = one_a_column("mean", config.mean, d)?;
        let width = one_a_column("width", config.width, d)?;
        if let Some(&w) = width.iter().find(|&&w| w <= 0.0) {
            return Err(Error::config("width", format!("expected positive numbers, found {w}")));
        }
        Ok(Gaussian { mean, width })
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
        n => Err(Error::config(field, format!("expected 1 number or {dimension} (the dimension), found {n}"))),
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
        let mut stream = chunk.seed.stream();
        for mut event in out.rows_mut() {
            for (x, (mean, width)) in event.iter_mut().zip(self.mean.iter().zip(&self.width)) {
                let z: f64 = StandardNormal.sample(&mut stream);
                *x = mean + width * z;
            }
        }
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
