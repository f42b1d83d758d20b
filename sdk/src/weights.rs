//! Weights of training events, as a loss takes them.

use crate::{Batch, Error, Result, shares};

/// The weights of training events, with the mean 1: a weighted mean loss is then a plain mean of `weight * loss` over any rows drawn from
/// them, and a batch has as much to say as one of events that all count alike.
///
/// Negative weights are those of generators beyond leading order. A loss with them is a signed sum, with no lower end of its own; what holds a
/// fit to it is the smoothness of what is fitted.
///
/// ```
/// use amplicast_sdk::ndarray::array;
/// use amplicast_sdk::{Batch, EventWeights, Origin};
/// let events = array![[0.0], [1.0], [2.0]];
/// let training = Batch::new(events.view(), Origin::Training, &[0, 1, 2]);
/// let weights = EventWeights::new(&Batch { weights: Some(&[1.0, 4.0, 1.0]), ..training })?;
/// assert_eq!(weights.of(1), 2.0);
/// assert_eq!(weights.shares(&[0, 1], None)?, [0.25, 1.0]);
/// assert_eq!(EventWeights::new(&training)?.shares(&[0, 1], None)?, [0.5, 0.5]);
/// # Ok::<(), amplicast_sdk::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventWeights(Option<Vec<f64>>);

impl EventWeights {
    /// Those of a batch; refuses weights without a positive sum.
    pub fn new(training: &Batch<'_>) -> Result<Self> {
        let Some(weights) = training.weights else { return Ok(EventWeights(None)) };
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        if !(mean > 0.0 && mean.is_finite()) {
            return Err(Error::data(format!(
                "expected event weights with a positive sum, found a mean weight of {mean}"
            )));
        }
        Ok(EventWeights(Some(weights.iter().map(|weight| weight / mean).collect())))
    }

    /// Refuses negative weights, for a fit that cannot stand them: `what` cannot.
    pub fn expect_positive(self, what: &str) -> Result<Self> {
        let negative = self.0.iter().flatten().filter(|weight| **weight < 0.0).count();
        match negative {
            0 => Ok(self),
            _ => Err(Error::data(format!(
                "{what}: expected weights of 0 or more, found {negative} negative ones of {}",
                self.0.map_or(0, |weights| weights.len())
            ))),
        }
    }

    /// The weight of a training event.
    pub fn of(&self, row: u64) -> f64 {
        self.0.as_ref().map_or(1.0, |weights| weights[row as usize])
    }

    /// Whether all events count alike.
    pub fn are_equal(&self) -> bool {
        self.0.is_none()
    }

    /// What the loss of each row is to be multiplied with, so that the sum is the mean loss: [`shares`], times the events' own weights.
    pub fn shares(&self, rows: &[u64], weights: Option<&[f64]>) -> Result<Vec<f64>> {
        let mut shares = shares(rows, weights)?;
        if let Some(own) = &self.0 {
            for (share, &row) in shares.iter_mut().zip(rows) {
                *share *= own.get(row as usize).ok_or_else(|| {
                    Error::data(format!(
                        "expected a row of the {} training events, found row {row}",
                        own.len()
                    ))
                })?;
            }
        }
        Ok(shares)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::Origin;

    fn of(list: &[f64]) -> Result<EventWeights> {
        let events = Array2::zeros((list.len(), 1));
        let rows: Vec<u64> = (0..list.len() as u64).collect();
        EventWeights::new(&Batch {
            weights: Some(list),
            ..Batch::new(events.view(), Origin::Training, &rows)
        })
    }

    #[test]
    fn a_loss_is_a_signed_sum() {
        let weights = of(&[2.0, -1.0, 2.0]).unwrap();
        assert!(!weights.are_equal());
        assert_eq!((weights.of(0), weights.of(1)), (2.0, -1.0));
        assert_eq!(weights.shares(&[0, 1, 2], None).unwrap(), [2.0 / 3.0, -1.0 / 3.0, 2.0 / 3.0]);
        assert_eq!(weights.shares(&[1, 0], Some(&[1.0, 3.0])).unwrap(), [-0.25, 1.5]);
        assert!(weights.shares(&[3], None).unwrap_err().message().contains("found row 3"));
        let error = weights.expect_positive("resample").unwrap_err();
        assert_eq!(error.message(), "resample: expected weights of 0 or more, found 1 negative ones of 3");
    }

    #[test]
    fn weights_without_a_positive_sum_say_nothing() {
        for list in [&[1.0, -1.0][..], &[-2.0, 1.0], &[0.0, 0.0]] {
            let error = of(list).unwrap_err();
            assert!(error.message().starts_with("expected event weights with a positive sum"), "{error}");
        }
        assert_eq!(of(&[3.0, 3.0]).unwrap().of(1), 1.0);
    }
}
