//! Means, variances and quantiles of numbers.

/// The mean; not a number without any.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The variance of one of the numbers, with n - 1; none for less than two.
pub fn variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values);
    let square = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    (values.len() > 1).then(|| square / (values.len() - 1) as f64)
}

/// The quantile at `p` of sorted values, interpolated between neighbors (Hyndman and Fan's type 7, as NumPy); not a number
/// without any.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = p.clamp(0.0, 1.0) * last as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

/// The same of values of which some may be infinite; none where the quantile is.
pub fn finite_quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let at = p.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    // On a value, whatever lies above it has no part in the quantile, and infinity times no part is not a number.
    let found = if at.fract() == 0.0 { sorted[at as usize] } else { quantile(sorted, p) };
    found.is_finite().then_some(found)
}

/// The end of a range that has none: the quantile at a probability of 0 or less, or of 1 or more, is infinite, whatever was seen.
pub fn open_end(p: f64) -> Option<f64> {
    match p {
        p if p <= 0.0 => Some(f64::NEG_INFINITY),
        p if p >= 1.0 => Some(f64::INFINITY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_few_numbers() {
        assert_eq!((mean(&[1.0, 2.0, 6.0]), variance(&[1.0, 2.0, 6.0])), (3.0, Some(7.0)));
        assert_eq!((mean(&[3.0]), variance(&[3.0])), (3.0, None));
        assert!(mean(&[]).is_nan() && variance(&[]).is_none());
    }

    #[test]
    fn quantiles_interpolate() {
        let sorted = [0.0, 1.0, 2.0, 10.0];
        assert_eq!(quantile(&sorted, 0.0), 0.0);
        assert_eq!(quantile(&sorted, 0.5), 1.5);
        assert_eq!(quantile(&sorted, 1.0), 10.0);
        assert_eq!(quantile(&[3.0], 0.3), 3.0);
        assert!(quantile(&[], 0.5).is_nan());
        let open = [0.0, 1.0, f64::INFINITY, f64::INFINITY];
        assert_eq!(finite_quantile(&open, 1.0 / 3.0), Some(1.0));
        assert_eq!((finite_quantile(&open, 0.5), finite_quantile(&open, 1.0)), (None, None));
        assert_eq!((finite_quantile(&sorted, 0.5), finite_quantile(&[], 0.5)), (Some(1.5), None));
    }
}
