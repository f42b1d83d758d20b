//! By how much, and whether by chance, the values of one sample are smaller than those of another.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal};

/// Below this probability an effect is no chance.
pub const CHANCE: f64 = 1e-6;
/// What d1 / d2 of an event next to one training event is at most, in units of the median of true events: where there are many
/// columns all distances are alike, and a little is no sign.
const NEXT_TO_ONE: f32 = 0.75;
/// How much more often values of `a` are small than values of `b`, small ones for `b`: the largest excess over some thresholds that is
/// no chance.
pub fn excess(a: &[f32], b: &[f32]) -> (f64, bool) {
    let (n, m) = (a.len() as f64, b.len() as f64);
    let mut pooled: Vec<f32> = a.iter().chain(b).copied().collect();
    pooled.sort_unstable_by(f32::total_cmp);
    let mut of_b: Vec<f32> = b.to_vec();
    of_b.sort_unstable_by(f32::total_cmp);
    let small = NEXT_TO_ONE * of_b[of_b.len() / 2];
    let mut best = (0.0, false);
    for quantile in [0.5, 0.2, 0.05, 0.01] {
        let place = ((pooled.len() as f64 * quantile) as usize).max(19);
        let Some(&threshold) = pooled.get(place) else { continue };
        let threshold = threshold.min(small);
        let below = |list: &[f32]| list.iter().filter(|x| **x <= threshold).count() as u64;
        let (of_a, of_b) = (below(a), below(b));
        // Among so many of both, those of a are binomial if the laws are equal.
        let Ok(law) = Binomial::new(n / (n + m), of_a + of_b) else { continue };
        let chance = if of_a == 0 { 1.0 } else { law.sf(of_a - 1) };
        let part = of_a as f64 / n - of_b as f64 / m;
        if chance < CHANCE && part > best.0 {
            best = (part, true);
        }
    }
    best
}

/// P(a < b) + P(a = b) / 2, and the probability of as much if the laws are equal (normal approximation with ties).
pub fn mann_whitney(a: &[f32], b: &[f32]) -> (f64, f64) {
    let mut pooled: Vec<(f32, bool)> =
        a.iter().map(|&x| (x, true)).chain(b.iter().map(|&x| (x, false))).collect();
    pooled.sort_unstable_by(|x, y| x.0.total_cmp(&y.0));
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (mut ranks, mut ties, mut seen) = (0.0, 0.0, 0.0);
    for group in pooled.chunk_by(|x, y| x.0 == y.0) {
        let size = group.len() as f64;
        ranks += (seen + 0.5 * (size + 1.0)) * group.iter().filter(|x| x.1).count() as f64;
        ties += size.powi(3) - size;
        seen += size;
    }
    let larger = ranks - 0.5 * n * (n + 1.0);
    let all = n + m;
    let variance = n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    let probability = 1.0 - larger / (n * m);
    if variance <= 0.0 {
        return (0.5, 1.0);
    }
    let z = (0.5 * n * m - larger) / variance.sqrt();
    (probability, Normal::standard().sf(z))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy.stats.mannwhitneyu(a, b, alternative="less", method="asymptotic", use_continuity=False), SciPy 1.17.1.
    #[test]
    fn golden_value_of_scipy() {
        let a = [1.0, 2.0, 2.0, 3.5, 0.5];
        let b = [2.0, 4.0, 5.0, 3.0];
        let (probability, chance) = mann_whitney(&a, &b);
        // U of b over a: 17 of 20 pairs.
        assert!((probability - 0.85).abs() < 1e-12, "{probability}");
        assert!((chance - 0.040_583_461_754_723_056).abs() < 1e-9, "{chance}");
    }
}
