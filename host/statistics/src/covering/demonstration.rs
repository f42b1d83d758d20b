//! The three steps of Matchev et al. 2022, section 6: predict errors, validate them, demonstrate an improvement.

use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor};

use super::fits::{Fits, Sample};
use super::interval::Parts;
use super::matrix::{Symmetric, difference};
use crate::directions::{Direction, directions};

/// Step 1: the integrals of one fit's events with their covariance.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// The generated integrals: the mean over fits to all events.
    pub generated: Vec<f64>,
    /// Their covariance from the finite number of generated events alone.
    pub statistical: Symmetric,
    /// The whole covariance of one fit's: statistics of the generated events, scatter over training sets, bias.
    pub total: Symmetric,
    /// The part of it that is the scatter, which is known from a few fits.
    pub scatter: Symmetric,
    /// Its degrees of freedom.
    pub degrees: f64,
}

/// Step 2: the distance of the generated integrals from those of further true events.
#[derive(Debug, Clone, PartialEq)]
pub struct Validated {
    /// delta' C^-1 delta with both covariances.
    pub chi_squared: f64,
    /// Its degrees of freedom: integrals that add up to a constant have one less.
    pub degrees: f64,
    /// Probability of as much or more, if the covariances were known.
    pub p: f64,
    /// With the scatter known from a few fits only; none where they are too few for that.
    pub few: Option<Hotelling>,
    /// Deviation over its error, one an integral.
    pub pulls: Vec<f64>,
}

/// Hotelling's test: of a covariance that is itself estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hotelling {
    /// chi-squared (n - d + 1) / (n d) for d integrals and n degrees of freedom of the covariance.
    pub f: f64,
    /// n - d + 1; those of the numerator are those of chi-squared.
    pub degrees: f64,
    /// Probability of as much or more.
    pub p: f64,
}

/// Step 3: errors with and without generated events, in units of those of the training events.
#[derive(Debug, Clone, PartialEq)]
pub struct Improved {
    /// r: the error of the generated integrals over that of the training events.
    pub ratio: f64,
    /// What r is below at 95 %.
    pub at_most: f64,
    /// The weight of the generated integrals in the best mean of both.
    pub weight: f64,
    /// The error of this mean over that of the training events.
    pub combined: f64,
}

impl Fits {
    /// The integrals of one fit's events and their errors, v and bias as procedure S found them.
    ///
    /// The scatter has the shape of the covariance over parts, and the size of v.
    pub fn predicted(&self, parts: &Parts, bias_seen: bool) -> Predicted {
        let centers = self.centers();
        let generated = self.generated(&centers);
        let scatter = Symmetric::covariance(&centers);
        let unit = self.unit() / self.training.events;
        let of_scatter = parts.v.value * unit / scatter.trace();
        let scatter = scatter.times(of_scatter);
        let bias = self.bias(parts, bias_seen, &generated);
        let of_events = self.finite / self.unit();
        let size = generated.len();
        let statistical: Vec<f64> = self.training.covariance.iter().map(|m| of_events * m).collect();
        let total = (0..size * size).map(|i| scatter.entries[i] + bias.entries[i] + statistical[i]);
        Predicted {
            total: Symmetric { size, entries: total.collect() },
            statistical: Symmetric { size, entries: statistical },
            generated,
            scatter,
            degrees: if self.pairs.is_empty() {
                self.parts.len() as f64 - 1.0
            } else {
                self.pairs.len() as f64
            },
        }
    }

    /// What a bias adds to the covariance: it has the direction of the distance from the training events. One that is seen is known to
    /// these events' own error.
    pub fn bias(&self, parts: &Parts, seen: bool, generated: &[f64]) -> Symmetric {
        let u = difference(generated, &self.training.means);
        let size = u.len();
        let along_u = if parts.u2 > 0.0 { parts.beta() / parts.u2 } else { 0.0 };
        let error = if seen { parts.k.value / self.training.events } else { 0.0 };
        let entry = |i: usize| along_u * u[i / size] * u[i % size] + error * self.training.covariance[i];
        Symmetric { size, entries: (0..size * size).map(entry).collect() }
    }
}

