//! Procedure S with halves in pairs, each the other's rest.
//!
//! Of a fit to m events take the expansion in what single events and pairs of them contribute, with variances A / m and B / m^2 of the
//! integrals, and T_m for the noise of the training. Over random splits of the given n events, in units of V / n,
//!
//! ```text
//! half their difference:            a^2 = A + 2 B + T_half / 2
//! their mean less the fit to all:   d^2 =     B   + T_half / 2 + T_n / F
//! ```
//!
//! for F fits to all events, so that v = A + B + T_n = a^2 - d^2 + (1 + 1/F) T_n: what halves are noisier than all events would be, and the
//! noise of their training, falls out. Of the gaps between generator and own events likewise k = a^2 - d^2 + 2 T_n / F.

use super::fits::{Fits, Taken};
use super::matrix::{Symmetric, center, difference};
use super::mean_square::MeanSquare;
use super::measure::{LEAST_LEFT, MOST_OF_V, Measure, within};

impl Fits {
    /// Procedure S with pairs.
    pub fn taken_of_pairs(&self) -> Taken {
        let measure = Measure::new(&self.training, self.training.events);
        let (count, full) = (self.pairs.len() as f64, self.full.len() as f64);
        let centers = self.centers();
        let generated = self.generated(&centers);
        let half_differences = |of: &[Vec<f64>]| {
            let differences = self.pairs.iter().map(|[a, b]| difference(&of[*a], &of[*b]));
            let halved = differences.map(|d| d.into_iter().map(|x| 0.5 * x).collect());
            Symmetric::second_moments(&halved.collect::<Vec<Vec<f64>>>())
        };
        let means = self.pairs.iter().map(|[a, b]| center(&[centers[*a].clone(), centers[*b].clone()]));
        let distances: Vec<Vec<f64>> = means.map(|mean| difference(&mean, &generated)).collect();
        let of_halves = half_differences(&centers);
        let (nu, directions) = (measure.freedom(), of_halves.freedom_estimated(count));
        let a = measure.mean_square(of_halves.trace(), directions, count);
        let a_of_gaps = measure.mean_square(half_differences(&self.gaps(&centers)).trace(), nu, count);
        let d = measure.mean_square(Symmetric::second_moments(&distances).trace(), directions, count);
        let noise = within([&self.full[..]].into_iter())
            .map(|(w, freedom)| measure.mean_square(w, directions, freedom));
        let finite = measure.of(self.finite);
        let u = difference(&generated, &self.training.means);
        let parts = |v: MeanSquare, k: MeanSquare| measure.parts(&u, [v, k], v.freedom_below(MOST_OF_V));
        let Some(noise) = noise else {
            // With one fit to all events, or none, the noise of its training is not known: halves as they are have more.
            let v = a.without(0.5 * finite).at_least(LEAST_LEFT * a.value);
            return Taken { one: parts(v, a_of_gaps), mean: None, directions, training_noise: None };
        };
        let v = |share: f64| {
            let v = a.minus(d).plus(noise.times(share + 1.0 / full)).without(share * finite);
            v.at_least(LEAST_LEFT * a.value)
        };
        let k = a_of_gaps.minus(d).plus(noise.times(2.0 / full)).at_least(LEAST_LEFT * a_of_gaps.value);
        Taken {
            one: parts(v(1.0), k),
            mean: (full > 1.0).then(|| parts(v(1.0 / full), k)),
            directions,
            training_noise: Some(noise.without(finite).at_least(0.0).value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covering::fits::{Part, Sample};

    /// A fit that single events and pairs of them make up: A = 0.1, B = 0.2, with noise of each training. Halves as they are have A + 3 B.
    #[test]
    fn pairs_of_halves_show_what_halves_are_noisier() {
        use amplicast_sdk::Seed;
        use amplicast_sdk::rand::seq::SliceRandom;
        use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
        const N: usize = 64;
        let (one, both, noise) = (0.1_f64, 0.2_f64, 0.05_f64);
        let v_of_event = 0.25;
        let (sets, mut found, mut simple) = (1500, 0.0, 0.0);
        for set in 0..sets {
            let mut stream = Seed::new(8).index(set).stream();
            let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
            // What an event contributes, and two coordinates of it whose products contribute.
            let events: Vec<[f64; 3]> = (0..N).map(|_| [normal(), normal(), normal()]).collect();
            let unit = v_of_event / N as f64;
            let fit = |rows: &[usize], start: f64| {
                let m = rows.len() as f64;
                let sum = |k: usize| rows.iter().map(|i| events[*i][k]).sum::<f64>();
                let same: f64 = rows.iter().map(|i| events[*i][1] * events[*i][2]).sum();
                // Of a pair (x_i y_j + x_j y_i) / sqrt 2, so that the mean over pairs has the variance 1 / m^2 but for 1 / m^3.
                let pairs = (sum(1) * sum(2) - same) / (m * m);
                let linear = (one * v_of_event).sqrt() * sum(0) / m;
                let quadratic = (both * v_of_event * N as f64).sqrt() * pairs;
                vec![linear + quadratic + (noise * unit).sqrt() * start]
            };
            let all: Vec<usize> = (0..N).collect();
            let starts: Vec<f64> = (0..14).map(|_| normal()).collect();
            let full = vec![fit(&all, starts[0]), fit(&all, starts[1])];
            let mut parts = Vec::new();
            for pair in 0..6 {
                let mut rows = all.clone();
                rows.shuffle(&mut stream);
                for (side, rows) in rows.chunks(N / 2).enumerate() {
                    let starts = vec![fit(rows, starts[2 + 2 * pair + side])];
                    parts.push(Part { own: vec![0.5], starts });
                }
            }
            let training =
                Sample { events: N as f64, means: vec![0.5], covariance: vec![v_of_event], trace_error: 0.0 };
            let pairs = (0..6).map(|p| [2 * p, 2 * p + 1]).collect();
            let fits = Fits { training, full, parts, pairs, finite: 0.0, factor: 1.0 };
            let scale = N as f64 / v_of_event;
            let centers: Vec<Vec<f64>> = fits.parts.iter().map(|part| part.starts[0].clone()).collect();
            simple += scale * Symmetric::covariance(&centers).trace() / sets as f64;
            // Without the floor, which would make the mean larger.
            let half = |of: &[Vec<f64>], p: usize, sign: f64| 0.5 * (of[2 * p][0] + sign * of[2 * p + 1][0]);
            let generated = center(&fits.full)[0];
            let squares = |of: &dyn Fn(usize) -> f64| (0..6).map(|p| of(p).powi(2)).sum::<f64>() / 6.0;
            let a = squares(&|p| half(&centers, p, -1.0));
            let d = squares(&|p| half(&centers, p, 1.0) - generated);
            let w = (fits.full[0][0] - fits.full[1][0]).powi(2) / 2.0;
            let expected = scale * (a - d + 1.5 * w);
            let taken = fits.taken();
            assert!((taken.one.v - expected.max(LEAST_LEFT * scale * a)).abs() < 1e-9);
            found += expected / sets as f64;
        }
        let truth = one + both + noise;
        assert!((found - truth).abs() < 0.04, "{found}, expected {truth}");
        assert!(simple > truth + 0.25, "{simple}");
    }
}
