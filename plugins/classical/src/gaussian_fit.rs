//! A Gaussian fitted in closed form: the toy generator whose amplification is known exactly.

use amplicast_sdk::ndarray::{Array2, ArrayView2, ArrayViewMut2};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::*;

/// ln(sqrt(2 pi)).
const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

config! {
    /// A Gaussian fitted to the training events.
    pub struct GaussianFitConfig {
        /// Whether the width of each column is fitted too.
        pub fit_width: bool = false,
        /// The known standard deviation of every column; with `fit_width`, where gradient training starts.
        pub width: f64 = 1.0,
    }
}

/// A Gaussian with independent columns and a fitted mean (Bahl et al. 2025, Eqs 20-22) or, with `fit_width`, a fitted
/// mean and width (Matchev et al. 2022, Eq. 26).
///
/// Parameters: segment `mean` \[d\] and, with `fit_width`, `log-width` \[d\], the natural logarithm of the width.
#[derive(Debug, Clone)]
pub struct GaussianFit {
    config: GaussianFitConfig,
}

impl Component for GaussianFit {
    type Config = GaussianFitConfig;
    const NAME: &'static str = "gaussian-fit";
    const ABOUT: &'static str = "A Gaussian fitted in closed form (Bahl et al. 2025, Eqs 20-22)";

    fn new(config: GaussianFitConfig) -> Result<Self> {
        ensure_config(config.width > 0.0 && config.width.is_finite(), "width", || {
            format!("expected a positive number, found {}", config.width)
        })?;
        Ok(GaussianFit { config })
    }
}

impl Generator for GaussianFit {
    fn abilities(&self) -> Abilities {
        Abilities {
            gradients: Some(LossKind::NegativeLogLikelihood),
            fit: true,
            log_density: true,
            own_members: false,
        }
    }

    fn prepare(&self, training: &Batch<'_>, _schema: &Schema) -> Result<Box<dyn Model>> {
        Ok(Box::new(GaussianModel { events: training.values.to_owned(), config: self.config.clone() }))
    }
}

/// The Gaussian with its training events (n x d).
struct GaussianModel {
    events: Array2<f64>,
    config: GaussianFitConfig,
}

impl GaussianModel {
    fn dimension(&self) -> usize {
        self.events.ncols()
    }

    /// Mean and logarithm of the width of each column, from a parameter vector.
    fn unpack(&self, parameters: &[f32]) -> Result<(Vec<f64>, Vec<f64>)> {
        expect_length("parameters of gaussian-fit", self.layout().len(), parameters.len())?;
        let (mean, log_width) = parameters.split_at(self.dimension());
        let wide = |values: &[f32]| values.iter().copied().map(f64::from).collect::<Vec<f64>>();
        match self.config.fit_width {
            true => Ok((wide(mean), wide(log_width))),
            false => Ok((wide(mean), vec![self.config.width.ln(); self.dimension()])),
        }
    }
}

impl Model for GaussianModel {
    fn layout(&self) -> Layout {
        let shape = vec![self.dimension()];
        match self.config.fit_width {
            true => Layout::new([("mean", shape.clone()), ("log-width", shape)]),
            false => Layout::new([("mean", shape)]),
        }
    }

    fn initial(&self, _seed: Seed) -> Result<Vec<f32>> {
        let mut parameters = vec![0.0; self.layout().len()];
        parameters[self.dimension()..].fill(self.config.width.ln() as f32);
        Ok(parameters)
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        let (mean, log_width) = self.unpack(parameters)?;
        let width: Vec<f64> = log_width.iter().map(|s| s.exp()).collect();
        Ok(Box::new(Gaussian { mean, width, log_width: log_width.iter().sum() }))
    }

    fn gradients(&self) -> Option<&dyn Differentiable> {
        Some(self)
    }

    /// The maximum-likelihood estimate: mean and, with `fit_width`, root mean square deviation of each column.
    fn fit(&self, rows: &[u64], _: &TrainingSettings, _: Seed, _: &dyn Context) -> Result<Vec<f32>> {
        let d = self.dimension();
        if rows.is_empty() {
            return Err(Error::data("expected at least one training event, found none"));
        }
        let n = rows.len() as f64;
        let (mut mean, mut square) = (vec![0.0; d], vec![0.0; d]);
        for &row in rows {
            for (k, x) in self.events.row(row as usize).iter().enumerate() {
                mean[k] += x / n;
            }
        }
        for &row in rows {
            for (k, x) in self.events.row(row as usize).iter().enumerate() {
                square[k] += (x - mean[k]).powi(2) / n;
            }
        }
        let mut parameters: Vec<f32> = mean.iter().map(|&m| m as f32).collect();
        if self.config.fit_width {
            if let Some(column) = square.iter().position(|&s| s <= 0.0) {
                return Err(Error::numeric(format!(
                    "expected training events with a spread in every column, found one value only in column {column}"
                )));
            }
            parameters.extend(square.iter().map(|s| (0.5 * s.ln()) as f32));
        }
        Ok(parameters)
    }
}

impl Differentiable for GaussianModel {
    fn loss_kind(&self) -> LossKind {
        LossKind::NegativeLogLikelihood
    }

    fn loss_and_gradient(
        &self,
        parameters: &[f32],
        rows: &[u64],
        weights: Option<&[f64]>,
        _seed: Seed,
        gradient: &mut [f32],
    ) -> Result<f64> {
        let d = self.dimension();
        let (mean, log_width) = self.unpack(parameters)?;
        let total = weights.map_or(rows.len() as f64, |w| w.iter().sum());
        // Weighted means of z and z^2 of each column, z = (x - mean) / width: all that loss and gradient need.
        let inverse: Vec<f64> = log_width.iter().map(|s| (-s).exp()).collect();
        let (mut first, mut second) = (vec![0.0; d], vec![0.0; d]);
        for (i, &row) in rows.iter().enumerate() {
            let weight = weights.map_or(1.0, |w| w[i]) / total;
            for (k, x) in self.events.row(row as usize).iter().enumerate() {
                let z = (x - mean[k]) * inverse[k];
                first[k] += weight * z;
                second[k] += weight * z * z;
            }
        }
        for k in 0..d {
            gradient[k] = (-first[k] * inverse[k]) as f32;
            if self.config.fit_width {
                gradient[d + k] = (1.0 - second[k]) as f32;
            }
        }
        Ok((0..d).map(|k| LN_SQRT_2PI + log_width[k] + 0.5 * second[k]).sum())
    }
}

/// The Gaussian at fixed parameters.
struct Gaussian {
    mean: Vec<f64>,
    width: Vec<f64>,
    /// Sum over the columns.
    log_width: f64,
}

impl Member for Gaussian {
    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let mut stream = chunk.seed.stream();
        for mut event in out.rows_mut() {
            for (x, (mean, width)) in event.iter_mut().zip(self.mean.iter().zip(&self.width)) {
                let z: f64 = StandardNormal.sample(&mut stream);
                *x = mean + width * z;
            }
        }
        Ok(())
    }

    fn log_density(&self, events: ArrayView2<'_, f64>, _seed: Seed, out: &mut [f64]) -> Result<()> {
        let constant = -self.log_width - self.mean.len() as f64 * LN_SQRT_2PI;
        for (event, y) in events.rows().into_iter().zip(out) {
            let columns = event.into_iter().zip(self.mean.iter().zip(&self.width));
            *y = constant - 0.5 * columns.map(|(x, (m, w))| ((x - m) / w).powi(2)).sum::<f64>();
        }
        Ok(())
    }
}

register_generator!(GaussianFit);
