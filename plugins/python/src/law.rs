//! The law of a distance for true samples, from pairs of samples that are drawn from the reference: its pseudo-experiments at some sizes,
//! and what lies between them.

use amplicast_sdk::moments::{mean, variance};
use amplicast_sdk::{Error, NullLaw, Result};

/// The smallest sample that is drawn; the others double it.
pub(crate) const SMALLEST: usize = 8;

/// Distances of pairs of true samples, in order, at one size of the sample.
#[derive(Debug, Clone)]
pub(crate) struct Trials {
    sorted: Vec<f64>,
    pub mean: f64,
}

impl Trials {
    /// Of distances in any order.
    pub fn new(mut distances: Vec<f64>) -> Self {
        distances.sort_by(f64::total_cmp);
        Trials { mean: mean(&distances), sorted: distances }
    }

    /// The squared standard error of the mean.
    fn variance(&self) -> f64 {
        variance(&self.sorted).unwrap_or(0.0) / self.sorted.len() as f64
    }

    /// The k-th of n numbers stands at k / (n + 1), so that a further pair exceeds the quantile as often as it says.
    fn quantile(&self, p: f64) -> f64 {
        let last = self.sorted.len() - 1;
        let place = (p * (last + 2) as f64 - 1.0).clamp(0.0, last as f64);
        let (below, part) = (place as usize, place.fract());
        let above = (below + 1).min(last);
        self.sorted[below] + part * (self.sorted[above] - self.sorted[below])
    }

    /// Mean and quantiles.
    fn numbers(&self, probabilities: &[f64]) -> Vec<f64> {
        [self.mean].into_iter().chain(probabilities.iter().map(|p| self.quantile(*p))).collect()
    }
}

/// Refuses a class whose law cannot be told by drawing from the reference with replacement: of `drawn` pairs its mean must be that of `split`
/// ones, which have no event in common and so are true samples.
pub(crate) fn expect_resampled(drawn: &Trials, split: &Trials) -> Result<()> {
    let error = (drawn.variance() + split.variance()).sqrt();
    if split.mean < CHANCE * split.variance().sqrt() {
        return Err(Error::data(format!(
            "value: expected a distance, whose mean over true samples of finite size is positive, found {:.3e} +- {:.1e}",
            split.mean,
            split.variance().sqrt()
        )));
    }
    if (drawn.mean - split.mean).abs() <= CHANCE * error + SLACK * split.mean {
        return Ok(());
    }
    Err(Error::data(format!(
        "value: its law for true samples cannot be simulated: the mean is {:.3e} for disjoint halves of the reference, and {:.3e} for samples of as \
         many events that are drawn from it with replacement; it must not depend on whether events are repeated",
        split.mean, drawn.mean
    )))
}

/// Standard errors that are taken for chance, and what an approximate law may be off.
const CHANCE: f64 = 5.0;
const SLACK: f64 = 0.1;

/// Sizes of samples at which the law is simulated, up to a largest one.
pub(crate) fn sizes(largest: usize) -> Vec<usize> {
    let doubled = std::iter::successors(Some(SMALLEST), |n| Some(2 * n)).take_while(|n| *n < largest);
    doubled.chain([largest.max(SMALLEST)]).collect()
}

