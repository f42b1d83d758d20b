//! Directions along which the divergence of a velocity is found.

use std::ops::Range;

use amplicast_sdk::Stream;
use amplicast_sdk::rand::RngExt;

/// Directions e of events. The divergence of a velocity v is the sum over them of e . (e^T dv/dx), over their number if they
/// are random.
///
/// e^T dv/dx is one backward pass for all events together, since none sees another.
pub enum Probes {
    /// The unit vectors of so many numbers: exact.
    Units(usize),
    /// +-1 for each number of each event (Hutchinson), one direction of all events after the other.
    Random {
        /// The signs.
        signs: Vec<f64>,
        /// Directions.
        count: usize,
    },
}

impl Probes {
    /// So many random directions of events that have `numbers` numbers together.
    pub fn random(count: usize, numbers: usize, stream: &mut Stream) -> Self {
        let mut signs = Vec::new();
        signs.resize_with(count * numbers, || if stream.random() { 1.0 } else { -1.0 });
        Probes::Random { signs, count }
    }

    /// Directions of each event.
    pub fn count(&self) -> usize {
        match self {
            Probes::Units(d) => *d,
            Probes::Random { count, .. } => *count,
        }
    }

    /// Number `k` of a direction, where `k` counts the numbers of all events one after the other.
    fn at(&self, direction: usize, k: usize) -> f64 {
        match self {
            Probes::Units(d) => f64::from(u8::from(k % d == direction)),
            Probes::Random { signs, count } => signs[direction * (signs.len() / count) + k],
        }
    }

    /// Those of some numbers of all events.
    pub fn of(&self, direction: usize, numbers: Range<usize>) -> Vec<f64> {
        numbers.map(|k| self.at(direction, k)).collect()
    }

    /// The divergence from the sum over all directions.
    pub fn divergence(&self, sum: f64) -> f64 {
        match self {
            Probes::Units(_) => sum,
            Probes::Random { count, .. } => sum / *count as f64,
        }
    }
}

/// Adds e . slope of each event.
pub fn add_products(e: &[f64], slope: &[f64], sums: &mut [f64]) {
    let d = e.len() / sums.len();
    for (sum, (e, slope)) in sums.iter_mut().zip(e.chunks_exact(d).zip(slope.chunks_exact(d))) {
        *sum += e.iter().zip(slope).map(|(e, slope)| e * slope).sum::<f64>();
    }
}
