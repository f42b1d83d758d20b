//! The likelihood ratio of a classifier.

use amplicast_nn::check_sizes;
use amplicast_sdk::ndarray::Axis;
use amplicast_sdk::{
    Batch, Component, FitNeeds, Fitted, FittedSummary, Origin, PseudoExperiment, PseudoExperiments, Result,
    Schema, Summary, SummaryFit, TrainingSettings, TrainingUse, config, ensure_config,
};

use crate::diagnostics::{Scores, diagnostics};
use crate::features::{FeatureKind, Features};
use crate::folds::{CrossFitted, CrossFitting, GENERATED, Generated};
use crate::network::Network;
use crate::training::Training;

config! {
    /// A classifier between true and generated events.
    pub struct ClassifierLrConfig {
        /// What it sees of an event: `columns`, or of four-momenta `kinematics`: pT, phi, eta and m of each particle and of
        /// each of `systems`, and Delta R of each pair of particles.
        pub features: FeatureKind = FeatureKind::Columns,
        /// Particles, counted from 0, whose sums `kinematics` sees too, such as [[0, 1, 2], [1, 2]].
        pub systems: Vec<Vec<usize>> = Vec::new(),
        /// Widths of the hidden layers.
        pub hidden: Vec<usize> = vec![64, 64],
        /// The part of the training events that the classifier sees; of these events only the others are scored.
        pub training_fraction: f64 = 0.5,
        /// Cross-fit this many networks instead: all training events are scored, each by the network that did not see it.
        pub folds: Option<u64> = None,
        /// With folds, the number of pseudo-experiments from which a metric learns its law against the training events.
        pub null_repetitions: u64 = 40,
        /// Generated events that a network sees, from a stream of their own; to test it, a quarter more are drawn, and with
        /// folds four times as many.
        pub generated: u64 = 10_000,
        /// One network for the events of all members together, instead of one for each member.
        pub pooled: bool = false,
        /// Most optimizer steps.
        pub iterations: u64 = 2000,
        /// Events in a step, half of them true and half generated.
        pub batch: usize = 256,
        /// Learning rate after the warm-up.
        pub learning_rate: f64 = 1e-3,
        /// The part of what the classifier sees that decides when to stop.
        #[serde(alias = "validation_fraction")]
        pub validation: f64 = 0.25,
        /// Steps from one validation to the next.
        #[serde(alias = "look_every")]
        pub validate_every: u64 = 50,
        /// Validations without a better validation loss after which the training stops.
        pub patience: u64 = 8,
    }
}

/// log p_gen(x) / p_true(x) as a classifier estimates it: LR_class of Bahl et al. 2025, section 4, up to sign; label
/// `classifier-lr`.
///
/// A multilayer perceptron sees training and generated events, half and half in every batch, so that its logit is the log
/// likelihood ratio whatever the sizes of the samples. No event is scored by a network that saw it: the true events that it
/// was trained on are left out of the reference, of selections and of quantiles. It stops early, and keeps the weights with
/// the lowest validation loss; so its distribution on two true samples is that of any fixed function.
///
/// True events may have weights, of either sign: the loss is then their signed sum. With `folds` they may not.
///
/// With `folds` all training events stay in the reference. Networks of different folds have different offsets, so the summary
/// is then the rank of the log likelihood ratio, between 0 and 1, among the same network's scores of generated events.
#[derive(Debug, Clone)]
pub struct ClassifierLr {
    config: ClassifierLrConfig,
    features: Features,
}

impl Component for ClassifierLr {
    type Config = ClassifierLrConfig;
    const NAME: &'static str = "classifier-lr";
    const ABOUT: &'static str =
        "The log likelihood ratio of generated over true events, from a classifier trained between them";

    fn new(config: ClassifierLrConfig) -> Result<Self> {
        let fraction = |name, value: f64| {
            ensure_config(value > 0.0 && value < 1.0, name, || {
                format!("expected a fraction above 0 and below 1, found {value}")
            })
        };
        fraction("training_fraction", config.training_fraction)?;
        fraction("validation", config.validation)?;
        for (i, width) in config.hidden.iter().enumerate() {
            check_sizes(&[(&format!("hidden[{i}]"), *width)])?;
        }
        ensure_config(config.folds.is_none_or(|folds| folds >= 2), "folds", || {
            format!("expected at least 2, found {}", config.folds.unwrap_or(0))
        })?;
        for (name, value) in [("generated", config.generated), ("validate_every", config.validate_every)] {
            ensure_config(value > 0, name, || "expected at least 1, found 0".into())?;
        }
        ensure_config(config.batch >= 2, "batch", || {
            format!("expected at least 2 events, found {}", config.batch)
        })?;
        let features = Features::new(config.features, &config.systems)?;
        let classifier = ClassifierLr { config, features };
        classifier.settings().check()?;
        Ok(classifier)
    }
}

