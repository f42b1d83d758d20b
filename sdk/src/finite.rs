//! Numbers that are none.

/// Whether no value is NaN or infinite.
///
/// Every event of every run is looked at: 0 x is 0 unless x is not finite, and sums of it need neither a comparison
/// nor an early exit. Several sums, since additions of floats are not reordered by the compiler.
pub fn all_finite(values: &[f64]) -> bool {
    let (blocks, rest) = values.as_chunks::<16>();
    let mut sums = [0.0; 16];
    for block in blocks {
        sums.iter_mut().zip(block).for_each(|(sum, x)| *sum += x * 0.0);
    }
    sums.iter().sum::<f64>() + rest.iter().map(|x| x * 0.0).sum::<f64>() == 0.0
}

#[cfg(test)]
mod tests {
    use super::all_finite;

    #[test]
    fn one_bad_number_is_found_anywhere() {
        for n in [0, 1, 15, 16, 17, 100] {
            let mut values: Vec<f64> = (0..n).map(|i| f64::from(i) * 1e300 - 1e301).collect();
            assert!(all_finite(&values));
            for i in 0..values.len() {
                for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                    let good = std::mem::replace(&mut values[i], bad);
                    assert!(!all_finite(&values), "{bad} at {i} of {n}");
                    values[i] = good;
                }
            }
        }
    }
}
