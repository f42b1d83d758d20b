//! Kolmogorov's law and its use for two finite samples.

use std::f64::consts::PI;

use super::ties::Ties;

/// P(K <= x) of Kolmogorov's distribution.
///
/// Two series (Kolmogorov 1933): each converges within a few terms on its side of x = 1.
pub fn cumulative(x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x < 1.0 {
        let term = |k: i32| (-f64::from(2 * k - 1).powi(2) * PI * PI / (8.0 * x * x)).exp();
        (2.0 * PI).sqrt() / x * (1..=4).map(term).sum::<f64>()
    } else {
        1.0 - survival_series(x)
    }
}

/// P(K > x), accurate in the tail.
pub fn survival(x: f64) -> f64 {
    if x < 1.0 { 1.0 - cumulative(x) } else { survival_series(x) }
}

fn survival_series(x: f64) -> f64 {
    let term = |k: i32| (-2.0 * f64::from(k * k) * x * x).exp() * if k % 2 == 1 { 2.0 } else { -2.0 };
    (1..=5).map(term).sum()
}

/// The x with P(K <= x) = p, by bisection; 0 for p <= 0, infinity for p >= 1.
pub fn quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (0.0, 10.0);
    while high - low > 1e-15 * high {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        // The upper half in terms of the survival function, which keeps its digits there.
        let below = if p < 0.5 { cumulative(middle) < p } else { survival(middle) > 1.0 - p };
        if below { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// `<K> = sqrt(pi / 2) ln 2` (Eq. 35).
pub fn mean() -> f64 {
    (PI / 2.0).sqrt() * std::f64::consts::LN_2
}

/// The law of the distance of two true samples, of n and m events.
///
/// sqrt(e) D follows Kolmogorov's law with e = n m / (n + m) (Eq. 34). For a small reference the law is that of
/// sqrt(e) D + 1/(6 sqrt(e)), which removes the leading finite-size term (Vrbik 2018).
///
/// Where values repeat the law is another one (see `ties.rs`), and the finite-size term that of the other values' part: at a value
/// that repeats, the distribution functions are compared at a fixed place, not at their largest difference around an event.
#[derive(Debug, Clone, Copy)]
pub struct TwoSample<'a> {
    root: f64,
    /// How much of the finite-size term is taken: all of it (1) for a small reference of values that do not repeat.
    term: f64,
    /// Of every distance: 1 for independent samples.
    scale: f64,
    ties: Option<&'a Ties>,
}

/// Reference events from which on the finite-size term is not used.
const LARGE_REFERENCE: f64 = 1e4;

impl<'a> TwoSample<'a> {
    /// Samples of `n` (possibly infinite) and `reference` events.
    pub fn new(n: f64, reference: f64) -> Self {
        let effective = if n.is_infinite() { reference } else { n * reference / (n + reference) };
        let root = effective.sqrt();
        let term = if reference < LARGE_REFERENCE { 1.0 } else { 0.0 };
        TwoSample { root, term, scale: 1.0, ties: None }
    }

    /// The law of values that repeat as these do.
    pub fn with_ties(self, ties: Option<&'a Ties>) -> Self {
        let continuous = ties.map_or(1.0, Ties::continuous);
        TwoSample { term: self.term * continuous, ties, ..self }
    }

    /// The law with the mean of these simulated values of sqrt(e) D, where samples are not independent.
    ///
    /// Kolmogorov's law, scaled: one number, which 40 values fix to 6 %. Their own quantiles would say nothing of the tails,
    /// and a second number, their spread, is known to 11 % only. A cross-fitted classifier's law is a little wider than the
    /// scaled one (2D, 5 folds, 160 values: 5 and 95 % quantiles 0.51 and 1.53, scaled 0.56 and 1.46). The values hold the
    /// finite-size term.
    pub fn scaled_to(self, simulated: &[f64]) -> Self {
        let found = simulated.iter().sum::<f64>() / simulated.len() as f64;
        TwoSample { term: 0.0, scale: found / mean(), ..self }
    }

    /// Mean distance.
    pub fn mean(&self) -> f64 {
        self.distance(self.ties.map_or_else(mean, Ties::mean))
    }

    /// Quantile of the distance.
    pub fn quantile(&self, p: f64) -> f64 {
        self.distance(self.ties.map_or_else(|| quantile(p), |ties| ties.quantile(p)))
    }

    fn distance(&self, k: f64) -> f64 {
        if self.term == 0.0 {
            return self.scale * k / self.root;
        }
        // The finite-size term is the first of an expansion in 1/root: below root = 1/(3k), a fraction of an event, it would
        // make the distance fall again, so there the leading scaling goes on.
        let root = self.root.max(self.term / (3.0 * k));
        (k - self.term / (6.0 * root)) / self.root
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::GapCounts;
    use amplicast_sdk::Seed;
    use amplicast_sdk::rand::RngExt;

    /// scipy.stats.kstwobign 1.17.1: cdf, sf, ppf.
    #[test]
    fn golden_values_of_scipy() {
        for (x, expected) in GOLDEN_CDF {
            assert!(
                (cumulative(x) / expected - 1.0).abs() < 1e-12,
                "cdf({x}) = {}, expected {expected}",
                cumulative(x)
            );
        }
        for (x, expected) in GOLDEN_SF {
            assert!(
                (survival(x) / expected - 1.0).abs() < 1e-12,
                "sf({x}) = {}, expected {expected}",
                survival(x)
            );
        }
        for (p, expected) in GOLDEN_PPF {
            assert!(
                (quantile(p) / expected - 1.0).abs() < 1e-10,
                "ppf({p}) = {}, expected {expected}",
                quantile(p)
            );
        }
    }
    const GOLDEN_CDF: [(f64, f64); 8] = [
        (0.2, 5.050407338670114e-13),
        (0.4, 0.0028076732227017387),
        (0.5, 0.036054756335124914),
        (0.8, 0.45585758842580193),
        (0.999, 0.7289268358849361),
        (1.0, 0.7300003283226455),
        (1.5, 0.9777820373834749),
        (2.0, 0.9993290747442203),
    ];
    const GOLDEN_SF: [(f64, f64); 6] = [
        (0.3, 0.9999906941986655),
        (0.8, 0.5441424115741981),
        (1.0, 0.26999967167735456),
        (1.36, 0.049485876755377876),
        (2.0, 0.0006709252557796953),
        (4.0, 2.532833109818835e-14),
    ];
    const GOLDEN_PPF: [(f64, f64); 7] = [
        (0.0015, 0.38371296396108195),
        (0.025, 0.4806349324173608),
        (0.15865, 0.6167553332187282),
        (0.5, 0.8275735551899059),
        (0.84135, 1.1255447391677447),
        (0.975, 1.4802068574249225),
        (0.9985, 1.8967653190381881),
    ];

    #[test]
    fn the_series_agree_where_they_meet() {
        let below = cumulative(1.0 - 1e-12);
        assert!((below - (1.0 - survival_series(1.0))).abs() < 1e-11);
    }

    #[test]
    fn a_scaled_law_has_the_simulated_mean() {
        let simulated = [0.7, 1.1, 0.9, 1.3];
        let law = TwoSample::new(f64::INFINITY, 400.0).scaled_to(&simulated);
        assert!((20.0 * law.mean() - 1.0).abs() < 1e-12);
        // Every quantile is scaled alike, at every size.
        let law = TwoSample::new(400.0, 400.0).scaled_to(&simulated);
        for p in [0.025, 0.5, 0.95] {
            let expected = quantile(p) / mean() / 200.0_f64.sqrt();
            assert!((law.quantile(p) / expected - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn distances_fall_with_the_size() {
        for reference in [50.0, 1000.0, 9999.0, 1e6] {
            let laws: Vec<TwoSample> =
                (-12..40).map(|e| TwoSample::new(2.0_f64.powi(e), reference)).collect();
            for pair in laws.windows(2) {
                assert!(pair[0].mean() > pair[1].mean());
                for p in [0.001, 0.025, 0.5, 0.975, 0.999] {
                    assert!(pair[0].quantile(p) > pair[1].quantile(p), "p {p}, reference {reference}");
                }
            }
        }
    }

    /// Mean and band coverage over simulated pairs of true samples: tolerances of 4 standard errors.
    #[test]
    fn null_law_holds_in_simulation() {
        const TRIALS: usize = 4000;
        for (case, (n, m)) in [(1000, 1000), (5000, 300)].into_iter().enumerate() {
            let law = TwoSample::new(n as f64, m as f64);
            let mut sum = 0.0;
            let mut inside = [0; 3];
            let levels = [0.6827, 0.95, 0.997];
            let bands = levels.map(|l: f64| (law.quantile(0.5 - l / 2.0), law.quantile(0.5 + l / 2.0)));
            for trial in 0..TRIALS {
                let mut stream = Seed::new(9).index(case as u64).index(trial as u64).stream();
                let mut draw = |k: usize| (0..k).map(|_| stream.random::<f64>()).collect::<Vec<_>>();
                let mut counts = GapCounts::against(&draw(m)).unwrap();
                counts.add(&draw(n));
                let d = counts.distance().value();
                sum += d;
                for (count, band) in inside.iter_mut().zip(bands) {
                    *count += usize::from(d >= band.0 && d <= band.1);
                }
            }
            let mean_error = 0.26 * law.mean() / mean() / (TRIALS as f64).sqrt();
            assert!(
                (sum / TRIALS as f64 - law.mean()).abs() < 4.0 * mean_error,
                "mean {} {}",
                sum / TRIALS as f64,
                law.mean()
            );
            for (count, level) in inside.into_iter().zip(levels) {
                let fraction = count as f64 / TRIALS as f64;
                let error = (level * (1.0 - level) / TRIALS as f64).sqrt();
                // Half a per cent for the distance's discreteness at m = 300.
                assert!((fraction - level).abs() < 4.0 * error + 0.005, "level {level}: {fraction}");
            }
        }
    }
}
