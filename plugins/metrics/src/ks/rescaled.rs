//! The two-sample Kolmogorov-Smirnov distance of a pseudo-experiment, from which the simulated null law is made.

/// sqrt(n m / (n + m)) D.
pub fn rescaled_distance(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    for list in [&mut a, &mut b] {
        list.sort_unstable_by(f64::total_cmp);
    }
    let (n, m) = (a.len() as f64, b.len() as f64);
    // Compared just below and at each value: after all events that are equal to it.
    let off = |x: f64, below: fn(f64, f64) -> bool| {
        let count = |list: &[f64]| list.partition_point(|y| below(*y, x)) as f64;
        (count(&a) / n - count(&b) / m).abs()
    };
    let largest = a.iter().map(|x| off(*x, |y, x| y < x).max(off(*x, |y, x| y <= x))).fold(0.0, f64::max);
    largest * (n * m / (n + m)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy.stats.ks_2samp(x, y).statistic, SciPy 1.17.1.
    #[test]
    fn golden_values_of_scipy() {
        let x: Vec<f64> = (0..50).map(|i| (f64::from(i) * 0.37).sin()).collect();
        let y: Vec<f64> = (0..80).map(|i| (f64::from(i) * 0.21).cos() * 0.9 + 0.05).collect();
        let root = (50.0 * 80.0 / 130.0_f64).sqrt();
        assert!((rescaled_distance(x, y) / root - 0.18).abs() < 1e-12);
        let ties = rescaled_distance(vec![1.0, 2.0, 2.0, 3.0], vec![2.0, 2.0, 4.0]);
        assert!((ties / (12.0_f64 / 7.0).sqrt() - 1.0 / 3.0).abs() < 1e-12);
    }
}
