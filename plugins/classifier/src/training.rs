//! Training between true and generated events, with early stopping.

use amplicast_nn::{
    Perceptron, Views, guarded, initial_parameters, layout, loss_and_gradient, single_threaded,
};
use amplicast_sdk::{Adam, Layout, Result, SummaryFit, TrainingSettings, check_finite, clip_global_norm};
use tch::{Device, Kind, Tensor, no_grad};

use crate::network::shape;
use crate::sample::{Sample, scale};

/// How a classifier is trained.
pub struct Training<'a> {
    pub hidden: &'a [usize],
    pub settings: TrainingSettings,
    pub validation_fraction: f64,
    pub look_every: u64,
    pub patience: u64,
}

impl Training<'_> {
    /// Trains: returns means, inverse standard deviations, and the parameters with the lowest validation loss.
    pub fn run(&self, fit: &SummaryFit<'_>) -> Result<Vec<f32>> {
        let kinds = [fit.training.values, fit.generated.values];
        let scale = scale(kinds)?;
        let sample = |what: &str, kind: usize| {
            Sample::new(what, kinds[kind], &scale, self.validation_fraction, fit.seed.split(what))
        };
        let (mut truth, mut generated) = (sample("true", 0)?, sample("generated", 1)?);
        let mut streams =
            [fit.seed.split("true batches").stream(), fit.seed.split("generated batches").stream()];
        let dimension = scale.len();
        let shape = shape(dimension, self.hidden);
        let parameters = shape.parameters();
        let layout = layout(&parameters);
        let mut theta = initial_parameters(&parameters, fit.seed.split("initial"));
        let mut adam = Adam::new(theta.len(), &self.settings);
        let mut gradient = vec![0.0; theta.len()];
        let validation = Labelled::new(dimension, |x| {
            truth.extend(&truth.validation, x);
            generated.extend(&generated.validation, x);
            [truth.validation.len(), generated.validation.len()]
        });
        let loss_of = |theta: &[f32]| validation.loss_at(&shape, &layout, theta);
        let mut best = (loss_of(&theta)?, theta.clone());
        let mut looks_without = 0;
        let half = self.settings.batch / 2;
        for step in 0..self.settings.iterations {
            fit.context.check()?;
            let batch = Labelled::new(dimension, |x| {
                let [of_truth, of_generated] = &mut streams;
                let true_places = truth.next_batch(half, of_truth);
                truth.extend(&true_places, x);
                let generated_places = generated.next_batch(half, of_generated);
                generated.extend(&generated_places, x);
                [half, half]
            });
            let loss = loss_and_gradient(
                &layout,
                &theta,
                (Kind::Float, Device::Cpu),
                &mut gradient,
                |mut views| batch.loss(&shape, &mut views),
            )?;
            let norm = clip_global_norm(&mut [&mut gradient], self.settings.clip);
            check_finite(step, loss, norm)?;
            adam.step(&mut theta, &gradient, self.settings.learning_rate * self.settings.rate_factor(step));
            fit.context.progress(step + 1, self.settings.iterations, Some(loss));
            if (step + 1) % self.look_every == 0 {
                let found = loss_of(&theta)?;
                if found < best.0 {
                    best = (found, theta.clone());
                    looks_without = 0;
                } else {
                    looks_without += 1;
                    if looks_without >= self.patience {
                        break;
                    }
                }
            }
        }
        let scale = scale.iter().map(|s| s.0 as f32).chain(scale.iter().map(|s| s.1 as f32));
        Ok(scale.chain(best.1).collect())
    }
}

/// Events with their labels: first the true ones (0), then the generated ones (1), each kind with half of the weight.
struct Labelled {
    x: Tensor,
    labels: Tensor,
    weights: Tensor,
}

impl Labelled {
    /// From the numbers that `fill` appends, and how many true and generated events they are.
    fn new(dimension: usize, fill: impl FnOnce(&mut Vec<f32>) -> [usize; 2]) -> Self {
        let mut numbers = Vec::new();
        let [truth, generated] = fill(&mut numbers);
        let kinds = |of_truth: f32, of_generated: f32| {
            let mut values = vec![of_truth; truth];
            values.resize(truth + generated, of_generated);
            Tensor::from_slice(&values)
        };
        Labelled {
            x: Tensor::from_slice(&numbers).view([-1, dimension as i64]),
            labels: kinds(0.0, 1.0),
            weights: kinds(0.5 / truth as f32, 0.5 / generated as f32),
        }
    }

    /// The binary cross entropy: log 2 for a classifier that knows nothing.
    fn loss(&self, shape: &Perceptron, views: &mut Views) -> Tensor {
        let logits = shape.forward(views, &self.x).squeeze_dim(1);
        logits.binary_cross_entropy_with_logits(
            &self.labels,
            Some(&self.weights),
            None::<&Tensor>,
            tch::Reduction::Sum,
        )
    }

    fn loss_at(&self, shape: &Perceptron, layout: &Layout, theta: &[f32]) -> Result<f64> {
        single_threaded();
        guarded(|| {
            no_grad(|| {
                let mut views = Views::new(layout, &Tensor::from_slice(theta));
                self.loss(shape, &mut views).to_kind(Kind::Double).double_value(&[])
            })
        })
    }
}
