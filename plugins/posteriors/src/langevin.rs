//! Steps of stochastic-gradient Langevin dynamics, and how long they may be.

use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::*;

use crate::target::Target;

/// Gradients from which the variances are taken: known to 14 %.
const GRADIENTS: u64 = 100;
/// Rounds of the power iteration, and gradients in each.
const ROUNDS: u64 = 8;
const ROUND: u64 = 25;

/// Gradients of the loss that one calibration takes.
pub const CALIBRATION: u64 = GRADIENTS + ROUNDS * ROUND;

/// The step of each uncertain parameter.
///
/// Langevin dynamics of the density exp(-U) with the diagonal preconditioner eps,
///
///   theta += -eps/2 grad U + sqrt(eps) xi,   grad U = s g + P theta,   s = n / T, P = 1 / prior_width^2,
///
/// samples it up to two errors, both of the order of the step (Welling & Teh 2011; Li et al. 1512.07666). With the mean
/// gradient g of B of the n events comes noise of covariance V = (1 - B/n) F / B, F the covariance of the gradients of
/// single events; in the units of the injected noise that is eps/4 s^2 V. And the step itself relaxes a fraction
/// a = eps H / 2 of any deviation, H the curvature of U, by which the variance grows by 1 / (1 - a/2). For a
/// log-likelihood H = s F + P near the maximum, and both errors are at most `f` in every direction if
///
///   eps <= 2 f (k s F + P)^-1,   k = max(1, s (n - B) / (2 n B)).
///
/// The diagonal of the right-hand side would be too long a step: thousands of parameters that pull in the same direction
/// add up. So eps = 2 f D / mu, where D is the inverse of the diagonal and mu the largest eigenvalue of
/// D^1/2 (k s F + P) D^1/2, found by power iteration over gradients. Without correlations mu = 1.
///
/// The steps are fixed while draws are made, so that no correction for a moving preconditioner is needed.
pub struct Steps {
    /// eps, for each uncertain parameter.
    lengths: Vec<f32>,
    /// mu: how much shorter they are because parameters pull together.
    pub reduction: f64,
}

impl Steps {
    /// The steps at `theta` for batches of `batch` events.
    pub fn calibrate(
        target: &Target<'_>,
        theta: &[f32],
        batch: usize,
        noise_fraction: f64,
        seed: Seed,
        context: &dyn Context,
    ) -> Result<Self> {
        let n = target.rows.len();
        if n < 2 {
            return Err(Error::data(format!("expected at least 2 training events, found {n}")));
        }
        // Of at most half of the events, so that there is a variance to measure.
        let few = batch.min(n / 2);
        let mut gradients = BatchGradients::new(target.gradients, &target.rows, few, seed);
        let mut calls = 0;
        let mut all = vec![0.0; theta.len()];
        let mut next = |gradient: &mut Vec<f32>| -> Result<()> {
            context.check()?;
            let loss = gradients.next(theta, &mut all)?;
            calls += 1;
            gradient.clear();
            gradient.extend(target.uncertain.iter().map(|&i| all[i]));
            check_finite(calls, loss, gradient.iter().map(|g| f64::from(g * g)).sum())
        };

        let d = target.uncertain.len();
        let (mut gradient, mut mean, mut square) =
            (Vec::with_capacity(d), vec![0.0_f64; d], vec![0.0_f64; d]);
        for k in 1..=GRADIENTS {
            next(&mut gradient)?;
            for ((m, s), &g) in mean.iter_mut().zip(&mut square).zip(&gradient) {
                let before = f64::from(g) - *m;
                *m += before / k as f64;
                *s += before * (f64::from(g) - *m);
            }
        }
        // k s F per variance of a gradient of `few` events.
        let (n, few, full) = (n as f64, few as f64, (batch.min(n)) as f64);
        let noise_limits = (target.scale * (n - full) / (2.0 * n * full)).max(1.0);
        let factor = noise_limits * target.scale * few / (1.0 - few / n);
        let prior = target.prior_precision;
        let root: Vec<f64> =
            square.iter().map(|s| (factor * s / (GRADIENTS - 1) as f64 + prior).powf(-0.5)).collect();

        let mut stream = seed.split("direction").stream();
        let mut direction: Vec<f64> = (0..d).map(|_| StandardNormal.sample(&mut stream)).collect();
        let mut largest = 0.0;
        for round in 0..ROUNDS {
            let norm = direction.iter().map(|w| w * w).sum::<f64>().sqrt();
            direction.iter_mut().for_each(|w| *w /= norm);
            let mut image: Vec<f64> = direction.iter().zip(&root).map(|(w, r)| prior * r * r * w).collect();
            for _ in 0..ROUND {
                next(&mut gradient)?;
                let whitened: Vec<f64> = (gradient.iter().zip(&mean).zip(&root))
                    .map(|((&g, m), r)| (f64::from(g) - m) * r)
                    .collect();
                let along: f64 = whitened.iter().zip(&direction).map(|(g, w)| g * w).sum();
                let weight = factor * along / ROUND as f64;
                image.iter_mut().zip(&whitened).for_each(|(y, g)| *y += weight * g);
            }
            // The second half of the rounds looks along a direction that the first half found.
            if round >= ROUNDS / 2 {
                let along: f64 = image.iter().zip(&direction).map(|(y, w)| y * w).sum();
                largest += along / (ROUNDS - ROUNDS / 2) as f64;
            }
            direction = image;
        }
        let reduction = largest.max(1.0);
        let length = |r: &f64| (2.0 * noise_fraction * r * r / reduction) as f32;
        Ok(Steps { lengths: root.iter().map(length).collect(), reduction })
    }

    /// One step from `theta`, with the gradient of the mean loss.
    pub fn step(&self, target: &Target<'_>, theta: &mut [f32], gradient: &[f32], noise: &mut Stream) {
        let (scale, prior) = (target.scale as f32, target.prior_precision as f32);
        for (&i, eps) in target.uncertain.iter().zip(&self.lengths) {
            let xi: f32 = StandardNormal.sample(noise);
            theta[i] += -0.5 * eps * (scale * gradient[i] + prior * theta[i]) + eps.sqrt() * xi;
        }
    }
}
