//! What every velocity field is: a network of the coordinates and the time.

use amplicast_nn::Parameter;
use amplicast_sdk::{Layout, Result};

use super::probes::Probes;
use crate::space::Lines;

/// A kind of network with its sizes.
pub trait Architecture: Send + Sync {
    /// Its segments, those of the time features first.
    fn parameters(&self) -> Vec<Parameter>;

    /// The network over SIMD lanes: plain Rust in single precision, for a CPU.
    fn in_lanes(&self) -> Box<dyn Network>;
}

/// Parameters with the segments that they have.
pub type Parameters<'a> = (&'a Layout, &'a [f32]);

/// The velocity of a flow as a function of parameters.
pub trait Network: Send + Sync {
    /// The velocity with these parameters.
    fn field(&self, parameters: Parameters<'_>) -> Result<Field>;

    /// The velocity with its divergence.
    fn divergence(&self, parameters: Parameters<'_>) -> Result<DivergenceField>;

    /// Half of the mean squared error of the velocities of points on lines, with weights that sum up to 1; writes its gradient.
    fn loss_and_gradient(
        &self,
        parameters: Parameters<'_>,
        lines: &Lines,
        weights: &[f64],
        gradient: &mut [f32],
    ) -> Result<f64>;

    /// The same without the gradient.
    fn loss(&self, parameters: Parameters<'_>, lines: &Lines, weights: &[f64]) -> Result<f64> {
        self.loss_and_gradient(parameters, lines, weights, &mut vec![0.0; parameters.1.len()])
    }

    /// How many threads may call it at once, if not all.
    fn max_concurrency(&self) -> Option<usize> {
        None
    }
}

/// Writes the velocities of events, one after the other, at a time; for many calls by one thread.
pub type Field = Box<dyn FnMut(f64, &[f64], &mut [f64]) -> Result<()>>;

/// Writes the velocities of events, and adds to a number of each the sum over directions from which its divergence follows.
pub type DivergenceField = Box<dyn FnMut(f64, &[f64], &Probes, (&mut [f64], &mut [f64])) -> Result<()>>;
