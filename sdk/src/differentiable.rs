//! The loss of a model and its gradient: what posteriors and trainings work with.

use crate::{Result, Seed};

/// What the loss of a differentiable model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LossKind {
    /// The mean negative log-likelihood of the events: a posterior of it is the Bayesian posterior.
    NegativeLogLikelihood,
    /// Something else (flow matching): exp(-loss) is not the likelihood, so a posterior over it needs an explicit temperature.
    Surrogate,
}

/// The gradients of a model's loss.
pub trait Differentiable: Send + Sync {
    /// What the loss is.
    fn loss_kind(&self) -> LossKind;

    /// The mean loss per event over rows of the training set; its gradient is written to `gradient`.
    ///
    /// With `weights` (one per row) the mean is sum(w_i loss_i) / sum(w_i). `seed` feeds a loss that is random itself.
    fn loss_and_gradient(
        &self,
        parameters: &[f32],
        rows: &[u64],
        weights: Option<&[f64]>,
        seed: Seed,
        gradient: &mut [f32],
    ) -> Result<f64>;

    /// The mean loss alone: what validation needs. The default throws the gradient away.
    fn loss(&self, parameters: &[f32], rows: &[u64], seed: Seed) -> Result<f64> {
        self.loss_and_gradient(parameters, rows, None, seed, &mut vec![0.0; parameters.len()])
    }
}
