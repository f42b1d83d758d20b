//! A variational Gaussian posterior over parameters of the model.

use std::ops::ControlFlow;

use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::*;

use crate::parts::Parts;
use crate::target::{Run, Target, check_segments, check_target, ensure_positive, needs_likelihood};

config! {
    /// A variational Gaussian posterior over parameters of the model.
    pub struct BayesianConfig {
        /// Segments of the parameters that have a posterior: names, or patterns with `*`. The others are trained to a
        /// point.
        pub segments: Vec<String> = vec!["*".into()],
        /// Factor on the Kullback-Leibler divergence from the prior; 1 is Bayes.
        pub kl_weight: f64 = 1.0,
        /// Standard deviation of the prior N(0, prior_width^2).
        pub prior_width: f64 = 1.0,
        /// Natural logarithm of the posterior's standard deviations where training starts.
        pub initial_log_sigma: f32 = -2.0,
        /// Learning rate of the logarithms of the standard deviations; twice the settings' learning rate by default.
        pub log_sigma_learning_rate: Option<f64> = None,
        /// The posterior is that of exp(-n loss / temperature); 1 by default where the loss is a negative
        /// log-likelihood, required where it is not.
        pub temperature: Option<f64> = None,
    }
}

/// A Gaussian posterior N(mu, sigma^2) with independent parameters, fitted by stochastic variational inference.
///
/// Minimizes mean loss + temperature * kl_weight * KL / n_train with reparametrized draws theta = mu + sigma * eps
/// (Kingma & Welling 1312.6114), one a step, shared by the batch. For each parameter
/// KL = ln(p / sigma) + (sigma^2 + mu^2) / (2 p^2) - 1/2 with the prior width p.
///
/// Weight decay acts on parameters without a posterior alone: on the others the prior takes its place.
///
/// The widths are learned from noisy gradients, and slowly: for the mean of 1000 Gaussian events they are still twice
/// too large after 2000 steps of 200 events at rate 2e-3, and right to 2 % after 20 000. The cosine schedule takes the
/// noise of single draws out of the end; averaging over the last quarter of the steps was tried and gained nothing.
///
/// The chain has two vectors as long as the model's parameters, `mean` and `log-sigma`; the latter is -inf where there
/// is no posterior, so that mean + exp(log-sigma) * eps holds everywhere.
#[derive(Debug, Clone)]
pub struct Bayesian {
    config: BayesianConfig,
}

impl Component for Bayesian {
    type Config = BayesianConfig;
    const NAME: &'static str = "bayesian";
    const ABOUT: &'static str =
        "A variational Gaussian posterior over the parameters, or over chosen segments of them";

    fn new(config: BayesianConfig) -> Result<Self> {
        check_target(&config.segments, config.prior_width, config.temperature)?;
        ensure_positive("kl_weight", config.kl_weight)?;
        ensure_positive("log_sigma_learning_rate", config.log_sigma_learning_rate.unwrap_or(1.0))?;
        ensure_config(config.initial_log_sigma.is_finite(), "initial_log_sigma", || {
            format!("expected a finite number, found {}", config.initial_log_sigma)
        })?;
        Ok(Bayesian { config })
    }
}

impl UncertaintyModel for Bayesian {
    fn requirements(&self) -> Requirements {
        let likelihood = needs_likelihood(self.config.temperature);
        Requirements { gradients: true, likelihood, least_members: 2, ..Requirements::default() }
    }

    fn chains(&self, _members: u64) -> u64 {
        1
    }

    fn check(&self, model: &dyn Model) -> Result<()> {
        check_segments(&self.config.segments, model)
    }

    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        let BayesianConfig { segments, prior_width, temperature, .. } = &self.config;
        let target = Target::new("bayesian", inference, segments, *prior_width, *temperature)?;
        let mean = inference.model.initial(inference.seed.split("initial"))?;
        let (mean, log_sigma) = self.descend(inference, &target, mean)?;
        let mut all = vec![f32::NEG_INFINITY; mean.len()];
        target.uncertain.iter().zip(log_sigma).for_each(|(&i, s)| all[i] = s);
        Ok(Chain::new([("mean", mean), ("log-sigma", all)]))
    }

    fn members(&self, chains: &[Chain], count: u64, seed: Seed) -> Result<Members> {
        let chain = chains.first().ok_or_else(|| Error::data("expected 1 chain, found none"))?;
        let (mean, log_sigma) = (chain.get("mean")?, chain.get("log-sigma")?);
        expect_length("log-sigma", mean.len(), log_sigma.len())?;
        let draw = |member| {
            let mut stream = seed.index(member).stream();
            let with_noise = |(mu, s): (&f32, &f32)| {
                let eps: f32 = StandardNormal.sample(&mut stream);
                mu + s.exp() * eps
            };
            mean.iter().zip(log_sigma).map(with_noise).collect()
        };
        Ok(Members::independent((0..count).map(draw).collect()))
    }
}

