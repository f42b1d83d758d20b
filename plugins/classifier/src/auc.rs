//! The area under the ROC curve with its standard error.

use amplicast_sdk::moments::{mean, variance};

/// P(generated > truth) + P(equal)/2 with DeLong's standard error (DeLong et al. 1988; by ranks, as Sun and Xu 2014).
///
/// The variance over events of each kind of the fraction of the other kind that they are above (or below), divided by their
/// number, summed over kinds: exact for large samples whatever the distributions. Two events of a kind are needed.
pub fn auc(truth: &[f64], generated: &[f64]) -> (f64, f64) {
    let sorted = |list: &[f64]| {
        let mut list = list.to_vec();
        list.sort_unstable_by(f64::total_cmp);
        list
    };
    // The mean over `list` of the fraction of `others` that lies below, and the variance of that mean.
    let below = |list: &[f64], others: &[f64]| {
        let others = sorted(others);
        let count = |below: &dyn Fn(f64) -> bool| others.partition_point(|y| below(*y)) as f64;
        let fraction = |x: &f64| 0.5 * (count(&|y| y < *x) + count(&|y| y <= *x)) / others.len() as f64;
        let fractions: Vec<f64> = list.iter().map(fraction).collect();
        let n = fractions.len() as f64;
        (mean(&fractions), variance(&fractions).unwrap_or(f64::NAN) / n)
    };
    let (area, of_generated) = below(generated, truth);
    let (_, of_truth) = below(truth, generated);
    (area, (of_generated + of_truth).sqrt())
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

    use super::*;

    #[test]
    fn small_samples_by_hand() {
        // Of the six pairs generated (2, 3, 5) over true (1, 3) four are above, one is equal and one is below.
        let (area, error) = auc(&[1.0, 3.0], &[2.0, 3.0, 5.0]);
        assert!((area - 4.5 / 6.0).abs() < 1e-12);
        // Fractions 1/2, 3/4, 1 and, of true events, 0 and 1/2: variances 1/16 and 1/8.
        assert!((error - (1.0 / 48.0 + 1.0 / 16.0_f64).sqrt()).abs() < 1e-12);
        assert_eq!(auc(&[1.0, 2.0], &[3.0, 4.0]), (1.0, 0.0));
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
                auc(&draw(80, 0.0, seed.split("true")), &draw(200, 1.0, seed.split("generated")))
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
