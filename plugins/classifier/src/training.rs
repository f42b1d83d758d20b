//! Training between true and generated events, with early stopping.

use std::ops::ControlFlow;

use amplicast_nn::lanes::{Layers, Learner, Slope};
use amplicast_nn::{initial_parameters, layout};
use amplicast_sdk::{Adam, Best, Context, Result, Seed, TrainingSettings, descend};

use crate::network::{logits, shape};
use crate::sample::{Kind, Sample, scale};

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
        kinds: [Kind<'_>; 2],
        seed: Seed,
        context: &dyn Context,
        report: impl Fn(u64, f64),
    ) -> Result<Trained> {
        let scale = scale(kinds.map(|kind| kind.0))?;
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
    /// Of each event, with the mean 1 over those of its kind from which it is drawn.
    weights: Vec<f64>,
    /// How many events of each kind there are.
    counts: [usize; 2],
}

impl Labeled {
    /// Replaces the contents by these events of both kinds.
    fn fill<'s>(&mut self, kinds: impl Iterator<Item = (&'s Sample, &'s [usize])>) {
        self.numbers.clear();
        self.weights.clear();
        for ((sample, places), count) in kinds.zip(&mut self.counts) {
            sample.extend(places, &mut self.numbers, &mut self.weights);
            *count = places.len();
        }
    }

    /// An event's part of the binary cross entropy: their sum is log 2 for a classifier that knows nothing. Where weights are
    /// negative it is a signed sum, whose expectation is that of events that count alike.
    fn cross_entropy(&self, event: usize, logit: f32) -> Slope {
        let generated = event >= self.counts[0];
        let weight = 0.5 / self.counts[usize::from(generated)] as f64 * self.weights[event];
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
    use super::*;

    /// Of 3 true and 5 generated events, against the logs of the probabilities and differences.
    #[test]
    fn the_cross_entropy_is_that_of_the_probabilities() {
        let weights = vec![1.0, 1.0, -0.5, 1.0, 1.0, 1.0, 1.0, 1.0];
        let batch = Labeled { numbers: Vec::new(), weights, counts: [3, 5] };
        for (event, weight, sign) in
            [(0, 1.0 / 6.0, 1.0), (2, -1.0 / 12.0, 1.0), (3, 0.1, -1.0), (7, 0.1, -1.0)]
        {
            for logit in [-25.0_f32, -2.0, 0.0, 0.7, 25.0] {
                let Slope { loss, slope } = batch.cross_entropy(event, logit);
                let expected = weight * (1.0 + (sign * f64::from(logit)).exp()).ln();
                assert!((loss - expected).abs() < 1e-12, "{event} {logit}: {loss} {expected}");
                let at = |by: f32| batch.cross_entropy(event, logit + by).loss;
                let difference = (at(0.0625) - at(-0.0625)) / 0.125;
                assert!(
                    (f64::from(slope) - difference).abs() < 1e-3 * f64::abs(weight),
                    "{event} {logit}: {slope} {difference}"
                );
            }
        }
    }

    /// What a step of the training and what its validation say of the same events.
    #[test]
    fn both_passes_have_the_same_loss() {
        let shape = shape(2, &[16, 8]);
        let parameters = shape.parameters();
        let layout = layout(&parameters);
        // Large outputs as well.
        let theta: Vec<f32> = initial_parameters(&parameters, Seed::new(1)).iter().map(|x| 3.0 * x).collect();
        let numbers: Vec<f32> = (0..16).map(|i| ((i * 7 % 16) as f32 - 8.0) / 3.0).collect();
        let batch = Labeled { numbers, weights: vec![1.0; 8], counts: [3, 5] };
        let mut gradient = vec![0.0; theta.len()];
        let loss = Learner::new(&shape, &layout).loss_and_gradient(
            &theta,
            &batch.numbers,
            |event, logit| batch.cross_entropy(event, logit),
            &mut gradient,
        );
        let forward = batch.loss(&Layers::new(&shape, &layout, &theta), 2);
        assert!((loss / forward - 1.0).abs() < 1e-6, "{loss} {forward}");
    }
}
