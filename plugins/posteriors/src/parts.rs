//! The gradient of a batch in parts, side by side on the host's threads: a single chain would keep one core busy.

use std::sync::{Mutex, PoisonError};

use amplicast_sdk::*;

/// Events in a part, more or less. What does not depend on the batch then takes a third of the time of `autoregressive` in
/// 2D, and less of larger networks.
const PART: u64 = 100;

/// A model's loss and gradient, computed in parts.
///
/// The parts depend on the size of the batch and the number of concurrent calls that the model allows, and so do the results: not on
/// the number of threads.
pub struct Parts<'a> {
    model: &'a dyn Differentiable,
    context: &'a dyn Context,
    /// The gradient of each part.
    gradients: Vec<Mutex<Vec<f32>>>,
}

impl<'a> Parts<'a> {
    /// Of the batches of an inference; no more than the concurrent calls that its model allows.
    pub fn new(inference: &Inference<'a>, model: &'a dyn Differentiable) -> Self {
        let batch = (inference.rows.len() as u64).min(inference.settings.batch as u64);
        let most = inference.model.max_concurrency().unwrap_or(usize::MAX);
        let count = ((batch / PART) as usize).min(most).max(1);
        let length = inference.model.layout().len();
        let gradients = (0..count).map(|_| Mutex::new(vec![0.0; length])).collect();
        Parts { model, context: inference.context, gradients }
    }

    /// Their number.
    pub fn count(&self) -> usize {
        self.gradients.len()
    }

    /// The mean loss over `rows`, its gradient, and what `beside` gives for each part, one after the other.
    pub fn loss_and_gradient(
        &self,
        theta: &[f32],
        rows: &[u64],
        seed: Seed,
        gradient: &mut [f32],
        beside: impl Fn(usize) -> Vec<f32> + Sync,
    ) -> Result<(f64, Vec<f32>)> {
        let (n, count) = (rows.len(), self.count());
        let parts: Vec<&[u64]> = (0..count).map(|i| &rows[i * n / count..(i + 1) * n / count]).collect();
        let lock = |part: usize| self.gradients[part].lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.context.collect(count, |i| {
            let seed = seed.index(i as u64);
            let loss = self.model.loss_and_gradient(theta, parts[i], None, seed, &mut lock(i))?;
            Ok((loss, beside(i)))
        })?;
        gradient.fill(0.0);
        let (mut loss, mut all) = (0.0, Vec::new());
        for (i, (part, (of_part, beside))) in parts.iter().zip(found).enumerate() {
            let share = part.len() as f64 / n as f64;
            loss += share * of_part;
            gradient.iter_mut().zip(&*lock(i)).for_each(|(sum, g)| *sum += share as f32 * g);
            all.extend(beside);
        }
        Ok((loss, all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussian_model::GaussianModel;

    fn inference<'a>(
        model: &'a GaussianModel,
        settings: &'a TrainingSettings,
        rows: &'a [u64],
    ) -> Inference<'a> {
        let training_rows = model.events.nrows() as u64;
        let (members, seed) = (None, Seed::new(1));
        Inference { chain: 0, model, members, rows, training_rows, settings, seed, context: &Alone }
    }

    #[test]
    fn no_more_parts_than_calls_at_once() {
        let mut model = GaussianModel::new(1000, 1, 4);
        let settings = TrainingSettings { batch: 400, ..TrainingSettings::default() };
        for (calls, count) in [(None, 4), (Some(3), 3), (Some(1), 1)] {
            model.calls = calls;
            let rows: Vec<u64> = (0..1000).collect();
            assert_eq!(Parts::new(&inference(&model, &settings, &rows), &model).count(), count);
        }
    }

    #[test]
    fn parts_make_up_the_whole() {
        const N: usize = 20_050;
        let model = GaussianModel::new(N, 2, 3);
        let rows: Vec<u64> = (0..N as u64).collect();
        for (batch, count) in [(50, 1), (200, 2), (350, 3), (N, 200), (2 * N, 200)] {
            let settings = TrainingSettings { batch, ..TrainingSettings::default() };
            let parts = Parts::new(&inference(&model, &settings, &rows), &model);
            assert_eq!(parts.count(), count, "{batch}");
            let rows = &rows[..batch.min(N)];
            let (mut found, mut whole) = (vec![0.0; 2], vec![0.0; 2]);
            let theta = [0.7, -0.2];
            let beside = |part| vec![part as f32; 2];
            let (_, beside) =
                parts.loss_and_gradient(&theta, rows, Seed::new(2), &mut found, beside).unwrap();
            model.loss_and_gradient(&theta, rows, None, Seed::new(2), &mut whole).unwrap();
            for (found, whole) in found.iter().zip(whole) {
                assert!((found - whole).abs() < 1e-6, "{batch}: {found} {whole}");
            }
            assert_eq!(beside, (0..count).flat_map(|i| [i as f32; 2]).collect::<Vec<_>>());
        }
    }
}