/// The law for `n` events from the trials at sizes up to the first that is not smaller: a power of n between two of them and below the
/// first, that of the last beyond it. Chance must not make it rise.
pub(crate) fn law(n: f64, sizes: &[usize], trials: &[Trials], probabilities: &[f64]) -> NullLaw {
    let mut fallen: Vec<Vec<f64>> = Vec::with_capacity(trials.len());
    for one in trials {
        let mut numbers = one.numbers(probabilities);
        if let Some(before) = fallen.last() {
            numbers.iter_mut().zip(before).for_each(|(now, then)| *now = now.min(*then));
        }
        fallen.push(numbers);
    }
    let place = place(n, sizes);
    let (below, above) = match place {
        0 => (0, 1.min(trials.len() - 1)),
        k => (k - 1, k.min(trials.len() - 1)),
    };
    let part = if below == above {
        0.0
    } else {
        ((n / sizes[below] as f64).ln() / (sizes[above] as f64 / sizes[below] as f64).ln()).min(1.0)
    };
    let between = |k: usize| {
        let (a, b) = (fallen[below][k], fallen[above][k]);
        match a > 0.0 && b > 0.0 {
            true => a * (b / a).powf(part),
            false => a + (b - a) * part.max(0.0),
        }
    };
    let quantiles: Vec<f64> = (1..=probabilities.len()).map(between).collect();
    NullLaw { mean: between(0), quantiles: rising(quantiles, probabilities) }
}

/// Where `n` lies among the sizes: the number of those that are smaller.
pub(crate) fn place(n: f64, sizes: &[usize]) -> usize {
    sizes.partition_point(|size| (*size as f64) < n)
}

/// Powers of several steepness may cross far below the first size: quantiles rise with their probability all the same.
fn rising(mut quantiles: Vec<f64>, probabilities: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
    for pair in order.windows(2) {
        quantiles[pair[1]] = quantiles[pair[1]].max(quantiles[pair[0]]);
    }
    quantiles
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trials at these sizes whose distances are 0.5 to 1.5 times a power of the size.
    fn trials(sizes: &[usize]) -> Vec<Trials> {
        let at = |n: &usize| (0..=100).map(|k| (0.5 + k as f64 / 100.0) / (*n as f64).sqrt()).collect();
        sizes.iter().map(|n| Trials::new(at(n))).collect()
    }

    #[test]
    fn a_power_is_found_between_the_sizes_and_below_them() {
        let sizes = sizes(1000);
        assert_eq!(sizes, [8, 16, 32, 64, 128, 256, 512, 1000]);
        let trials = trials(&sizes);
        for n in [1e-3, 5.0, 8.0, 11.0, 700.0, 1000.0_f64] {
            let found = law(n, &sizes, &trials, &[0.5]);
            assert!((found.mean * n.sqrt() - 1.0).abs() < 1e-12, "{n}: {found:?}");
            assert!((found.quantiles[0] * n.sqrt() - 1.0).abs() < 1e-12, "{n}: {found:?}");
        }
        assert_eq!(law(1e9, &sizes, &trials, &[0.5]), law(1000.0, &sizes, &trials, &[0.5]));
        // Of a smaller size no larger ones are needed.
        assert_eq!(law(20.0, &sizes, &trials[..3], &[0.5]), law(20.0, &sizes, &trials, &[0.5]));
    }

    #[test]
    fn chance_makes_no_law_rise() {
        let sizes = [8, 16, 32];
        let risen = [[1.0, 2.0, 3.0], [1.5, 1.6, 1.7], [0.0, 2.5, 2.6]].map(|d| Trials::new(d.to_vec()));
        let at = |n: f64| law(n, &sizes, &risen, &[0.1, 0.5, 0.9]);
        let all: Vec<NullLaw> = [1.0, 8.0, 10.0, 16.0, 20.0, 32.0, 40.0].map(at).to_vec();
        for pair in all.windows(2) {
            assert!(pair[1].mean <= pair[0].mean, "{pair:?}");
            assert!(pair[1].quantiles.iter().zip(&pair[0].quantiles).all(|(b, a)| b <= a), "{pair:?}");
        }
        assert!(all.iter().all(|law| law.quantiles.is_sorted()));
    }

    #[test]
    fn a_quantile_of_few_trials_is_one_of_them() {
        let trials = Trials::new(vec![3.0, 1.0, 2.0]);
        let found: Vec<f64> = [0.0, 0.25, 0.5, 0.625, 0.75, 1.0].map(|p| trials.quantile(p)).to_vec();
        assert_eq!(found, [1.0, 1.0, 2.0, 2.5, 3.0, 3.0]);
    }
}