impl ClassifierLr {
    fn settings(&self) -> TrainingSettings {
        let ClassifierLrConfig { iterations, batch, learning_rate, .. } = self.config;
        TrainingSettings { iterations, batch, learning_rate, ..Default::default() }
    }

    fn training(&self) -> Training {
        let ClassifierLrConfig { hidden, validation, validate_every, patience, .. } = self.config.clone();
        Training { hidden, settings: self.settings(), validation, validate_every, patience }
    }

    /// Fits to events that are their features.
    fn fit_to(&self, fit: &SummaryFit<'_>) -> Result<Fitted> {
        if let Some(folds) = self.config.folds {
            let (networks, parameters) = CrossFitting { training: &self.training(), folds }.run(fit)?;
            let summary = CrossFitted::new(fit.schema.dimension(), &self.config.hidden, folds, &parameters)?;
            let test = Generated::new(fit.generated.values).test;
            let test = Batch::new(test, Origin::Generated, &fit.generated.rows[..test.nrows()]);
            let logits = |batch: &Batch<'_>| summary.logits(batch).into_iter().map(|(_, l)| wide(&l));
            let scores = logits(&fit.training).zip(logits(&test));
            let scores: Vec<Scores> =
                scores.map(|(truth, generated)| Scores::alike(truth, generated)).collect();
            return Ok(Fitted { parameters, diagnostics: diagnostics(&networks, &scores) });
        }
        let report = |step, loss| fit.context.progress(step, self.config.iterations, Some(loss));
        let seen = fit.generated.values.nrows() - fit.generated.values.nrows() / 5;
        let (seen, test) = fit.generated.values.split_at(Axis(0), seen);
        let kinds = [(fit.training.values, fit.training.weights), (seen, None)];
        let trained = self.training().run(kinds, fit.seed, fit.context, report)?;
        let network = Network::new(fit.schema.dimension(), &self.config.hidden, &trained.parameters)?;
        let truth = wide(&network.score(fit.unseen.values));
        let mut scores = Scores::alike(truth, wide(&network.score(test)));
        if let Some(weights) = fit.unseen.weights {
            scores.weights = weights.to_vec();
        }
        let diagnostics = diagnostics(std::slice::from_ref(&trained), &[scores]);
        Ok(Fitted { parameters: trained.parameters, diagnostics })
    }
}

impl FittedSummary for ClassifierLr {
    fn label(&self) -> String {
        "classifier-lr".into()
    }

    fn axis(&self) -> String {
        let rank = if self.config.folds.is_some() { "rank of " } else { "" };
        format!("{rank}log p_gen / p_true (classifier)")
    }

    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        arguments.is_empty().then(|| "{}".into())
    }

    fn needs(&self) -> FitNeeds {
        let ClassifierLrConfig { training_fraction, generated, pooled, folds, .. } = self.config;
        match folds {
            Some(_) => {
                let training = TrainingUse::CrossFitted;
                // The law of the ranks against the training events is simulated with true events that count alike.
                FitNeeds { training, generated: GENERATED * generated, pooled, weights: false }
            }
            None => FitNeeds {
                training: TrainingUse::Held { training_fraction },
                generated: generated + generated.div_ceil(4),
                pooled,
                weights: true,
            },
        }
    }

    fn check(&self, schema: &Schema) -> Result<()> {
        self.features.check(schema)
    }

    fn fit(&self, fit: &SummaryFit<'_>) -> Result<Fitted> {
        self.features.with(fit, |fit| self.fit_to(fit))
    }

    fn fitted(&self, schema: &Schema, parameters: &[f32]) -> Result<Box<dyn Summary>> {
        let (dimension, hidden) = (self.features.schema(schema).dimension(), &self.config.hidden);
        Ok(match self.config.folds {
            Some(folds) => self.features.before(CrossFitted::new(dimension, hidden, folds, parameters)?),
            None => self.features.before(Network::new(dimension, hidden, parameters)?),
        })
    }

    fn pseudo_experiments(&self) -> Option<&dyn PseudoExperiments> {
        self.config.folds.is_some().then_some(self)
    }
}

impl PseudoExperiments for ClassifierLr {
    fn count(&self) -> u64 {
        self.config.null_repetitions
    }

    fn draw(&self, fit: &SummaryFit<'_>, number: u64) -> Result<PseudoExperiment> {
        let (training, folds) = (&self.training(), self.config.folds.unwrap_or_default());
        self.features.with(fit, |fit| CrossFitting { training, folds }.pseudo_experiment(fit, number))
    }
}

fn wide(logits: &[f32]) -> Vec<f64> {
    logits.iter().map(|l| f64::from(*l)).collect()
}

amplicast_sdk::register_fitted_summary!(ClassifierLr);
