//! Adam and AdamW over flat slices, with warm-up, cosine decay and clipping of the global norm.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Result, ensure_config};

/// How the learning rate changes over the training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Constant after the warm-up.
    Constant,
    /// Down to zero on half a cosine after the warm-up.
    Cosine,
    /// A tenth whenever the loss of the validation events has not become smaller, by a ten-thousandth of itself, for
    /// `plateau_patience` validations; constant without validation events.
    Plateau,
}

/// Training settings: they live in the experiment and reach every posterior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingSettings {
    /// Optimizer steps.
    pub iterations: u64,
    /// Events in a step.
    pub batch: usize,
    /// Learning rate after the warm-up.
    pub learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Steps of linear warm-up.
    pub warmup: u64,
    /// Largest global norm of a gradient; longer ones are scaled down to it.
    pub clip: f64,
    /// Decoupled weight decay (AdamW); 0 is Adam.
    pub weight_decay: f64,
    /// Decay rate of the gradient's running mean.
    pub beta1: f64,
    /// Decay rate of the squared gradient's running mean.
    pub beta2: f64,
    /// The part of the events that a fit keeps for validation, to return the parameters that are best on these; 0 for
    /// none. A fit to a bootstrap takes the events that it did not draw instead, of whatever part. They count in n_train.
    /// Only fits (`point`, `ensemble`) know it, and the four keys below.
    pub validation: f64,
    /// Steps from one validation to the next.
    pub validate_every: u64,
    /// Validations without a smaller loss after which a fit stops; 0 for never.
    pub patience: u64,
    /// The same for the schedule `plateau`.
    pub plateau_patience: u64,
    /// Decay rate a step of the running mean of the parameters, which is then what is validated and returned; 0 for none.
    pub average: f64,
}

impl Default for TrainingSettings {
    fn default() -> Self {
        TrainingSettings {
            iterations: 2000,
            batch: 200,
            learning_rate: 2e-3,
            schedule: Schedule::Cosine,
            warmup: 100,
            clip: 10.0,
            weight_decay: 0.0,
            beta1: 0.9,
            beta2: 0.999,
            validation: 0.0,
            validate_every: 100,
            patience: 0,
            plateau_patience: 20,
            average: 0.0,
        }
    }
}

impl TrainingSettings {
    /// Refuses values out of range.
    pub fn check(&self) -> Result<()> {
        let positive = |name, value: f64| {
            ensure_config(value > 0.0 && value.is_finite(), name, || {
                format!("expected a positive number, found {value}")
            })
        };
        ensure_config(self.iterations > 0, "iterations", || "expected at least 1, found 0".into())?;
        ensure_config(self.batch > 0, "batch", || "expected at least 1, found 0".into())?;
        positive("learning_rate", self.learning_rate)?;
        positive("clip", self.clip)?;
        ensure_config(self.weight_decay >= 0.0, "weight_decay", || {
            format!("expected 0 or more, found {}", self.weight_decay)
        })?;
        ensure_config(self.validate_every > 0, "validate_every", || "expected at least 1, found 0".into())?;
        let parts = [
            ("beta1", self.beta1),
            ("beta2", self.beta2),
            ("validation", self.validation),
            ("average", self.average),
        ];
        for (name, beta) in parts {
            ensure_config((0.0..1.0).contains(&beta), name, || {
                format!("expected a number in [0, 1), found {beta}")
            })?;
        }
        Ok(())
    }

    /// The same for a part of the training set, so that each event is seen as often as in a fit to all of them: all that is counted
    /// in steps becomes less by that part.
    #[must_use]
    pub fn for_part(&self, rows: u64, of: u64) -> Self {
        let part = rows as f64 / of.max(1) as f64;
        let steps = |n: u64| (n as f64 * part).round() as u64;
        TrainingSettings {
            iterations: steps(self.iterations).max(1),
            warmup: steps(self.warmup),
            validate_every: steps(self.validate_every).max(1),
            ..self.clone()
        }
    }

    /// The factor on the learning rate at a step (from 0).
    pub fn rate_factor(&self, step: u64) -> f64 {
        if step < self.warmup {
            return (step + 1) as f64 / self.warmup as f64;
        }
        match self.schedule {
            Schedule::Constant | Schedule::Plateau => 1.0,
            Schedule::Cosine => {
                let span = self.iterations.saturating_sub(self.warmup).max(1) as f64;
                let done = ((step - self.warmup) as f64 / span).min(1.0);
                0.5 * (1.0 + (std::f64::consts::PI * done).cos())
            }
        }
    }
}

/// Adam (Kingma & Ba 1412.6980) or, with weight decay, AdamW (Loshchilov & Hutter 1711.05101).
#[derive(Debug, Clone)]
pub struct Adam {
    beta1: f32,
    beta2: f32,
    decay: f32,
    mean: Vec<f32>,
    square: Vec<f32>,
    steps: i32,
}

