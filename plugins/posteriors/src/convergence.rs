//! Whether chains of correlated draws agree, and how many independent draws they are worth.

use amplicast_sdk::moments::{mean, variance};

/// What chains say of one quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Convergence {
    /// Split R-hat: the ratio of the widths that all chains together and each alone see; 1 when they agree.
    pub r_hat: f64,
    /// Effective sample size of all draws together, at most their number.
    pub effective: f64,
}

/// Split R-hat (Gelman et al., Bayesian Data Analysis 3, Eq. 11.4) and the effective sample size of several chains with
/// Geyer's initial monotone sequence (ibid. Eqs 11.5-11.8; Vehtari et al. 1903.08008, Eqs 10-13).
///
/// Each chain has the same number of draws, at least 4. Each is split in two, so that one that still drifts disagrees
/// with itself.
pub fn convergence(chains: &[&[f64]]) -> Convergence {
    let n = chains.iter().map(|c| c.len()).min().unwrap_or(0) / 2;
    let halves: Vec<&[f64]> = chains.iter().flat_map(|c| [&c[..n], &c[c.len() - n..]]).collect();
    let all = (chains.len() * chains.first().map_or(0, |c| c.len())) as f64;
    let means: Vec<f64> = halves.iter().map(|h| mean(h)).collect();
    // Mean over half chains of the autocovariance, with 1/n for every lag.
    let covariance = |lag: usize| {
        let of = |(h, m): (&&[f64], &f64)| {
            (0..n - lag).map(|t| (h[t] - m) * (h[t + lag] - m)).sum::<f64>() / n as f64
        };
        mean(&halves.iter().zip(&means).map(of).collect::<Vec<_>>())
    };
    let within = covariance(0) * n as f64 / (n - 1) as f64;
    let between = variance(&means).unwrap_or(f64::NAN);
    let total = within * (n - 1) as f64 / n as f64 + between;
    if total <= 0.0 {
        // A constant says nothing against its chains.
        return Convergence { r_hat: 1.0, effective: all };
    }
    let correlation = |lag: usize| if lag == 0 { 1.0 } else { 1.0 - (within - covariance(lag)) / total };
    let (mut time, mut last) = (-1.0, f64::INFINITY);
    for lag in (0..n - 1).step_by(2) {
        let pair = (correlation(lag) + correlation(lag + 1)).min(last);
        if pair <= 0.0 {
            break;
        }
        time += 2.0 * pair;
        last = pair;
    }
    // Chains that never move are worth nothing, and R-hat is without bound: finite, so that it can be shown.
    let r_hat = (total / within.max(1e-12 * total)).sqrt();
    Convergence { r_hat, effective: all / time.max(1.0) }
}

/// How many independent draws `count` evenly spaced ones of `all` are worth, when all are worth `effective`.
///
/// As for a chain whose correlation falls by a fixed factor a draw: all / effective = (1 + rho) / (1 - rho), and rho^k
/// between draws that are k = all / count apart.
pub fn thinned(all: f64, effective: f64, count: f64) -> f64 {
    let time = (all / effective).max(1.0);
    let rho = ((time - 1.0) / (time + 1.0)).powf(all / count);
    count * (1.0 - rho) / (1.0 + rho)
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// Stationary chains x' = rho x + sqrt(1 - rho^2) noise, around `shift` times the chain's number.
    fn chains(seed: u64, number: usize, length: usize, rho: f64, shift: f64) -> Vec<Vec<f64>> {
        let chain = |k: usize| {
            let mut stream = Seed::new(seed).index(k as u64).stream();
            let mut x: f64 = StandardNormal.sample(&mut stream);
            let mut next = || {
                let z: f64 = StandardNormal.sample(&mut stream);
                x = rho * x + (1.0 - rho * rho).sqrt() * z;
                x + shift * k as f64
            };
            (0..length).map(|_| next()).collect()
        };
        (0..number).map(chain).collect()
    }

    /// Means over sets of four chains.
    fn over_sets(sets: u64, length: usize, rho: f64, shift: f64) -> Convergence {
        let one = |seed| {
            let chains = chains(seed, 4, length, rho, shift);
            convergence(&chains.iter().map(Vec::as_slice).collect::<Vec<_>>())
        };
        let found: Vec<Convergence> = (0..sets).map(one).collect();
        let average = |of: fn(&Convergence) -> f64| mean(&found.iter().map(of).collect::<Vec<_>>());
        Convergence { r_hat: average(|c| c.r_hat), effective: average(|c| c.effective) }
    }

    #[test]
    fn independent_draws_are_worth_their_number() {
        let found = over_sets(50, 500, 0.0, 0.0);
        // 1 + (M - 1) / (2 M n) and little more for 8 halves of 250.
        assert!((found.r_hat - 1.0).abs() < 0.005, "{found:?}");
        // The estimate is capped at the number, 2000, and scatters by a few per cent below it.
        assert!(found.effective > 0.93 * 2000.0 && found.effective <= 2000.0, "{found:?}");
    }

    /// N (1 - rho) / (1 + rho) for an autoregressive chain, however much it correlates.
    #[test]
    fn correlated_draws_are_worth_less() {
        for (rho, tolerance) in [(0.3, 0.05), (0.6, 0.06), (0.9, 0.12)] {
            let (length, sets) = (2000, 25);
            let expected = 4.0 * length as f64 * (1.0 - rho) / (1.0 + rho);
            let found = over_sets(sets, length, rho, 0.0);
            assert!((found.effective / expected - 1.0).abs() < tolerance, "{rho}: {found:?} {expected}");
            assert!(found.r_hat < 1.02, "{rho}: {found:?}");
        }
    }

    #[test]
    fn chains_apart_are_seen() {
        // Means 0, 1, 2, 3: between them 20/12 * 8/7 with each counted twice, within them 1.
        let found = over_sets(20, 200, 0.0, 1.0);
        assert!((found.r_hat - (1.0_f64 + 10.0 / 7.0).sqrt()).abs() < 0.03, "{found:?}");
        // Far apart, 800 draws are worth little more than one a chain.
        let found = over_sets(20, 200, 0.0, 10.0);
        assert!(found.r_hat > 5.0 && found.effective < 8.0, "{found:?}");
    }

    #[test]
    fn a_chain_that_drifts_is_seen() {
        let drifting: Vec<f64> = (0..100).map(f64::from).collect();
        assert!(convergence(&[&drifting]).r_hat > 1.5);
    }

    #[test]
    fn constants_are_no_division_by_zero() {
        assert_eq!(convergence(&[&[1.0; 10], &[1.0; 10]]), Convergence { r_hat: 1.0, effective: 20.0 });
        let apart = convergence(&[&[1.0; 10], &[2.0; 10]]);
        assert!(apart.r_hat.is_finite() && apart.r_hat > 1000.0 && apart.effective < 4.0, "{apart:?}");
    }

    #[test]
    fn thinned_draws_are_worth_more_each() {
        assert!((thinned(100.0, 100.0, 20.0) - 20.0).abs() < 1e-12);
        assert!((thinned(100.0, 20.0, 100.0) - 20.0).abs() < 1e-12);
        // rho = 2/3: (1 - rho^5) / (1 + rho^5).
        assert!(
            (thinned(100.0, 20.0, 20.0) - 20.0 * 0.767_272_7).abs() < 1e-3,
            "{}",
            thinned(100.0, 20.0, 20.0)
        );
        assert!(thinned(100.0, 4.0, 20.0) < 4.0);
    }
}
