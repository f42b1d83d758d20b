//! An ensemble whose members are trained together and keep away from each other.

use std::ops::ControlFlow;

use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::*;

use crate::repulsion::{Kernel, repulsion};
use crate::target::{Target, check_segments, check_target, needs_likelihood};

config! {
    /// An ensemble whose members are trained together and keep away from each other.
    pub struct RepulsiveEnsembleConfig {
        /// Segments of the parameters that have a posterior: names, or patterns with `*`. The others are trained to a
        /// point, by each member to its own.
        pub segments: Vec<String> = vec!["*".into()],
        /// Standard deviation of the prior N(0, prior_width^2).
        pub prior_width: f64 = 1.0,
        /// The posterior is that of exp(-n loss / temperature); 1 by default where the loss is a negative
        /// log-likelihood, required where it is not.
        pub temperature: Option<f64> = None,
        /// Where members keep away from each other: `coordinates` or `joint`.
        pub kernel: Kernel = Kernel::Coordinates,
    }
}

/// Standard deviation of what is added to the start of each member, in prior widths: members that start at one place would
/// stay together.
const START: f32 = 0.01;

/// Members as particles that approach the posterior exp(-n loss / T) N(theta; 0, prior_width^2) together: each follows the
/// gradient of its logarithm, and is repelled from the others (D'Angelo & Fortuin 2106.11642).
///
/// All see the same batches, so that the noise of these does not drive them apart; Adam and the experiment's training
/// settings do the steps, and the schedule takes the noise out of the end.
#[derive(Debug, Clone)]
pub struct RepulsiveEnsemble {
    config: RepulsiveEnsembleConfig,
}

impl Component for RepulsiveEnsemble {
    type Config = RepulsiveEnsembleConfig;
    const NAME: &'static str = "repulsive-ensemble";
    const ABOUT: &'static str =
        "Members trained together as particles of a posterior, which repel each other";

    fn new(config: RepulsiveEnsembleConfig) -> Result<Self> {
        check_target(&config.segments, config.prior_width, config.temperature)?;
        Ok(RepulsiveEnsemble { config })
    }
}

impl UncertaintyModel for RepulsiveEnsemble {
    fn requirements(&self) -> Requirements {
        Requirements {
            gradients: true,
            likelihood: needs_likelihood(self.config.temperature),
            least_members: 2,
            joint: true,
            ..Requirements::default()
        }
    }

    fn chains(&self, _members: u64) -> u64 {
        1
    }

    fn check(&self, model: &dyn Model) -> Result<()> {
        check_segments(&self.config.segments, model)
    }

    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        let RepulsiveEnsembleConfig { segments, prior_width, temperature, kernel } = &self.config;
        let target = Target::new(Self::NAME, inference, segments, *prior_width, *temperature)?;
        let Inference { settings, context, seed, model, .. } = *inference;
        let members = inference.members.ok_or_else(|| {
            Error::data("expected the number of members, which are inferred together; found none")
        })?;
        let start = |i: u64| -> Result<Vec<f32>> {
            let mut theta = model.initial(seed.split("initial").index(i))?;
            let mut noise = seed.split("start").index(i).stream();
            let width = START * *prior_width as f32;
            for &k in &target.uncertain {
                let z: f32 = StandardNormal.sample(&mut noise);
                theta[k] += width * z;
            }
            Ok(theta)
        };
        let mut particles = (0..members).map(start).collect::<Result<Vec<_>>>()?;
        let length = target_length(&particles)?;
        let mut adams = vec![Adam::without_decay(length, settings); particles.len()];
        let mut batches = Batches::new(&target.rows, settings.batch, seed.split("batches"));
        let losses = seed.split("loss");
        let most = model.max_concurrency().unwrap_or(usize::MAX).max(1);

        let report = |done, loss| context.progress(done, settings.iterations, Some(loss));
        descend(settings, context, report, |step| {
            let forces = repulsion(*kernel, &particles, &target.uncertain, context)?;
            let rows = batches.next_rows();
            let gradient = |i: usize| -> Result<(f64, Vec<f32>)> {
                let theta = &particles[i];
                let mut gradient = vec![0.0; length];
                let loss = target.gradients.loss_and_gradient(
                    theta,
                    rows,
                    None,
                    losses.index(step.number),
                    &mut gradient,
                )?;
                target.add_prior(theta, &mut gradient);
                let scale = target.scale as f32;
                target.uncertain.iter().zip(&forces[i]).for_each(|(&k, r)| gradient[k] -= r / scale);
                step.clip(loss, &mut [&mut gradient])?;
                Ok((loss, gradient))
            };
            let found = at_most(most, particles.len(), context, gradient)?;
            let mean = found.iter().map(|(loss, _)| loss).sum::<f64>() / members as f64;
            for ((theta, adam), (_, gradient)) in particles.iter_mut().zip(&mut adams).zip(found) {
                target.step(adam, theta, &gradient, step.rate());
            }
            Ok(ControlFlow::Continue(mean))
        })?;
        Ok(Chain::new((0..).zip(particles).map(|(i, theta): (u64, _)| (format!("member-{i}"), theta))))
    }

    fn members(&self, chains: &[Chain], count: u64, _seed: Seed) -> Result<Members> {
        let chain = chains.first().ok_or_else(|| Error::data("expected 1 chain, found none"))?;
        let found = chain.vectors.len() as u64;
        if found != count {
            return Err(Error::data(format!("expected {count} members trained together, found {found}")));
        }
        let member = |i| Ok(chain.get(&format!("member-{i}"))?.to_vec());
        Ok(Members::independent((0..count).map(member).collect::<Result<_>>()?))
    }
}

fn target_length(particles: &[Vec<f32>]) -> Result<usize> {
    match particles {
        [first, _, ..] => Ok(first.len()),
        _ => Err(Error::data(format!("expected at least 2 members, found {}", particles.len()))),
    }
}

/// `work(0) ... work(n - 1)` on the host's threads, at most `most` at once.
fn at_most<T: Send>(
    most: usize,
    n: usize,
    context: &dyn Context,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let mut found = Vec::with_capacity(n);
    for first in (0..n).step_by(most.min(n)) {
        found.extend(context.collect(most.min(n - first), |k| work(first + k))?);
    }
    Ok(found)
}

register_uncertainty!(RepulsiveEnsemble);

#[cfg(test)]
mod tests;