impl Adam {
    /// An optimizer of `length` parameters.
    pub fn new(length: usize, settings: &TrainingSettings) -> Self {
        Adam {
            beta1: settings.beta1 as f32,
            beta2: settings.beta2 as f32,
            decay: settings.weight_decay as f32,
            mean: vec![0.0; length],
            square: vec![0.0; length],
            steps: 0,
        }
    }

    /// Adam, whatever the settings say of weight decay: for parameters on which a prior acts.
    pub fn without_decay(length: usize, settings: &TrainingSettings) -> Self {
        Adam { decay: 0.0, ..Adam::new(length, settings) }
    }

    /// One step down the gradient with this learning rate.
    pub fn step(&mut self, parameters: &mut [f32], gradient: &[f32], rate: f64) {
        self.steps += 1;
        let (b1, b2) = (self.beta1, self.beta2);
        let bias1 = 1.0 - f64::from(b1).powi(self.steps);
        let bias2 = 1.0 - f64::from(b2).powi(self.steps);
        let step = (rate / bias1) as f32;
        let root = (1.0 / bias2.sqrt()) as f32;
        let keep = 1.0 - rate as f32 * self.decay;
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((p, g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *m = b1 * *m + (1.0 - b1) * g;
            *v = b2 * *v + (1.0 - b2) * g * g;
            *p = keep * *p - step * *m / (v.sqrt() * root + 1e-8);
        }
    }
}

/// The sum of numbers, in double precision.
pub fn sum(values: &[f32]) -> f64 {
    sum_over(values, |value| value)
}

/// The sum of the squares of numbers, in double precision.
pub fn sum_of_squares(values: &[f32]) -> f64 {
    sum_over(values, |value| value * value)
}

/// Eight sums run side by side: one alone waits for each addition before the next.
fn sum_over(values: &[f32], term: impl Fn(f64) -> f64) -> f64 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += term(f64::from(*value));
        }
    }
    sums.into_iter().chain(rest.iter().map(|value| term(f64::from(*value)))).sum()
}

/// Scales all parts of a gradient down so that their common Euclidean norm is at most `clip`; returns the norm before.
pub fn clip_global_norm(parts: &mut [&mut [f32]], clip: f64) -> f64 {
    let norm = parts.iter().map(|part| sum_of_squares(part)).sum::<f64>().sqrt();
    if norm > clip {
        let factor = (clip / norm) as f32;
        parts.iter_mut().flat_map(|p| p.iter_mut()).for_each(|g| *g *= factor);
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The f32 implementation against the paper's Algorithm 1 in f64, on the loss sum(p^2).
    #[test]
    fn adam_follows_its_definition() {
        let settings = TrainingSettings::default();
        let mut adam = Adam::new(2, &settings);
        let mut p = [1.0_f32, -2.0];
        let (mut m, mut v, mut q) = ([0.0_f64; 2], [0.0_f64; 2], [1.0_f64, -2.0]);
        for t in 1..=50 {
            let gradient = p.map(|x| 2.0 * x);
            adam.step(&mut p, &gradient, 0.1);
            for i in 0..2 {
                let g = 2.0 * q[i];
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                q[i] -= 0.1 * (m[i] / (1.0 - 0.9_f64.powi(t)))
                    / ((v[i] / (1.0 - 0.999_f64.powi(t))).sqrt() + 1e-8);
            }
        }
        for i in 0..2 {
            assert!((f64::from(p[i]) - q[i]).abs() < 1e-4, "{p:?} {q:?}");
        }
    }

    #[test]
    fn weight_decay_is_decoupled() {
        let settings = TrainingSettings { weight_decay: 0.5, ..Default::default() };
        let mut adam = Adam::new(1, &settings);
        let mut p = [2.0_f32];
        adam.step(&mut p, &[0.0], 0.1);
        assert!((p[0] - 1.9).abs() < 1e-6, "{p:?}");
    }

    #[test]
    fn schedule() {
        let s = TrainingSettings { iterations: 1100, warmup: 100, ..Default::default() };
        assert!((s.rate_factor(0) - 0.01).abs() < 1e-12);
        assert!((s.rate_factor(100) - 1.0).abs() < 1e-12);
        assert!((s.rate_factor(600) - 0.5).abs() < 1e-12);
        assert!(s.rate_factor(1100) < 1e-12);
    }

    #[test]
    fn sums_of_any_length() {
        for n in [0, 1, 15, 16, 33] {
            let values: Vec<f32> = (1..=n).map(|i| i as f32).collect();
            let n = f64::from(n);
            assert_eq!(sum(&values), n * (n + 1.0) / 2.0);
            assert_eq!(sum_of_squares(&values), n * (n + 1.0) * (2.0 * n + 1.0) / 6.0);
        }
    }

    #[test]
    fn clipping_is_global() {
        let (mut a, mut b) = ([3.0_f32], [4.0_f32]);
        let norm = clip_global_norm(&mut [&mut a, &mut b], 1.0);
        assert!((norm - 5.0).abs() < 1e-12);
        assert!((a[0] - 0.6).abs() < 1e-6 && (b[0] - 0.8).abs() < 1e-6);
    }
}
