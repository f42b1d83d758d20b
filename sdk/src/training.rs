//! Stochastic optimization of a differentiable model: what `Model::fit` does by default.

use std::ops::ControlFlow;

use rand::seq::SliceRandom;

use crate::validation::{Next, Validation, split};
use crate::{Adam, Context, Differentiable, Error, Result, Seed, Stream, TrainingSettings, descend};

/// Batches of rows without end: every pass over the rows is a fresh permutation.
pub struct Batches {
    rows: Vec<u64>,
    next: usize,
    batch: usize,
    stream: Stream,
}

impl Batches {
    /// Batches of at most `batch` of these rows.
    pub fn new(rows: &[u64], batch: usize, seed: Seed) -> Self {
        Batches { rows: rows.to_vec(), next: rows.len(), batch: batch.min(rows.len()), stream: seed.stream() }
    }

    /// The rows of the next step.
    pub fn next_rows(&mut self) -> &[u64] {
        if self.next + self.batch > self.rows.len() {
            self.rows.shuffle(&mut self.stream);
            self.next = 0;
        }
        self.next += self.batch;
        &self.rows[self.next - self.batch..self.next]
    }
}

/// The weights of a batch's rows, so that they add up to 1: what a mean loss is made of.
pub fn shares(rows: &[u64], weights: Option<&[f64]>) -> Result<Vec<f64>> {
    let (n, found) = (rows.len(), weights.map_or(rows.len(), <[f64]>::len));
    if n == 0 || found != n {
        return Err(Error::data(format!(
            "expected at least one row and as many weights, found {n} rows and {found} weights"
        )));
    }
    let total = weights.map_or(n as f64, |weights| weights.iter().sum());
    Ok(weights.map_or_else(|| vec![1.0 / total; n], |weights| weights.iter().map(|w| w / total).collect()))
}

/// Mean losses and gradients of a model on batch after batch.
pub struct BatchGradients<'a> {
    model: &'a dyn Differentiable,
    batches: Batches,
    losses: Seed,
    calls: u64,
}

impl<'a> BatchGradients<'a> {
    /// On batches of at most `batch` of these rows; the seed is that of their order, and of losses that are random themselves.
    pub fn new(model: &'a dyn Differentiable, rows: &[u64], batch: usize, seed: Seed) -> Self {
        let batches = Batches::new(rows, batch, seed.split("batches"));
        BatchGradients { model, batches, losses: seed.split("loss"), calls: 0 }
    }

    /// The mean loss on the next batch, and its gradient.
    pub fn next(&mut self, parameters: &[f32], gradient: &mut [f32]) -> Result<f64> {
        let seed = self.losses.index(self.calls);
        self.calls += 1;
        self.model.loss_and_gradient(parameters, self.batches.next_rows(), None, seed, gradient)
    }
}

/// Minimizes the mean loss over `rows` from `parameters`, and returns those that are best on the validation events, or the
/// last ones if the settings ask for none.
pub fn fit(
    model: &dyn Differentiable,
    mut parameters: Vec<f32>,
    rows: &[u64],
    settings: &TrainingSettings,
    seed: Seed,
    context: &dyn Context,
) -> Result<Vec<f32>> {
    if rows.is_empty() {
        return Err(Error::data("expected at least one training event, found none"));
    }
    let (learned, kept) = split(rows, settings, seed.split("validation-rows"))?;
    let mut validation = Validation::new(kept, settings, seed.split("validation"));
    let mut gradients = BatchGradients::new(model, &learned, settings.batch, seed);
    let mut average = (settings.average > 0.0).then(|| parameters.clone());
    let mut rate = 1.0;
    let mut adam = Adam::new(parameters.len(), settings);
    let mut gradient = vec![0.0; parameters.len()];
    let report = |done, loss| context.progress(done, settings.iterations, Some(loss));
    descend(settings, context, report, |step| {
        let loss = gradients.next(&parameters, &mut gradient)?;
        step.clip(loss, &mut [&mut gradient])?;
        adam.step(&mut parameters, &gradient, step.rate() * rate);
        if let Some(average) = &mut average {
            // Early on the mean over all steps so far: the start must not linger.
            let done = step.number as f64;
            let keep = settings.average.min(done / (done + 1.0)) as f32;
            average.iter_mut().zip(&parameters).for_each(|(a, p)| *a = keep * *a + (1.0 - keep) * p);
        }
        if validation.due(step.number + 1) {
            match validation.look(model, average.as_ref().unwrap_or(&parameters))? {
                Next::Rate(factor) => rate = factor,
                Next::Stop => return Ok(ControlFlow::Break(loss)),
            }
        }
        Ok(ControlFlow::Continue(loss))
    })?;
    Ok(validation.best_or(average.unwrap_or(parameters)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_one() {
        assert_eq!(shares(&[3, 4], None).unwrap(), [0.5, 0.5]);
        assert_eq!(shares(&[3, 4], Some(&[1.0, 3.0])).unwrap(), [0.25, 0.75]);
        for (rows, weights) in [(&[][..], None), (&[1, 2], Some(&[1.0][..]))] {
            let error = shares(rows, weights).unwrap_err().to_string();
            assert!(error.starts_with("expected at least one row and as many weights, found"), "{error}");
        }
    }
}
