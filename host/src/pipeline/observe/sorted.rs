//! The values of a summary in rising order, and their quantiles.

use amplicast_sdk::{Result, Values};

use crate::moments::{quantile, weighted_quantile};

/// Values of one number in rising order, with their weights if they have some.
pub struct Sorted {
    values: Vec<f64>,
    weights: Option<Vec<f64>>,
}

impl Sorted {
    /// Of these events.
    pub fn new(of: Values<'_>) -> Result<Self> {
        let (x, weights) = (of.list()?, of.w);
        let Some(weights) = weights else {
            let mut values = x.to_vec();
            values.sort_unstable_by(f64::total_cmp);
            return Ok(Sorted { values, weights: None });
        };
        let mut pairs: Vec<(f64, f64)> = x.iter().copied().zip(weights.iter().copied()).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (values, weights) = pairs.into_iter().unzip();
        Ok(Sorted { values, weights: Some(weights) })
    }

    /// How many there are.
    pub fn events(&self) -> usize {
        self.values.len()
    }

    /// As many values that count alike: those at which the sum of weights reaches the middle of each of as many equal parts.
    pub fn alike(self) -> Vec<f64> {
        let Sorted { values, weights: Some(weights) } = self else { return self.values };
        let part = weights.iter().sum::<f64>() / values.len() as f64;
        let (mut sums, mut sum) = (values.iter().zip(weights), 0.0);
        let mut value = f64::NAN;
        let reached = |i: usize| {
            // The last one where rounding leaves nothing to reach.
            while sum < (i as f64 + 0.5) * part
                && let Some((x, weight)) = sums.next()
            {
                (value, sum) = (*x, sum + weight);
            }
            value
        };
        (0..values.len()).map(reached).collect()
    }

    /// The quantile at `p`; not a number without any value.
    pub fn quantile(&self, p: f64) -> f64 {
        match &self.weights {
            None => quantile(&self.values, p),
            Some(weights) => weighted_quantile(&self.values, weights, p),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_go_with_their_values() {
        let x = [3.0, 1.0, 2.0];
        let plain = Sorted::new(Values::single(&x)).unwrap();
        assert_eq!((plain.quantile(0.5), plain.quantile(0.25), plain.events()), (2.0, 1.5, 3));
        let weighted = Sorted::new(Values { w: Some(&[5.0, 1.0, 2.0]), ..Values::single(&x) }).unwrap();
        assert_eq!((weighted.quantile(0.3), weighted.quantile(0.5)), (2.0, 3.0));
        assert_eq!(weighted.weights.unwrap(), [1.0, 2.0, 5.0]);
    }

    /// A negative weight takes from what lies beside it.
    #[test]
    fn values_that_count_alike_lie_at_quantiles() {
        let x: Vec<f64> = (0..40).map(f64::from).collect();
        let w: Vec<f64> = (0..40).map(|i| [1.0, 4.0, -0.5, 0.5, 2.1][i % 5]).collect();
        let sorted = || Sorted::new(Values { w: Some(&w), ..Values::single(&x) }).unwrap();
        let expected: Vec<f64> = (0..40).map(|i| sorted().quantile((f64::from(i) + 0.5) / 40.0)).collect();
        let alike = sorted().alike();
        assert_eq!(alike, expected);
        // Half of the weight.
        assert_eq!(alike.iter().filter(|x| **x < 20.0).count(), 20);
        assert_eq!(Sorted::new(Values::single(&[2.0, 1.0])).unwrap().alike(), [1.0, 2.0]);
    }
}
