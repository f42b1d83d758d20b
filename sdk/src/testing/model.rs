//! The model on which uncertainty models are tested: the mean of a Gaussian.

use ndarray::{Array2, ArrayViewMut2};
use rand_distr::{Distribution, StandardNormal};

use super::inputs;
use crate::{
    Chunk, Context, Differentiable, Error, Layout, LossKind, Member, Model, Requirements, Result, Seed,
    TrainingSettings,
};

/// x ~ N(theta, 1) in three columns, with only the abilities that were asked for.
pub struct TestModel {
    events: Array2<f64>,
    gradients: Option<LossKind>,
    /// Whether a fit keeps something of where it started, as that of a network does.
    starts: bool,
}

impl TestModel {
    /// A model of this many events that can do what is required, and no more.
    pub fn with(requirements: Requirements, seed: Seed, events: usize) -> Self {
        let gradients = requirements.gradients.then_some(if requirements.likelihood {
            LossKind::NegativeLogLikelihood
        } else {
            LossKind::Surrogate
        });
        TestModel { events: inputs::columns(seed, 3, events).values, gradients, starts: false }
    }

    /// The same model, whose fits depend on their seeds too: members that are all fitted to the same events differ by that alone.
    pub fn with_starts(self) -> Self {
        TestModel { starts: true, ..self }
    }

    /// The same model of these events alone, as the host prepares it for a chain that is fitted to them.
    pub fn of_rows(&self, rows: &[u64]) -> Self {
        let rows: Vec<usize> = rows.iter().map(|row| *row as usize).collect();
        TestModel { events: self.events.select(ndarray::Axis(0), &rows), ..*self }
    }

    /// The standard deviation of each column, over the events.
    pub fn widths(&self) -> Vec<f64> {
        self.events.columns().into_iter().map(|x| x.std(0.0)).collect()
    }

    /// Events of the training set.
    pub fn events(&self) -> u64 {
        self.events.nrows() as u64
    }

    /// The fit to these rows.
    pub fn mean_of(&self, rows: &[u64]) -> Vec<f64> {
        self.means(rows, None)
    }

    fn means(&self, rows: &[u64], weights: Option<&[f64]>) -> Vec<f64> {
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        let total: f64 = (0..rows.len()).map(weight).sum();
        let sum = |k: usize| -> f64 {
            rows.iter().enumerate().map(|(i, &row)| weight(i) * self.events[[row as usize, k]]).sum()
        };
        (0..self.events.ncols()).map(|k| sum(k) / total).collect()
    }
}

impl Model for TestModel {
    fn layout(&self) -> Layout {
        Layout::new([("head", vec![1]), ("body", vec![self.events.ncols() - 1])])
    }

    fn initial(&self, seed: Seed) -> Result<Vec<f32>> {
        let start = inputs::normals(seed, self.events.ncols(), 0.0);
        Ok(start.into_iter().map(|x| 0.1 * x as f32).collect())
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        Ok(Box::new(TestMember(parameters.to_vec())))
    }

    fn gradients(&self) -> Option<&dyn Differentiable> {
        self.gradients.is_some().then_some(self)
    }

    /// The mean of the rows, step by step so that there is progress to report.
    fn fit(
        &self,
        rows: &[u64],
        settings: &TrainingSettings,
        seed: Seed,
        context: &dyn Context,
    ) -> Result<Vec<f32>> {
        if rows.is_empty() {
            return Err(Error::data("expected at least one training event, found none"));
        }
        for step in 0..settings.iterations {
            context.check()?;
            context.progress(step + 1, settings.iterations, None);
        }
        let means = self.means(rows, None);
        let start =
            if self.starts { inputs::normals(seed, means.len(), 0.0) } else { vec![0.0; means.len()] };
        Ok(means.into_iter().zip(start).map(|(mean, z)| (mean + 0.01 * z) as f32).collect())
    }
}

impl Differentiable for TestModel {
    fn loss_kind(&self) -> LossKind {
        self.gradients.unwrap_or(LossKind::NegativeLogLikelihood)
    }

    fn loss_and_gradient(
        &self,
        parameters: &[f32],
        rows: &[u64],
        weights: Option<&[f64]>,
        _seed: Seed,
        gradient: &mut [f32],
    ) -> Result<f64> {
        let mut loss = 0.0;
        for (k, mean) in self.means(rows, weights).into_iter().enumerate() {
            let difference = f64::from(parameters[k]) - mean;
            gradient[k] = difference as f32;
            loss += 0.5 * difference * difference;
        }
        Ok(loss)
    }
}

struct TestMember(Vec<f32>);

impl Member for TestMember {
    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let mut stream = chunk.seed.stream();
        for mut event in out.rows_mut() {
            for (x, mean) in event.iter_mut().zip(&self.0) {
                let z: f64 = StandardNormal.sample(&mut stream);
                *x = f64::from(*mean) + z;
            }
        }
        Ok(())
    }
}
