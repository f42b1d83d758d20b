//! The network that predicts the vectors of the frames.

use amplicast_nn::{Parameter, UNIT_GEV};
use ndarray::ArrayView2;

use super::vectors::{Pair, VECTORS};
use crate::parameters::linear_parameters;
use crate::time::scalar_count;

/// Least standard deviation of the pairs' log masses.
const SPREAD_FLOOR: f64 = 1e-5;

/// v_ik = sum over j != i of softmax_j(f_k(s_i, s_j, e_ij)) (p_i + p_j) / |p_i + p_j|, for k = 0, 1, 2.
///
/// i goes over the particles, j over particles and references, e_ij is the standardized log (p_i + p_j)^2, s are the scalars
/// (0 for references), and f is a perceptron of two hidden layers with GELU. The weights are positive: sums of timelike
/// vectors that point to the future do so too. Segments `frames.0`, `frames.1` and `frames.2`.
#[derive(Debug, Clone)]
pub struct FramesNet {
    /// Particles of an event.
    pub particles: usize,
    /// Width of the hidden layers.
    pub width: usize,
    /// Mean and standard deviation of log (p_i + p_j)^2 over all pairs of particles of the training events.
    pub pairs: [f64; 2],
}

/// Mean and standard deviation of log (p_i + p_j)^2 over all pairs of particles of these events (n x 4 particles, in GeV).
pub(super) fn pair_moments(events: ArrayView2<'_, f64>) -> [f64; 2] {
    let mut logs = Vec::new();
    for event in events.rows() {
        let momenta: Vec<f64> = event.iter().map(|p| p / UNIT_GEV).collect();
        let momenta = momenta.as_chunks::<4>().0;
        for (i, p) in momenta.iter().enumerate() {
            logs.extend(momenta[..i].iter().map(|q| Pair::new(*p, *q).log_square()));
        }
    }
    if logs.is_empty() {
        // A single particle has references alone to pair with.
        return [0.0, 1.0];
    }
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    let square: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
    [mean, (square / (logs.len() as f64 - 1.0)).sqrt().max(SPREAD_FLOOR)]
}

impl FramesNet {
    /// Its segments.
    pub fn parameters(&self) -> Vec<Parameter> {
        let inputs = 2 * scalar_count(self.particles) + 1;
        let widths = [inputs, self.width, self.width, VECTORS];
        let layers = widths.windows(2).enumerate();
        layers.flat_map(|(k, w)| linear_parameters(&format!("frames.{k}"), w[1], w[0])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// log (p_1 + p_2)^2 of two events by hand.
    #[test]
    fn pairs_are_standardized_over_the_events() {
        let unit = UNIT_GEV;
        let events = ndarray::arr2(&[
            [unit, 0.0, 0.0, 0.0, unit, 0.0, 0.0, 0.0],
            [3.0 * unit, 0.0, 0.0, 2.0 * unit, 3.0 * unit, 0.0, 0.0, -2.0 * unit],
        ]);
        let logs = [4.0_f64.ln(), 36.0_f64.ln()];
        let [mean, spread] = pair_moments(events.view());
        assert!((mean - 0.5 * (logs[0] + logs[1])).abs() < 1e-12);
        assert!((spread - (logs[1] - logs[0]) / 2.0_f64.sqrt()).abs() < 1e-12);
    }
}
