//! Training between true and generated events, with early stopping.

use std::ops::ControlFlow;

use amplicast_nn::lanes::{Layers, Learner, Slope};
use amplicast_nn::{initial_parameters, layout};
use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{Adam, Best, Context, Result, Seed, TrainingSettings, descend};

use crate::network::{logits, shape};
use crate::sample::{Sample, scale};

/// How a classifier is trained.
#[derive(Debug, Clone)]
pub struct Training {
    pub hidden: Vec<usize>,
    pub settings: TrainingSettings,
    pub validation: f64,
    pub validate_every: u64,
    pub patience: u64,
}

/// A trained classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// Means, inverse standard deviations, and the parameters with the lowest validation loss.
    pub parameters: Vec<f32>,
    /// That validation loss.
    pub loss: f64,
    /// Steps until the stop.
    pub steps: u64,
}

impl Training {
    /// Trains between true and generated events; `report` hears of every step.
    pub fn run(
        &self,
        kinds: [ArrayView2<'_, f64>; 2],
        seed: Seed,
        context: &dyn Context,
        report: impl Fn(u64, f64),
    ) -> Result<Trained> {
        let scale = scale(kinds)?;
        let sample = |what: &str, kind: usize| {
            Sample::new(what, kinds[kind], &scale, self.validation, seed.split(what))
        };
        let mut samples = [sample("true", 0)?, sample("generated", 1)?];
        let mut streams = ["true batches", "generated batches"].map(|name| seed.split(name).stream());
        let dimension = scale.len();
        let shape = shape(dimension, &self.hidden);
        let parameters = shape.parameters();
        let layout = layout(&parameters);
        let mut theta = initial_parameters(&parameters, seed.split("initial"));
        let mut adam = Adam::new(theta.len(), &self.settings);
        let mut gradient = vec![0.0; theta.len()];
        let mut learner = Learner::new(&shape, &layout);
        let mut validation = Labeled::default();
        validation.fill(samples.iter().map(|sample| (sample, &sample.validation[..])));
        let loss_of = |theta: &[f32]| validation.loss(&Layers::new(&shape, &layout, theta), dimension);
        let mut best = Best::default();
        best.take(loss_of(&theta), &theta);
        let mut batch = Labeled::default();
        let steps = descend(&self.settings, context, report, |step| {
            let of_kind =
                |(sample, stream): (&mut Sample, _)| sample.next_batch(self.settings.batch / 2, stream);
            let places: Vec<Vec<usize>> = samples.iter_mut().zip(&mut streams).map(of_kind).collect();
            batch.fill(samples.iter().zip(places.iter().map(Vec::as_slice)));
            let loss_of_event = |event: usize, logit: f32| batch.cross_entropy(event, logit);
            let loss = learner.loss_and_gradient(&theta, &batch.numbers, loss_of_event, &mut gradient);
            step.clip(loss, &mut [&mut gradient])?;
            adam.step(&mut theta, &gradient, step.rate());
            let look = (step.number + 1).is_multiple_of(self.validate_every);
            let enough = look && best.take(loss_of(&theta), &theta) >= self.patience.max(1);
            Ok(if enough { ControlFlow::Break(loss) } else { ControlFlow::Continue(loss) })
        })?;
        let (loss, best) = best.found().unwrap_or_default();
        let scale = scale.iter().map(|s| s.0 as f32).chain(scale.iter().map(|s| s.1 as f32));
        Ok(Trained { parameters: scale.chain(best).collect(), loss, steps })
    }
}

/// Events with their labels: first the true ones (0), then the generated ones (1), each kind with half of the weight.
#[derive(Default)]
struct Labeled {
    numbers: Vec<f32>,
    /// How many events of each kind there are.
    counts: [usize; 2],
}

impl Labeled {
    /// Replaces the contents by these events of both kinds.
    fn fill<'s>(&mut self, kinds: impl Iterator<Item = (&'s Sample, &'s [usize])>) {
        self.numbers.clear();
        for ((sample, places), count) in kinds.zip(&mut self.counts) {
            sample.extend(places, &mut self.numbers);
            *count = places.len();
        }
    }

    /// An event's part of the binary cross entropy: their sum is log 2 for a classifier that knows nothing.
    fn cross_entropy(&self, event: usize, logit: f32) -> Slope {
        let generated = event >= self.counts[0];
        let weight = 0.5 / self.counts[usize::from(generated)] as f64;
        // Minus the log of what the classifier gives to the event's own kind.
        let l = f64::from(if generated { -logit } else { logit });
        let small = (-l.abs()).exp();
        let wrong = if l > 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
        let slope = weight * if generated { -wrong } else { wrong };
        Slope { loss: weight * (l.max(0.0) + small.ln_1p()), slope: slope as f32 }
    }

    fn loss(&self, layers: &Layers, dimension: usize) -> f64 {
        let mut found = vec![0.0; self.counts.iter().sum()];
        logits(layers, &self.numbers, dimension, &mut found);
        found.iter().enumerate().map(|(event, logit)| self.cross_entropy(event, *logit).loss).sum()
    }
}

#[cfg(test)]
mod tests {
    use amplicast_nn::{Views, loss_and_gradient};
    use tch::{Device, Kind, Reduction, Tensor};

    use super::*;

    /// Loss and gradient of a batch with 3 true and 5 generated events, against libtorch's.
    #[test]
    fn the_cross_entropy_is_that_of_the_graph() {
        let shape = shape(2, &[16, 8]);
        let parameters = shape.parameters();
        let layout = layout(&parameters);
        // Large outputs as well.
        let theta: Vec<f32> = initial_parameters(&parameters, Seed::new(1)).iter().map(|x| 3.0 * x).collect();
        let numbers: Vec<f32> = (0..16).map(|i| ((i * 7 % 16) as f32 - 8.0) / 3.0).collect();
        let batch = Labeled { numbers, counts: [3, 5] };
        let (mut found, mut expected) = (vec![0.0; theta.len()], vec![0.0; theta.len()]);
        let loss = Learner::new(&shape, &layout).loss_and_gradient(
            &theta,
            &batch.numbers,
            |event, logit| batch.cross_entropy(event, logit),
            &mut found,
        );
        let options = (Kind::Double, Device::Cpu);
        let tensor = |values: &[f64]| Tensor::from_slice(values);
        let x = Tensor::from_slice(&batch.numbers).view([8, 2]).to_kind(Kind::Double);
        let labels = tensor(&[0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        let weights = tensor(&[1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0, 0.1, 0.1, 0.1, 0.1, 0.1]);
        let graph = loss_and_gradient(&layout, &theta, options, &mut expected, |mut views: Views| {
            let logits = shape.forward(&mut views, &x).squeeze_dim(1);
            logits.binary_cross_entropy_with_logits(&labels, Some(&weights), None::<&Tensor>, Reduction::Sum)
        })
        .unwrap();
        assert!((loss / graph - 1.0).abs() < 1e-5, "{loss} {graph}");
        let forward = batch.loss(&Layers::new(&shape, &layout, &theta), 2);
        assert!((loss / forward - 1.0).abs() < 1e-6, "{loss} {forward}");
        let norm = expected.iter().map(|x| x * x).sum::<f32>().sqrt();
        for (a, b) in found.iter().zip(&expected) {
            assert!((a - b).abs() < 2e-5 * norm, "{a} {b}");
        }
    }
}