impl Bayesian {
    /// Minimizes the loss from `mean`; returns all means and the ln sigma of the uncertain parameters.
    fn descend(
        &self,
        inference: &Inference<'_>,
        target: &Target<'_>,
        mut mean: Vec<f32>,
    ) -> Result<(Vec<f32>, Vec<f32>)> {
        let Inference { settings, context, seed, .. } = *inference;
        let mut batches = Batches::new(&target.rows, settings.batch, seed.split("batches"));
        let losses = seed.split("loss");
        let gradients = Parts::new(inference, target.gradients);

        let uncertain = target.uncertain.len();
        let runs = target.runs();
        let noises = seed.split("weights");
        let noise = |step: u64, part: usize| {
            let [first, end] = [part, part + 1].map(|i| i * uncertain / gradients.count());
            normals(end - first, noises.index(step).index(part as u64))
        };
        let prior = target.prior_precision;
        let kl_factor = self.config.kl_weight / target.scale;
        let mut adam_mean = Adam::without_decay(mean.len(), settings);
        let mut adam_sigma = Adam::without_decay(uncertain, settings);
        let sigma_rate = self.config.log_sigma_learning_rate.unwrap_or(2.0 * settings.learning_rate);

        let mut log_sigma = vec![self.config.initial_log_sigma; uncertain];
        let mut sigma = vec![0.0; uncertain];
        let mut eps: Vec<f32> = (0..gradients.count()).flat_map(|part| noise(0, part)).collect();
        let mut theta = mean.clone();
        let mut gradient = vec![0.0; mean.len()];
        let mut gradient_sigma = vec![0.0; uncertain];

        let report = |done, loss| context.progress(done, settings.iterations, Some(loss));
        descend(settings, context, report, |step| {
            sigma.iter_mut().zip(&log_sigma).for_each(|(sigma, s)| *sigma = s.exp());
            theta.copy_from_slice(&mean);
            for Run { all, own } in &runs {
                let draws = sigma[own.clone()].iter().zip(&eps[own.clone()]);
                let theta = theta[all.clone()].iter_mut();
                theta.zip(draws).for_each(|(theta, (sigma, eps))| *theta += sigma * eps);
            }
            let (rows, seed) = (batches.next_rows(), losses.index(step.number));
            // Beside the gradient of this step the noise of the next one.
            let (loss, next) = gradients
                .loss_and_gradient(&theta, rows, seed, &mut gradient, |part| noise(step.number + 1, part))?;

            let mut squares = sum_of_squares(&sigma);
            for Run { all, own } in &runs {
                let mean = &mean[all.clone()];
                squares += sum_of_squares(mean);
                add_prior(
                    (kl_factor as f32, prior as f32),
                    (mean, &sigma[own.clone()], &eps[own.clone()]),
                    (&mut gradient[all.clone()], &mut gradient_sigma[own.clone()]),
                );
            }
            let kl = 0.5 * (prior * squares - uncertain as f64 * (1.0 + prior.ln())) - sum(&log_sigma);
            step.clip(loss, &mut [&mut gradient, &mut gradient_sigma])?;

            target.step(&mut adam_mean, &mut mean, &gradient, step.rate());
            adam_sigma.step(&mut log_sigma, &gradient_sigma, sigma_rate * step.factor);
            eps = next;
            Ok(ControlFlow::Continue(loss + kl_factor * kl))
        })?;
        Ok((mean, log_sigma))
    }
}

/// From the gradient of the loss by theta that by mu and by ln sigma, each with that of the prior's part,
/// kl_factor (prior (mu^2 + sigma^2) / 2 - ln sigma).
fn add_prior(
    (kl_factor, prior): (f32, f32),
    (mean, sigma, eps): (&[f32], &[f32], &[f32]),
    (by_mean, by_log_sigma): (&mut [f32], &mut [f32]),
) {
    let both = by_mean.iter_mut().zip(by_log_sigma);
    for ((by_mean, by_log_sigma), (mu, (sigma, eps))) in both.zip(mean.iter().zip(sigma.iter().zip(eps))) {
        *by_log_sigma = *by_mean * sigma * eps + kl_factor * (prior * sigma * sigma - 1.0);
        *by_mean += kl_factor * prior * mu;
    }
}

/// Standard normal numbers.
fn normals(count: usize, seed: Seed) -> Vec<f32> {
    let mut stream = seed.stream();
    (0..count).map(|_| StandardNormal.sample(&mut stream)).collect()
}

register_uncertainty!(Bayesian);

#[cfg(test)]
mod tests;
