//! Draws of the posterior by stochastic-gradient Langevin dynamics.

use amplicast_sdk::*;

use crate::convergence::{convergence, thinned};
use crate::langevin::{CALIBRATION, Steps};
use crate::target::{Target, check_segments, check_target, ensure_positive, needs_likelihood};

config! {
    /// Draws of the posterior by stochastic-gradient Langevin dynamics.
    pub struct SgldConfig {
        /// Segments of the parameters that have a posterior: names, or patterns with `*`. The others are trained to a
        /// point, by each chain to its own.
        pub segments: Vec<String> = vec!["*".into()],
        /// Standard deviation of the prior N(0, prior_width^2).
        pub prior_width: f64 = 1.0,
        /// The posterior is that of exp(-n loss / temperature); 1 by default where the loss is a negative
        /// log-likelihood, required where it is not.
        pub temperature: Option<f64> = None,
        /// Independent chains, each with a training of its own.
        pub chains: u64 = 4,
        /// Draws that each chain keeps; half as many are made before them and thrown away.
        pub draws: u64 = 25,
        /// Steps from one draw to the next.
        pub thinning: u64 = 1000,
        /// Largest ratio of the minibatches' noise to the injected noise, and largest part of a deviation that one step
        /// takes away. Variances come out larger by at most one and a half times that.
        pub noise_fraction: f64 = 0.1,
    }
}

/// Draws of exp(-n loss / T) N(theta; 0, prior_width^2) by stochastic-gradient Langevin dynamics (Welling & Teh 2011),
/// preconditioned by a diagonal that is fixed before draws are made (Li et al. 1512.07666).
///
/// Each chain first trains all parameters to the maximum of the posterior (Adam, the experiment's training settings),
/// finds its steps (see `Steps`), makes half as many draws as it will keep, finds its steps anew where these led it,
/// throws them away, and goes on. Parameters outside of `segments` stay where the training took them, another place in
/// each chain.
///
/// Weights of a network have symmetries, so that chains are compared by what they predict: the mean losses of fixed parts
/// of the training events (all events, in eighths, up to 2048 of them), the same for all chains. The worst R-hat and the
/// least effective sample size of these are reported, and `n_effective` follows from the latter.
///
/// The chain has the vectors `draws`, one parameter vector after another, and `loss-1` ... `loss-8`.
#[derive(Debug, Clone)]
pub struct Sgld {
    config: SgldConfig,
}

impl Component for Sgld {
    type Config = SgldConfig;
    const NAME: &'static str = "sgld";
    const ABOUT: &'static str =
        "Draws of the posterior by stochastic-gradient Langevin dynamics, several chains with R-hat";

    fn new(config: SgldConfig) -> Result<Self> {
        check_target(&config.segments, config.prior_width, config.temperature)?;
        let at_least = |field, least: u64, value: u64| {
            ensure_config(value >= least, field, || format!("expected at least {least}, found {value}"))
        };
        at_least("chains", 1, config.chains)?;
        at_least("draws", 4, config.draws)?;
        at_least("thinning", 1, config.thinning)?;
        ensure_positive("noise_fraction", config.noise_fraction)?;
        ensure_config(config.noise_fraction <= 1.0, "noise_fraction", || {
            format!("expected at most 1, found {}", config.noise_fraction)
        })?;
        Ok(Sgld { config })
    }
}

impl UncertaintyModel for Sgld {
    fn requirements(&self) -> Requirements {
        Requirements {
            gradients: true,
            likelihood: needs_likelihood(self.config.temperature),
            least_members: 2,
            most_members: Some(self.config.chains.saturating_mul(self.config.draws)),
            ..Requirements::default()
        }
    }

    fn chains(&self, _members: u64) -> u64 {
        self.config.chains
    }

    fn check(&self, model: &dyn Model) -> Result<()> {
        check_segments(&self.config.segments, model)
    }

    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        let SgldConfig { segments, prior_width, temperature, draws, thinning, noise_fraction, .. } =
            &self.config;
        let Inference { settings, context, seed, .. } = *inference;
        let target = Target::new("sgld", inference, segments, *prior_width, *temperature)?;
        let seed = seed.split("langevin");
        let discarded = draws.div_ceil(2);
        let total = settings.iterations + 2 * CALIBRATION + (draws + discarded) * thinning;
        let mut theta =
            target.maximize(inference, &|done, loss| context.progress(done, total, Some(loss)))?;

