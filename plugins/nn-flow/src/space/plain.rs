//! Columns of any meaning.

use amplicast_nn::{Coordinates, Standardized};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Result, Stream};
use ndarray::ArrayView2;

use super::base::Space;

/// Standardized columns, a token each; the base is a standard normal distribution.
pub(crate) struct Plain {
    coordinates: Standardized,
    columns: usize,
}

impl Plain {
    /// Fitted to training events (n x d).
    pub fn fit(training: ArrayView2<'_, f64>, names: &[String]) -> Result<Self> {
        Ok(Plain { coordinates: Standardized::fit(training, names)?, columns: training.ncols() })
    }
}

impl Space for Plain {
    fn shape(&self) -> [usize; 2] {
        [self.columns, 1]
    }

    fn angles(&self) -> &'static [bool] {
        &[false]
    }

    fn coordinates(&self) -> &dyn Coordinates {
        &self.coordinates
    }

    fn draw(&self, stream: &mut Stream, x: &mut [f64]) {
        x.fill_with(|| StandardNormal.sample(stream));
    }

    fn base_log_density(&self, x: &[f64]) -> f64 {
        x.iter().map(|x| -0.5 * (x * x + std::f64::consts::TAU.ln())).sum()
    }
}
