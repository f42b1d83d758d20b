//! Columns shifted and scaled to mean 0 and standard deviation 1.

use amplicast_sdk::Result;
use amplicast_sdk::ndarray::ArrayView2;

use super::{Coordinates, spread};
use crate::Support;

/// x_k = (event_k - mean_k) / std_k with the mean and unbiased standard deviation of the training events.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardized {
    mean: Vec<f64>,
    std: Vec<f64>,
    log_jacobian: f64,
}

impl Standardized {
    /// Fitted to training events (n x d).
    pub fn fit(training: ArrayView2<'_, f64>, names: &[String]) -> Result<Self> {
        let moments: Vec<(f64, f64)> = (training.columns().into_iter().zip(names))
            .map(|(column, name)| spread(&format!("column `{name}`"), column.iter().copied()))
            .collect::<Result<_>>()?;
        let (mean, std): (Vec<f64>, Vec<f64>) = moments.into_iter().unzip();
        let log_jacobian = -std.iter().map(|s| s.ln()).sum::<f64>();
        Ok(Standardized { mean, std, log_jacobian })
    }
}

impl Coordinates for Standardized {
    fn supports(&self) -> Vec<Support> {
        vec![Support::Line; self.mean.len()]
    }

    fn forward(&self, event: &[f64], x: &mut [f64]) -> Option<f64> {
        for (k, (x, event)) in x.iter_mut().zip(event).enumerate() {
            *x = (event - self.mean[k]) / self.std[k];
        }
        x.iter().all(|x| x.is_finite()).then_some(self.log_jacobian)
    }

    fn inverse(&self, x: &[f64], event: &mut [f64]) -> f64 {
        for (k, (event, x)) in event.iter_mut().zip(x).enumerate() {
            *event = self.mean[k] + self.std[k] * x;
        }
        self.log_jacobian
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::arr2;

    use super::*;

    #[test]
    fn unbiased_and_inverse() {
        let names = ["a".to_string(), "b".to_string()];
        let map = Standardized::fit(arr2(&[[1.0, 10.0], [3.0, 30.0]]).view(), &names).unwrap();
        let mut x = [0.0; 2];
        let jacobian = map.forward(&[3.0, 10.0], &mut x).unwrap();
        // Unbiased standard deviations sqrt(2) and sqrt(200).
        assert!((x[0] - 0.5_f64.sqrt()).abs() < 1e-14 && (x[1] + 0.5_f64.sqrt()).abs() < 1e-14);
        assert!((jacobian + 20.0_f64.ln()).abs() < 1e-14);
        let mut back = [0.0; 2];
        map.inverse(&x, &mut back);
        assert!((back[0] - 3.0).abs() < 1e-14 && (back[1] - 10.0).abs() < 1e-13);
    }

    #[test]
    fn a_constant_column_is_named() {
        let names = ["a".to_string(), "b".to_string()];
        let error = Standardized::fit(arr2(&[[1.0, 5.0], [3.0, 5.0]]).view(), &names).unwrap_err();
        assert!(error.to_string().starts_with("column `b`"), "{error}");
    }
}
