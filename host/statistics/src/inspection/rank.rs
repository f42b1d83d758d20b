//! Ranks, and correlations of them.

/// Ranks of the values, centered, with a mean square of 1; those of equal values are their mean. `None` if all are equal.
pub fn standard_ranks(values: impl ExactSizeIterator<Item = f32>) -> Option<Vec<f32>> {
    let n = values.len();
    let mut order: Vec<(f32, usize)> = values.zip(0..).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranks = vec![0.0; n];
    let (mut seen, mut square) = (0, 0.0);
    for group in order.chunk_by(|a, b| a.0 == b.0) {
        let rank = seen as f64 + 0.5 * (group.len() as f64 - 1.0) - 0.5 * (n as f64 - 1.0);
        group.iter().for_each(|&(_, i)| ranks[i] = rank);
        square += rank * rank * group.len() as f64;
        seen += group.len();
    }
    let scale = (square / n.max(1) as f64).sqrt();
    (scale > 0.0).then(|| ranks.into_iter().map(|r| (r / scale) as f32).collect())
}

/// The correlation of neighbors in a series of standard ranks.
pub fn of_neighbors(ranks: &[f32]) -> f64 {
    let products = ranks.windows(2).map(|pair| f64::from(pair[0]) * f64::from(pair[1]));
    products.sum::<f64>() / ranks.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_equal_values_are_their_mean() {
        let ranks = standard_ranks([5.0, 1.0, 5.0, 9.0].into_iter()).unwrap();
        // Centered: 0, -1.5, 0, 1.5.
        let scale = (4.5_f64 / 4.0).sqrt();
        for (found, expected) in ranks.iter().zip([0.0, -1.5, 0.0, 1.5]) {
            assert!((f64::from(*found) - expected / scale).abs() < 1e-6);
        }
        assert_eq!(standard_ranks([2.0, 2.0].into_iter()), None);
    }

    #[test]
    fn a_sorted_series_has_neighbors_alike() {
        let sorted = standard_ranks((0..1000).map(|i| i as f32)).unwrap();
        assert!(of_neighbors(&sorted) > 0.99);
        let alternating = standard_ranks((0..1000).map(|i| (i % 2) as f32)).unwrap();
        assert!(of_neighbors(&alternating) < -0.99);
    }
}
