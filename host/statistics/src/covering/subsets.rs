//! Procedure C: G of a fit to one of several disjoint subsets, with all events as the reference.

use super::fits::{Fits, Taken};
use super::matrix::{Symmetric, center, difference};
use super::mean_square::{MeanSquare, Variance};
use super::measure::{LEAST_LEFT, Measure};

/// Degrees of freedom of k, in units of those of the regions, and its least value for one subset.
const OF_K: f64 = 30.0;
const LEAST_OF_K: f64 = 0.02;

impl Fits {
    /// Procedure C. `factor` has no part in it.
    pub fn taken_of_subsets(&self) -> Taken {
        let count = self.parts.len() as f64;
        let measure = Measure::new(&self.training, self.training.events / count);
        let generated = self.centers();
        let own: Vec<Vec<f64>> = self.parts.iter().map(|part| part.own.clone()).collect();
        let covariance = Symmetric::covariance(&generated);
        let u = difference(&center(&generated), &self.training.means);
        // Cov(u) = M / n - (C + C') / J + S / J, C the covariance of a generator and its own subset.
        let of_u = self.unit() / self.training.events
            - 2.0 * Symmetric::cross(&generated, &own).trace() / count
            + covariance.trace() / count;
        let directions = covariance.freedom_estimated(count - 1.0);
        let nu_v = directions * (count - 1.0);
        let of_generators = measure.of(covariance.trace());
        let v = (of_generators - measure.of(self.finite)).max(LEAST_LEFT * of_generators);
        let k = measure.of(of_u).max(LEAST_OF_K / count);
        let k = MeanSquare::new(k, OF_K * measure.freedom());
        let one = measure.parts(&u, [MeanSquare::new(v, nu_v), k].map(Variance::from), None);
        Taken { one, mean: None, directions, training_noise: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covering::fits::Part;
    use crate::covering::testing::{F, holds, three, training};

    #[test]
    fn procedure_c() {
        let mut own: Vec<Vec<f64>> =
            (0..8).map(|j| three(|r, x| F[r] + 0.02 * (3.0 * f64::from(j) + x).cos())).collect();
        let shift = difference(&F, &center(&own));
        own.iter_mut().for_each(|own| own.iter_mut().zip(&shift).for_each(|(f, shift)| *f += shift));
        let part = |(j, own): (usize, Vec<f64>)| Part {
            own,
            starts: vec![three(|_, x| 0.05 + 0.01 * (j as f64 + 2.0 * x).sin())],
        };
        let parts = own.into_iter().enumerate().map(part).collect();
        let pairs = Vec::new();
        let fits = Fits { training: training(), full: Vec::new(), parts, pairs, finite: 0.0, factor: 0.125 };
        holds(
            &fits.taken_of_subsets().one,
            [0.1410, 0.0581, 0.1419, 2.9716, 20.9235, 89.1472, 0.0701, 0.7446],
            [7.092, 3.8936, 9.3204, 2.2943, 12.2054, 2.6012],
        );
    }
}