impl Predicted {
    /// Against other true events; none where both covariances together cannot be inverted.
    pub fn validated(&self, truth: &Sample) -> Option<Validated> {
        let delta = difference(&self.generated, &truth.means);
        let size = delta.len();
        let of_truth = truth.covariance.iter().map(|m| m / truth.events);
        let both: Vec<f64> = self.total.entries.iter().zip(of_truth).map(|(c, m)| c + m).collect();
        let pulls = (0..size).map(|r| delta[r] / both[r * (size + 1)].sqrt()).collect();
        let (solved, kept) = solved(&both, &delta)?;
        let chi_squared: f64 = solved.iter().zip(&delta).map(|(x, d)| x * d).sum();
        let degrees = kept as f64;
        let p = ChiSquared::new(degrees).ok()?.sf(chi_squared);
        let few = self.hotelling(&solved, chi_squared, degrees);
        Some(Validated { chi_squared, degrees, p, few, pulls })
    }

    /// Of a chi-squared d' C^-1 d with C^-1 d, where the scatter alone in C is estimated: the degrees of freedom of the whole are
    /// those of the scatter times the squared inverse of its part in chi-squared (Yao 1965).
    fn hotelling(&self, solved: &[f64], chi_squared: f64, integrals: f64) -> Option<Hotelling> {
        let of_all = self.degrees * (chi_squared / self.scatter.quadratic(solved)).powi(2);
        let degrees = of_all - integrals + 1.0;
        let law = FisherSnedecor::new(integrals, degrees.min(MOST_DEGREES)).ok()?;
        let f = chi_squared * degrees / (of_all * integrals);
        // Two integrals of three fits have a law, and it tells nothing.
        (degrees >= 1.0 && f.is_finite()).then(|| Hotelling { f, degrees, p: law.sf(f) })
    }
}

/// With more, a covariance is as good as known, and the law is that of chi-squared.
const MOST_DEGREES: f64 = 1e6;

/// C^-1 d for a covariance C, and the rank of C. What follows from other integrals, such as the last of all regions, adds nothing to it.
/// None of rank 0, or if C is no covariance.
fn solved(covariance: &[f64], delta: &[f64]) -> Option<(Vec<f64>, usize)> {
    let size = delta.len();
    let error = |i: usize| covariance[i * (size + 1)].max(0.0).sqrt();
    // In units of the errors, so that what is rare is not lost beside what is frequent.
    let over = |x: f64, error: f64| if error > 0.0 { x / error } else { 0.0 };
    let entry = |(at, c): (usize, &f64)| over(over(*c, error(at / size)), error(at % size));
    let correlations: Vec<f64> = covariance.iter().enumerate().map(entry).collect();
    let found = directions(&correlations, size).ok()?;
    let pulls: Vec<f64> = (0..size).map(|i| over(delta[i], error(i))).collect();
    let mut solved = vec![0.0; size];
    for Direction { variance, vector } in &found {
        let along: f64 = vector.iter().zip(&pulls).map(|(v, pull)| v * pull).sum();
        solved.iter_mut().zip(vector).for_each(|(x, v)| *x += v * along / variance);
    }
    solved.iter_mut().enumerate().for_each(|(i, x)| *x = over(*x, error(i)));
    (!found.is_empty()).then_some((solved, found.len()))
}

