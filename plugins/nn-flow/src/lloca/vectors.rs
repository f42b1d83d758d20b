//! The vectors of a particle's frame: weighted sums of what it sees.

use crate::space::METRIC;

/// Vectors that a frame takes.
pub(crate) const VECTORS: usize = 3;

/// Floor of the squared mass of a pair.
pub const SQUARE_FLOOR: f64 = 1e-10;

/// Floor of the length of a pair's momentum.
pub const PAIR_FLOOR: f64 = 1e-6;

/// Floor of the length of the vectors.
pub const LENGTH_FLOOR: f64 = 1e-5;

/// The momentum p_i + p_j of a pair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    sum: [f64; 4],
    /// (p_i + p_j)^2.
    square: f64,
}

/// g p.
fn lowered(p: [f64; 4]) -> [f64; 4] {
    std::array::from_fn(|k| METRIC[k] * p[k])
}

/// The sum of all products of components.
fn dot(a: [f64; 4], b: [f64; 4]) -> f64 {
    (0..4).map(|k| a[k] * b[k]).sum()
}

impl Pair {
    pub fn new(p: [f64; 4], q: [f64; 4]) -> Self {
        let sum = std::array::from_fn(|k| p[k] + q[k]);
        Pair { sum, square: dot(sum, lowered(sum)) }
    }

    /// log of the squared mass, floored.
    pub fn log_square(&self) -> f64 {
        self.square.max(SQUARE_FLOOR).ln()
    }

    /// The gradient by the sum from that by [`log_square`](Pair::log_square).
    pub fn log_square_gradient(&self, by_log: f64) -> [f64; 4] {
        let factor = if self.square >= SQUARE_FLOOR { 2.0 * by_log / self.square } else { 0.0 };
        lowered(self.sum).map(|p| factor * p)
    }

    fn length(&self) -> f64 {
        self.square.abs().sqrt().max(PAIR_FLOOR)
    }

    /// The sum over its length.
    fn direction(&self) -> [f64; 4] {
        let length = self.length();
        self.sum.map(|p| p / length)
    }

    /// The gradient by the sum from that by the direction.
    fn direction_gradient(&self, by: [f64; 4]) -> [f64; 4] {
        let (length, direction) = (self.length(), self.direction());
        // At the floor the length is a constant.
        let along = if self.square.abs().sqrt() >= PAIR_FLOOR {
            dot(by, direction) * self.square.signum()
        } else {
            0.0
        };
        let lowered = lowered(direction);
        std::array::from_fn(|k| (by[k] - along * lowered[k]) / length)
    }
}

/// v_k = sum over j of softmax_j(f_jk) (p_i + p_j) / |p_i + p_j|, k = 0, 1, 2, over their common length, for a particle i.
///
/// The weights are positive: sums of timelike vectors that point to the future do so too.
pub(crate) struct Vectors {
    /// Of what it sees; none of itself.
    weights: Vec<[f64; VECTORS]>,
    length: f64,
    /// The sign of the sum of their squares, or zero where the length is at its floor.
    sign: f64,
    pub values: [[f64; 4]; VECTORS],
}

impl Vectors {
    /// From the pairs with all that particle `itself` sees, and f of these.
    pub fn new(pairs: &[Pair], scores: &[[f64; VECTORS]], itself: usize) -> Self {
        let others = || (0..pairs.len()).filter(|j| *j != itself);
        let mut weights = vec![[0.0; VECTORS]; pairs.len()];
        let mut values = [[0.0; 4]; VECTORS];
        for k in 0..VECTORS {
            let largest = others().map(|j| scores[j][k]).fold(f64::NEG_INFINITY, f64::max);
            others().for_each(|j| weights[j][k] = (scores[j][k] - largest).exp());
            let total: f64 = weights.iter().map(|w| w[k]).sum();
            for (weight, pair) in weights.iter_mut().zip(pairs) {
                weight[k] /= total;
                let direction = pair.direction();
                (0..4).for_each(|c| values[k][c] += weight[k] * direction[c]);
            }
        }
        let square: f64 = values.iter().map(|v| dot(*v, lowered(*v))).sum();
        let root = square.abs().sqrt();
        let length = root.max(LENGTH_FLOOR);
        values.iter_mut().flatten().for_each(|v| *v /= length);
        Vectors { weights, length, sign: if root >= LENGTH_FLOOR { square.signum() } else { 0.0 }, values }
    }

    /// The gradients by f and by the pairs' momenta from that by the vectors.
    pub fn gradient(&self, pairs: &[Pair], by: &[[f64; 4]; VECTORS]) -> (Vec<[f64; VECTORS]>, Vec<[f64; 4]>) {
        let along: f64 = self.sign * by.iter().zip(&self.values).map(|(b, v)| dot(*b, *v)).sum::<f64>();
        let mut by_scores = vec![[0.0; VECTORS]; pairs.len()];
        let mut by_directions = vec![[0.0; 4]; pairs.len()];
        for k in 0..VECTORS {
            let lowered = lowered(self.values[k]);
            let by_sum: [f64; 4] = std::array::from_fn(|c| (by[k][c] - along * lowered[c]) / self.length);
            let mut mean = 0.0;
            for (j, (weight, pair)) in self.weights.iter().zip(pairs).enumerate() {
                by_scores[j][k] = dot(by_sum, pair.direction());
                mean += weight[k] * by_scores[j][k];
                (0..4).for_each(|c| by_directions[j][c] += weight[k] * by_sum[c]);
            }
            by_scores.iter_mut().zip(&self.weights).for_each(|(s, weight)| s[k] = weight[k] * (s[k] - mean));
        }
        let by_sums = pairs.iter().zip(by_directions).map(|(pair, by)| pair.direction_gradient(by)).collect();
        (by_scores, by_sums)
    }
}
