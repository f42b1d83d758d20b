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

/// The quantile at `p` of sorted values with weights: the first at which their sum reaches the part `p` of the whole. A value of weight 2 is the
/// value twice. With negative weights the sum may fall again; the first place counts. Not a number without any.
pub fn weighted_quantile(sorted: &[f64], weights: &[f64], p: f64) -> f64 {
    let whole: f64 = weights.iter().sum();
    let mut sum = 0.0;
    let reached = weights.iter().position(|weight| {
        sum += weight;
        sum >= p.clamp(0.0, 1.0) * whole
    });
    sorted.get(reached.unwrap_or(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// A quotient; 0 where nothing is divided.
pub fn quotient(of: f64, by: f64) -> f64 {
    if by == 0.0 { 0.0 } else { of / by }
}

/// The effective number of events with these weights (Kish 1965): the square of their sum over the sum of their squares.
pub fn effective_size(weights: &[f64]) -> f64 {
    let (sum, squares) = weights.iter().fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
    quotient(sum * sum, squares)
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
    fn a_weight_of_two_is_the_value_twice() {
        let (sorted, weights) = ([0.0, 1.0, 2.0, 10.0], [1.0, 2.0, 1.0, 3.0]);
        let twice = [0.0, 1.0, 1.0, 2.0, 10.0, 10.0, 10.0];
        let of = |p| weighted_quantile(&sorted, &weights, p);
        for p in 0..=20 {
            let p = f64::from(p) / 20.0;
            assert_eq!(of(p), weighted_quantile(&twice, &[1.0; 7], p), "{p}");
        }
        assert_eq!((of(0.5), of(1.0)), (2.0, 10.0));
        // A third of the events is taken off again.
        let signed = |p| weighted_quantile(&[0.0, 1.0, 1.5, 2.0], &[1.0, 1.0, -1.0, 1.0], p);
        assert_eq!((signed(0.9), signed(0.4)), (1.0, 0.0));
        assert!(weighted_quantile(&[], &[], 0.5).is_nan());
    }

    #[test]
    fn effective_sizes() {
        assert_eq!((effective_size(&[2.0; 10]), effective_size(&[1.0, 3.0])), (10.0, 1.6));
        // Of each ten events one is taken off: (0.8)^2.
        let signed: Vec<f64> = (0..100).map(|i| if i % 10 == 0 { -1.0 } else { 1.0 }).collect();
        assert!((effective_size(&signed) - 64.0).abs() < 1e-12 && effective_size(&[]) == 0.0);
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