impl Improved {
    /// For all integrals together, from x = 1/G: the generated events' own part is n / n_gen.
    ///
    /// With c the covariance of generated integrals and training events in the same units, the best mean of both has the weight
    /// (1 - c) / (x + 1 - 2 c) and the variance (x - c^2) / (x + 1 - 2 c). The bias is in x.
    pub fn new(parts: &Parts, events_over_generated: f64) -> Self {
        let x = parts.x() + events_over_generated;
        // k = 1 - 2 c + v.
        let c = (0.5 * (1.0 + parts.v.value - parts.k.value)).clamp(0.0, x.sqrt().min(1.0));
        let sum = x + 1.0 - 2.0 * c;
        let (weight, combined) =
            if sum > 0.0 { ((1.0 - c) / sum, (x - c * c).max(0.0) / sum) } else { (0.5, x.min(1.0)) };
        let at_most = 1.0 / parts.curves().lower(0.95) + events_over_generated;
        Improved { ratio: x.sqrt(), at_most: at_most.sqrt(), weight, combined: combined.sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covering::fits::Part;
    use crate::covering::mean_square::{MeanSquare, Variance};
    use crate::covering::testing::sample;

    fn parts(v: f64, u2: f64, k: f64) -> Parts {
        let [v, k] = [MeanSquare::new(v, 40.0), MeanSquare::new(k, 150.0)].map(Variance::from);
        Parts { v, u2, k, nu: 17.2, nu_null: 17.2, s_v: 0.0, by_factor: false }
    }

    /// An efficient generator knows all that the training events know; one that repeats them adds nothing.
    #[test]
    fn the_best_mean_of_both() {
        let efficient = Improved::new(&parts(0.2, 0.8, 0.8), 0.0);
        assert!((efficient.weight - 1.0).abs() < 1e-12 && (efficient.ratio - 0.2_f64.sqrt()).abs() < 1e-12);
        assert!((efficient.combined - efficient.ratio).abs() < 1e-12, "{efficient:?}");
        let repeating = Improved::new(&parts(1.0, 0.0, 0.0), 0.0);
        assert_eq!((repeating.ratio, repeating.combined), (1.0, 1.0));
        // A generator that saw other events: no covariance, c = 0 for k = 1 + v. Inverse variances are the weights.
        let independent = Improved::new(&parts(0.5, 1.5, 1.5), 0.0);
        assert!((independent.weight - 2.0 / 3.0).abs() < 1e-12, "{independent:?}");
        assert!((independent.combined - (1.0 / 3.0_f64).sqrt()).abs() < 1e-12, "{independent:?}");
        // n / n_gen = 0.1 is added to what infinitely many events have.
        let few = Improved::new(&parts(0.2, 0.8, 0.8), 0.1);
        assert!((few.ratio - 0.3_f64.sqrt()).abs() < 1e-12 && few.at_most > few.ratio);
    }

    #[test]
    fn equations_are_solved() {
        let a = [4.0, 2.0, 0.4, 2.0, 5.0, 1.0, 0.4, 1.0, 3.0];
        let (x, rank) = solved(&a, &[1.0, -2.0, 3.0]).unwrap();
        assert_eq!(rank, 3);
        for (row, expected) in a.chunks(3).zip([1.0, -2.0, 3.0]) {
            let found: f64 = row.iter().zip(&x).map(|(a, x)| a * x).sum();
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(solved(&[0.0; 4], &[1.0, 2.0]), None);
        assert_eq!(solved(&[1.0, 2.0, 2.0, 1.0], &[1.0, 2.0]), None);
    }

    /// Three regions that cover everything: the third follows from the others, wherever it stands, and the sum of squares is that of
    /// Pearson.
    #[test]
    fn regions_that_cover_everything_have_one_degree_less() {
        let fractions = [0.1, 0.2, 0.7];
        let delta = [0.02, -0.05, 0.03];
        let pearson: f64 = delta.iter().zip(fractions).map(|(d, f)| d * d / f).sum();
        for first in 0..3 {
            let at = |i: usize| (i + first) % 3;
            let entry = |(r, s): (usize, usize)| {
                let (a, b) = (fractions[at(r)], fractions[at(s)]);
                if r == s { a * (1.0 - a) } else { -a * b }
            };
            let turned: Vec<f64> = (0..3).map(|i| delta[at(i)]).collect();
            let matrix: Vec<f64> = (0..9).map(|at| entry((at / 3, at % 3))).collect();
            let (x, rank) = solved(&matrix, &turned).unwrap();
            let found: f64 = x.iter().zip(&turned).map(|(x, d)| x * d).sum();
            assert!(rank == 2 && (found / pearson - 1.0).abs() < 1e-9, "{found}, expected {pearson}");
        }
    }

    /// A covariance that is all scatter, of 10 degrees of freedom, for two integrals: F of 2 and 9. With a scatter of nothing: chi-squared.
    #[test]
    fn few_fits_have_a_law_of_their_own() {
        let diagonal = |x: f64| Symmetric { size: 2, entries: vec![x, 0.0, 0.0, x] };
        let of = |scatter: f64| {
            let predicted = Predicted {
                generated: vec![2.0, 1.0],
                statistical: diagonal(0.0),
                total: diagonal(1.0),
                scatter: diagonal(scatter),
                degrees: 10.0,
            };
            let truth = sample(1e12, vec![0.0, 0.0], vec![1.0, 0.0, 0.0, 1.0]);
            predicted.validated(&truth).unwrap()
        };
        let all = of(1.0).few.unwrap();
        assert!((all.f - 5.0 * 9.0 / 20.0).abs() < 1e-9 && (all.degrees - 9.0).abs() < 1e-6, "{all:?}");
        // (1 + 2 f / 9)^(-9/2) for two degrees of freedom of the numerator.
        assert!((all.p - (1.0 + 2.0 * all.f / 9.0).powf(-4.5)).abs() < 1e-9, "{all:?}");
        let none = of(1e-4);
        assert!((none.few.unwrap().p - none.p).abs() < 1e-6, "{none:?}");
    }

    /// Two regions, u = (0.01, 0): the trace of the covariance is x V / n and the finite sample's part; the bias sits in the first.
    #[test]
    fn the_covariance_has_the_size_of_x() {
        let covariance = vec![0.09, -0.01, -0.01, 0.09];
        let training = sample(1000.0, vec![0.1, 0.1], covariance);
        let part = |a: f64, b: f64| Part { own: vec![0.1, 0.1], starts: vec![vec![0.11 + a, 0.1 + b]] };
        let fits = Fits {
            training,
            full: vec![vec![0.11, 0.1]],
            pairs: Vec::new(),
            parts: vec![part(0.001, 0.0), part(-0.001, 0.002), part(0.0, -0.002)],
            finite: 0.18 / 1e5,
            factor: 1.0,
        };
        let of = parts(0.3, 0.01 * 0.01 * 1000.0 / 0.18, 0.2);
        let seen = fits.predicted(&of, true).total.trace();
        let predicted = fits.predicted(&of, false);
        assert!((seen - predicted.total.trace() - 0.2 * 0.18 / 1000.0).abs() < 1e-15);
        let expected = of.x() * 0.18 / 1000.0 + 0.18 / 1e5;
        assert!((predicted.total.trace() / expected - 1.0).abs() < 1e-12);
        assert!((predicted.statistical.trace() / (0.18 / 1e5) - 1.0).abs() < 1e-12);
        let bias = of.beta() * 0.18 / 1000.0;
        assert!(predicted.total.entries[0] > bias && predicted.total.entries[3] < bias);
        // Against infinitely many true events: two pulls, and a chi-squared that is no more than the sum of squares for a diagonal one.
        let found = predicted.validated(&Sample { events: 1e12, ..fits.training.clone() }).unwrap();
        assert!(found.degrees == 2.0 && found.pulls[1].abs() < 1e-9 && found.p > 0.0, "{found:?}");
        let error = predicted.total.entries[0].sqrt();
        assert!((found.pulls[0] - 0.01 / error).abs() < 1e-6, "{found:?}");
    }
}
