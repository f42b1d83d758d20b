//! The area under the ROC curve with its standard error.

/// P(generated > truth) + P(equal)/2 with DeLong's standard error (DeLong et al. 1988; by ranks, as Sun and Xu 2014).
///
/// The variance over events of each kind of the fraction of the other kind that they are above (or below), divided by their
/// number, summed over kinds: exact for large samples whatever the distributions. Two events of a kind are needed. Fractions and
/// means are those of the weights: one of each event, of either sign.
pub fn auc(truth: (&[f64], &[f64]), generated: (&[f64], &[f64])) -> (f64, f64) {
    // The mean over a sample of the fraction of the others that lies below, and the variance of that mean.
    let below = |(values, weights): (&[f64], &[f64]), others: (&[f64], &[f64])| {
        let others = Fractions::new(others);
        let fractions: Vec<f64> = values.iter().map(|x| others.below(*x)).collect();
        let sum: f64 = weights.iter().sum();
        let mean = fractions.iter().zip(weights).map(|(f, w)| f * w).sum::<f64>() / sum;
        let square: f64 = fractions.iter().zip(weights).map(|(f, w)| (w * (f - mean)).powi(2)).sum();
        let n = values.len() as f64;
        (mean, n / (n - 1.0) * square / (sum * sum))
    };
    let (area, of_generated) = below(generated, truth);
    let (_, of_truth) = below(truth, generated);
    (area, (of_generated + of_truth).sqrt())
}

/// A weighted distribution function, half of the jump at a value counted at it.
struct Fractions {
    values: Vec<f64>,
    /// The weight of the first values, from none to all.
    sums: Vec<f64>,
}

impl Fractions {
    fn new((values, weights): (&[f64], &[f64])) -> Self {
        let mut pairs: Vec<(f64, f64)> = values.iter().copied().zip(weights.iter().copied()).collect();
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut sums = vec![0.0];
        pairs.iter().for_each(|(_, w)| sums.push(sums[sums.len() - 1] + w));
        Fractions { values: pairs.into_iter().map(|(x, _)| x).collect(), sums }
    }

    fn below(&self, x: f64) -> f64 {
        let sum = |below: &dyn Fn(f64) -> bool| self.sums[self.values.partition_point(|y| below(*y))];
        0.5 * (sum(&|y| y < x) + sum(&|y| y <= x)) / self.sums[self.values.len()]
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::moments::{mean, variance};
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

    use super::*;

    fn alike(truth: &[f64], generated: &[f64]) -> (f64, f64) {
        auc((truth, &vec![1.0; truth.len()]), (generated, &vec![1.0; generated.len()]))
    }

    /// An event of weight 2 is two events, and one of weight -1 takes one away.
    #[test]
    fn weights_are_numbers_of_events() {
        let generated = [2.0, 3.0, 5.0, 0.5];
        let (area, _) = alike(&[1.0, 3.0, 3.0], &generated);
        let (found, _) = auc((&[1.0, 3.0, 4.0, 4.0], &[1.0, 2.0, 1.0, -1.0]), (&generated, &[1.0; 4]));
        assert!((area - found).abs() < 1e-12, "{area} {found}");
    }

    #[test]
    fn small_samples_by_hand() {
        // Of the six pairs generated (2, 3, 5) over true (1, 3) four are above, one is equal and one is below.
        let (area, error) = alike(&[1.0, 3.0], &[2.0, 3.0, 5.0]);
        assert!((area - 4.5 / 6.0).abs() < 1e-12);
        // Fractions 1/2, 3/4, 1 and, of true events, 0 and 1/2: variances 1/16 and 1/8.
        assert!((error - (1.0 / 48.0 + 1.0 / 16.0_f64).sqrt()).abs() < 1e-12);
        assert_eq!(alike(&[1.0, 2.0], &[3.0, 4.0]), (1.0, 0.0));
    }

    /// Normal numbers a distance of 1 apart: AUC = Phi(1/sqrt(2)) = 0.76025.
    #[test]
    fn the_error_is_the_spread() {
        const TRIALS: u64 = 400;
        let draw = |n: usize, mean: f64, seed: Seed| -> Vec<f64> {
            let mut stream = seed.stream();
            let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
            (0..n).map(|_| mean + normal()).collect()
        };
        let found: Vec<(f64, f64)> = (0..TRIALS)
            .map(|trial| {
                let seed = Seed::new(5).index(trial);
                alike(&draw(80, 0.0, seed.split("true")), &draw(200, 1.0, seed.split("generated")))
            })
            .collect();
        let (areas, errors): (Vec<f64>, Vec<f64>) = found.into_iter().unzip();
        let (mean, stated) = (mean(&areas), mean(&errors));
        let spread = variance(&areas).unwrap().sqrt();
        assert!((mean - 0.760_25).abs() < 3.5 * spread / (TRIALS as f64).sqrt(), "{mean}");
        // A standard deviation from 400 values is known to 3.5 %.
        assert!((spread / stated - 1.0).abs() < 3.5 * 0.035, "{spread} {stated}");
    }
}
