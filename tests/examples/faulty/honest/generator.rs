//! A Gaussian of unit width around a mean that is fitted or trained, with its density, and its loss in double precision.

use std::sync::Arc;

use amplicast_sdk::ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};
use amplicast_sdk::*;

use super::simple::draw;

/// ln(sqrt(2 pi)).
const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// What may be wrong in it.
pub trait GaussianFault: Clone + Default + Send + Sync + 'static {
    const NAME: &'static str;
    const ABOUT: &'static str;

    fn fit(&self, model: &Gaussian, rows: &[u64]) -> Vec<f32> {
        model.means(rows, None).into_iter().map(|m| m as f32).collect()
    }

    /// Fills a chunk with events.
    fn sample(&self, mean: &[f32], stream: &mut Stream, mut out: ArrayViewMut2<'_, f64>) {
        let mut event = vec![0.0; mean.len()];
        for mut row in out.rows_mut() {
            draw(mean, stream, &mut event);
            row.iter_mut().zip(&event).for_each(|(x, value)| *x = *value);
        }
    }

    /// Fills a chunk with events, knowing which chunk it is.
    fn sample_chunk(&self, mean: &[f32], chunk: Chunk, out: ArrayViewMut2<'_, f64>) {
        self.sample(mean, &mut chunk.seed.stream(), out);
    }

    /// The rows that the loss looks at.
    fn rows(&self, rows: &[u64]) -> Vec<u64> {
        rows.to_vec()
    }

    fn log_density(&self, mean: &[f32], event: ArrayView1<'_, f64>) -> f64 {
        normal_log_density(mean, event, 1.0)
    }

    /// Whether it says that it learns from event weights, which it does not.
    fn says_weights(&self) -> bool {
        false
    }

    /// What the loss is, from what it should be.
    fn loss(&self, loss: f64) -> f64 {
        loss
    }

    /// What the loss without its gradient is, from what it should be.
    fn loss_alone(&self, loss: f64) -> f64 {
        self.loss(loss)
    }

    /// What the gradient is, from what it should be with weights, and without.
    fn gradient(&self, right: Vec<f64>, _unweighted: Vec<f64>) -> Vec<f64> {
        right
    }
}

/// The density of independent normal numbers.
pub fn normal_log_density(mean: &[f32], event: ArrayView1<'_, f64>, width: f64) -> f64 {
    let one =
        |(x, mean): (&f64, &f32)| -LN_SQRT_2PI - width.ln() - 0.5 * ((x - f64::from(*mean)) / width).powi(2);
    event.iter().zip(mean).map(one).sum()
}

#[derive(Clone)]
pub struct Network<F>(pub F);

super::component!(Network, GaussianFault);

impl<F: GaussianFault> Generator for Network<F> {
    fn abilities(&self) -> Abilities {
        let gradients = Some(LossKind::NegativeLogLikelihood);
        let weights = self.0.says_weights();
        Abilities { gradients, fit: true, log_density: true, own_members: false, weights }
    }

    fn prepare(&self, training: &Batch<'_>, _: &Schema) -> Result<Box<dyn Model>> {
        let model = Gaussian { events: training.values.to_owned() };
        Ok(Box::new(WithFault { fault: self.0.clone(), model: Arc::new(model) }))
    }
}

/// The training events.
pub struct Gaussian {
    pub events: Array2<f64>,
}

impl Gaussian {
    /// The mean of each column over rows.
    pub fn means(&self, rows: &[u64], weights: Option<&[f64]>) -> Vec<f64> {
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        let total: f64 = (0..rows.len()).map(weight).sum();
        let sum = |k: usize| -> f64 {
            rows.iter().enumerate().map(|(i, &row)| weight(i) * self.events[[row as usize, k]]).sum()
        };
        (0..self.events.ncols()).map(|k| sum(k) / total).collect()
    }
}

struct WithFault<F> {
    fault: F,
    model: Arc<Gaussian>,
}

impl<F: GaussianFault> WithFault<F> {
    fn right_loss(&self, parameters: &[f32], rows: &[u64], weights: Option<&[f64]>) -> f64 {
        let rows = self.fault.rows(rows);
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        let total: f64 = (0..rows.len()).map(weight).sum();
        let one = |(i, &row): (usize, &u64)| {
            weight(i) * normal_log_density(parameters, self.model.events.row(row as usize), 1.0)
        };
        -rows.iter().enumerate().map(one).sum::<f64>() / total
    }

    fn right_gradient(&self, parameters: &[f32], rows: &[u64], weights: Option<&[f64]>) -> Vec<f64> {
        let means = self.model.means(&self.fault.rows(rows), weights);
        parameters.iter().zip(means).map(|(p, mean)| f64::from(*p) - mean).collect()
    }
}

impl<F: GaussianFault> Model for WithFault<F> {
    fn layout(&self) -> Layout {
        Layout::new([("mean", vec![self.model.events.ncols()])])
    }

    fn initial(&self, _: Seed) -> Result<Vec<f32>> {
        Ok(vec![0.0; self.model.events.ncols()])
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        Ok(Box::new(Draw { fault: self.fault.clone(), mean: parameters.to_vec() }))
    }

    fn gradients(&self) -> Option<&dyn Differentiable> {
        Some(self)
    }

    fn fit(&self, rows: &[u64], _: &TrainingSettings, _: Seed, _: &dyn Context) -> Result<Vec<f32>> {
        Ok(self.fault.fit(&self.model, rows))
    }
}

impl<F: GaussianFault> Differentiable for WithFault<F> {
    fn loss_kind(&self) -> LossKind {
        LossKind::NegativeLogLikelihood
    }

    fn loss_and_gradient(
        &self,
        parameters: &[f32],
        rows: &[u64],
        weights: Option<&[f64]>,
        _: Seed,
        gradient: &mut [f32],
    ) -> Result<f64> {
        let right = self.right_gradient(parameters, rows, weights);
        let unweighted = self.right_gradient(parameters, rows, None);
        let found = self.fault.gradient(right, unweighted);
        gradient.iter_mut().zip(found).for_each(|(g, x)| *g = x as f32);
        Ok(self.fault.loss(self.right_loss(parameters, rows, weights)))
    }

    fn loss(&self, parameters: &[f32], rows: &[u64], _: Seed) -> Result<f64> {
        Ok(self.fault.loss_alone(self.right_loss(parameters, rows, None)))
    }
}

struct Draw<F> {
    fault: F,
    mean: Vec<f32>,
}

impl<F: GaussianFault> Member for Draw<F> {
    fn sample(&self, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()> {
        self.fault.sample_chunk(&self.mean, chunk, out);
        Ok(())
    }

    fn log_density(&self, events: ArrayView2<'_, f64>, _: Seed, out: &mut [f64]) -> Result<()> {
        let densities = events.rows().into_iter().map(|event| self.fault.log_density(&self.mean, event));
        out.iter_mut().zip(densities).for_each(|(y, x)| *y = x);
        Ok(())
    }
}