        let mut gradients = BatchGradients::new(target.gradients, &target.rows, settings.batch, seed);
        let mut noise = seed.split("noise").stream();
        let mut gradient = vec![0.0; theta.len()];
        let mut done = 0;
        let mut run = |steps: &Steps, theta: &mut Vec<f32>| -> Result<()> {
            for _ in 0..*thinning {
                context.check()?;
                let loss = gradients.next(theta, &mut gradient)?;
                let square = gradient.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>();
                check_finite(settings.iterations + done, loss, square)?;
                steps.step(&target, theta, &gradient, &mut noise);
                done += 1;
                context.progress(settings.iterations + CALIBRATION + done, total, Some(loss));
            }
            Ok(())
        };
        let calibrate = |theta: &[f32], k| {
            Steps::calibrate(
                &target,
                theta,
                settings.batch,
                *noise_fraction,
                seed.split("calibrate").index(k),
                context,
            )
        };
        let mut steps = calibrate(&theta, 0)?;
        for _ in 0..discarded {
            run(&steps, &mut theta)?;
        }
        steps = calibrate(&theta, 1)?;
        let parts = parts(&target.rows);
        let mut traces = vec![Vec::new(); parts.len()];
        let mut kept = Vec::with_capacity(*draws as usize * theta.len());
        let mut unused = vec![0.0; theta.len()];
        for _ in 0..*draws {
            run(&steps, &mut theta)?;
            for (trace, rows) in traces.iter_mut().zip(&parts) {
                // The same randomness for all draws and chains, if the loss has any.
                let seed = Seed::new(0).split("trace");
                let loss = target.gradients.loss_and_gradient(&theta, rows, None, seed, &mut unused)?;
                trace.push(loss as f32);
            }
            kept.extend_from_slice(&theta);
        }
        let traces = (1..).zip(traces).map(|(k, trace)| (format!("loss-{k}"), trace));
        let reduction = ("step-reduction".to_string(), vec![steps.reduction as f32]);
        Ok(Chain::new(traces.chain([("draws".to_string(), kept), reduction])))
    }

    fn members(&self, chains: &[Chain], count: u64, _seed: Seed) -> Result<Members> {
        let first = chains.first().ok_or_else(|| Error::data("expected at least one chain, found none"))?;
        let draws = first.get("loss-1")?.len();
        let all = draws * chains.len();
        if count as usize > all || draws < 4 {
            return Err(Error::data(format!(
                "expected draws for {count} members, at least 4 in a chain, found {draws} in each of {} chains",
                chains.len()
            )));
        }
        let mut parameters = Vec::with_capacity(count as usize);
        for (k, chain) in chains.iter().enumerate() {
            let values = chain.get("draws")?;
            let length = values.len() / draws;
            expect_length("draws", length * draws, values.len())?;
            let own = (count as usize + chains.len() - 1 - k) / chains.len();
            let spread = (0..own).map(|i| (2 * i + 1) * draws / (2 * own));
            parameters.extend(spread.map(|i| values[i * length..(i + 1) * length].to_vec()));
        }
        let mut diagnostics = Diagnostics::default();
        let effective = diagnose(chains, draws, &mut diagnostics)?;
        let n_effective = thinned(all as f64, effective, count as f64).max(1.0);
        if n_effective < 0.5 * count as f64 {
            diagnostics.warnings.push(format!(
                "its draws correlate: {count} members are worth {n_effective:.1}; more `thinning` makes them worth more"
            ));
        }
        Ok(Members { n_effective, diagnostics, ..Members::independent(parameters) })
    }
}

/// Parts of the training events whose mean losses are traced.
const PARTS: u64 = 8;
/// Most events in each.
const PART_EVENTS: u64 = 256;

/// The same rows for every chain, from all over the training set.
fn parts(rows: &[u64]) -> Vec<Vec<u64>> {
    let n = rows.len() as u64;
    let stride = PARTS * n.div_ceil(PARTS * PART_EVENTS).max(1);
    let part = |k: u64| (k..n).step_by(stride as usize).collect();
    (0..PARTS.min(n)).map(part).collect()
}

/// Adds R-hat, the effective sample size and a figure; returns how many draws all draws are worth.
fn diagnose(chains: &[Chain], draws: usize, diagnostics: &mut Diagnostics) -> Result<f64> {
    let (mut r_hat, mut effective) = (1.0_f64, (draws * chains.len()) as f64);
    let parts = chains[0].vectors.iter().filter(|(name, _)| name.starts_with("loss-")).count();
    for k in 1..=parts {
        let trace = |chain: &Chain| -> Result<Vec<f64>> {
            let values = chain.get(&format!("loss-{k}"))?;
            expect_length("draws of a chain", draws, values.len())?;
            Ok(values.iter().copied().map(f64::from).collect())
        };
        let traces = chains.iter().map(trace).collect::<Result<Vec<_>>>()?;
        let found = convergence(&traces.iter().map(Vec::as_slice).collect::<Vec<_>>());
        r_hat = r_hat.max(found.r_hat);
        effective = effective.min(found.effective);
        if k == 1 {
            let curve = |(k, y)| DiagnosticCurve {
                name: format!("chain {k}"),
                x: (1..=draws).map(|i| i as f64).collect(),
                y,
                error: Vec::new(),
            };
            diagnostics.figures.push(DiagnosticFigure {
                title: "Mean loss of a fixed part of the training events".into(),
                x: "draw".into(),
                y: "mean loss".into(),
                curves: (1..).zip(traces).map(curve).collect(),
            });
        }
    }
    diagnostics.number(format!("R-hat, the worst of {parts} losses"), r_hat, None);
    diagnostics.number(format!("Effective draws, the least of {parts} losses"), effective, None);
    let reductions: Vec<f64> = chains
        .iter()
        .map(|chain| Ok(chain.get("step-reduction")?.first().copied().map_or(1.0, f64::from)))
        .collect::<Result<_>>()?;
    let largest = reductions.into_iter().fold(1.0, f64::max);
    diagnostics.number("Steps shorter than independent parameters would allow, factor", largest, None);
    if r_hat > 1.1 {
        diagnostics.warnings.push(format!(
            "its chains disagree: R-hat is {r_hat:.2}, expected below 1.1; more `draws` or `thinning` may help"
        ));
    }
    Ok(effective)
}

register_uncertainty!(Sgld);

#[cfg(test)]
mod tests;
