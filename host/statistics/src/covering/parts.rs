//! Procedure S: G at the number of training events, of fits to parts of them.

use super::fits::{Fits, Taken};
use super::matrix::{Symmetric, difference};
use super::mean_square::{MeanSquare, Variance};
use super::measure::{LEAST_LEFT, MOST_OF_V, Measure, within};

impl Fits {
    /// Procedure S; of parts in pairs that are each other's rest, their own.
    pub fn taken(&self) -> Taken {
        if !self.pairs.is_empty() {
            return self.taken_of_pairs();
        }
        let measure = Measure::new(&self.training, self.training.events);
        let count = self.parts.len() as f64;
        let centers = self.centers();
        let covariance = Symmetric::covariance(&centers);
        let (nu, directions) = (measure.freedom(), covariance.freedom_estimated(count - 1.0));
        let between = measure.mean_square(self.factor * covariance.trace(), directions, count - 1.0);
        let of_gaps = Symmetric::covariance(&self.gaps(&centers)).trace();
        let between_gaps = measure.mean_square(self.factor * of_gaps, nu, count - 1.0);
        let finite = measure.of(self.finite);

        let starts = || self.parts.iter().map(|part| &part.starts[..]);
        let noise = |(w, freedom): (f64, f64)| measure.mean_square(w, directions, freedom);
        let of_parts = within(starts()).map(noise);
        let of_full = within([&self.full[..]].into_iter()).map(noise);
        // What a start has to do with a center of several of them.
        let share = starts().map(|starts| 1.0 / starts.len() as f64).sum::<f64>() / count;

        let full = self.full.len();
        let u = difference(&self.generated(&centers), &self.training.means);
        let parts = |v: Variance, k: Variance| measure.parts(&u, [v.freedom_below(MOST_OF_V), k], None);
        match of_parts {
            // The training's own noise is measured: that of fits to parts is taken off, and that of fits to all put in its place.
            Some(noise) if full > 0 => {
                let of_full = of_full.unwrap_or(noise);
                let part = noise.times(self.factor * share);
                let several = 1.0 / full as f64;
                let own = |t: f64| (t - finite).max(0.0);
                let left = |square: f64, part: f64| (square - part).max(LEAST_LEFT * square);
                let v = |share: f64| {
                    Variance::combined([between, part, of_full], |[b, w, t]| left(b, w) + share * own(t))
                };
                let k =
                    Variance::combined([between_gaps, part, of_full], |[b, w, t]| left(b, w) + several * t);
                Taken {
                    one: parts(v(1.0), k),
                    mean: (full > 1).then(|| parts(v(several), k)),
                    directions,
                    training_noise: Some(own(of_full.value)),
                }
            }
            _ => {
                // Of several full fits the mean has less noise; how much of v that is, second starts would have to tell.
                let members = if full > 0 { 0.0 } else { 1.0 / count };
                let left = |b: f64| (b - self.factor * share * finite).max(LEAST_LEFT * b);
                let v = Variance::combined([between], |[b]| (1.0 + members) * left(b));
                let k =
                    MeanSquare::new(between_gaps.value + members * left(between.value), between_gaps.freedom);
                Taken { one: parts(v, k.into()), mean: None, directions, training_noise: None }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covering::fits::Part;
    use crate::covering::testing::{G, holds, sample, written_out};

    #[test]
    fn procedure_s() {
        holds(
            &written_out(vec![G.to_vec()]).taken().one,
            [0.1553, 0.2328, 0.3316, 2.9716, 26.2358, 56.4599, 0.0701, 0.5535],
            [6.4404, 1.9023, 8.2673, 0.8933, 10.5685, 1.0818],
        );
        holds(
            &written_out(Vec::new()).taken().one,
            [0.1630, 0.2280, 0.3393, 2.9716, 26.2358, 56.4599, 0.0701, 0.5715],
            [6.1337, 1.9172, 7.8736, 0.8908, 10.0652, 1.0793],
        );
    }

    /// Normal integrals with known parts: variances D over halves, W of the starts at a half, and T of them at all events.
    #[test]
    fn the_noise_of_the_training_is_taken_off() {
        use amplicast_sdk::Seed;
        use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
        const R: usize = 18;
        let (n, trials) = (1000_u16, 2000);
        // In units of V / n a region, summed over the regions: v = D + T of one fit, D + T / 2 of the mean of two.
        let (data, half, full, finite) = (0.2_f64, 0.3_f64, 0.1_f64, 0.05_f64);
        let v_of_event = 0.05 * 0.95;
        let scale = (v_of_event / f64::from(n)).sqrt();
        let covariance: Vec<f64> =
            (0..R * R).map(|i| if i / R == i % R { v_of_event } else { -0.0025 }).collect();
        let (mut one, mut mean, mut noise) = (0.0, 0.0, 0.0);
        for trial in 0..trials {
            let mut stream = Seed::new(3).index(trial).stream();
            let mut normal = |x: f64| -> Vec<f64> {
                (0..R)
                    .map(|_| {
                        let z: f64 = StandardNormal.sample(&mut stream);
                        scale * x.sqrt() * z
                    })
                    .collect()
            };
            let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<f64>>();
            let common = normal(data);
            let fits = Fits {
                training: sample(n.into(), vec![0.0; R], covariance.clone()),
                full: (0..2).map(|_| sum(&common, &normal(full + finite))).collect(),
                parts: (0..10)
                    .map(|h| {
                        let of_half = normal(data);
                        let starts = if h < 3 { 2 } else { 1 };
                        let starts = (0..starts).map(|_| sum(&of_half, &normal(half + finite))).collect();
                        Part { own: normal(1.0), starts }
                    })
                    .collect(),
                pairs: Vec::new(),
                finite: finite * v_of_event * R as f64 / f64::from(n),
                factor: 1.0,
            };
            let taken = fits.taken();
            one += taken.one.v.value / trials as f64;
            mean += taken.mean.unwrap().v.value / trials as f64;
            noise += taken.training_noise.unwrap() / trials as f64;
        }
        // The scatter of one trial is that of sums of squares with 18 x 9, 18 x 3 and 18 degrees of freedom: 0.09 together.
        let error = 4.0 * 0.09 / (trials as f64).sqrt();
        assert!((one - data - full).abs() < error, "{one}");
        assert!((mean - data - full / 2.0).abs() < error, "{mean}");
        // Values below zero count as zero: a little more.
        assert!((noise - full).abs() < error + 0.01, "{noise}");
    }
}
