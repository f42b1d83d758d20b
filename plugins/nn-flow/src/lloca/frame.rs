//! The local frame of a particle: a Lorentz transformation made of three four-vectors, by polar decomposition.

use super::vectors::VECTORS;

/// Least squares of the sine between the two directions, and of their cross product; below them they do not say how the
/// frame is turned. (The published code has 1e-16 for the cross product alone and adds noise below, which heavy particles
/// reach: all that they see is almost at rest with them, and their directions are short, but good.)
pub const COLLINEAR: [f64; 2] = [1e-14, 1e-28];

/// Least 1 - beta^2 of the boost, so that gamma <= 10^5.
pub const SLOWEST: f64 = 1e-10;

/// Floor of the norms.
pub const FLOOR: f64 = 1e-15;

/// A matrix over the components of four-vectors.
pub(crate) type Matrix = [[f64; 4]; 4];

type Direction = [f64; 3];

/// A Lorentz transformation L from the global frame to that of a particle: L -> L Lambda^-1 if all vectors that it is made of
/// go to Lambda times themselves.
///
/// L = (1, rows e1, e2, e3) B, where B is the boost into the rest frame of the first vector, which must be timelike. There e1
/// is along the second vector, e2 in the plane of the second and third, and e3 = e1 x e2.
pub(crate) struct Frame {
    vectors: [[f64; 4]; VECTORS],
    boost: Boost,
    /// e1, e2, e3.
    axes: [Direction; 3],
    turned: Option<Turned>,
    /// L.
    pub local: Matrix,
}

/// How the directions of a frame follow from the vectors, if they do.
struct Turned {
    /// Lengths of the second vector, the third, and what of the latter is across the former.
    lengths: [f64; 3],
    /// The third one's direction.
    third: Direction,
}

impl Frame {
    /// Of three vectors.
    pub fn new(vectors: [[f64; 4]; VECTORS]) -> Self {
        let boost = Boost::new(vectors[0]);
        let [w1, w2] = [1, 2].map(|k| boost.directions(vectors[k]));
        let least = dot(w1, w1) * dot(w2, w2) * COLLINEAR[0] + COLLINEAR[1];
        let normal = cross(w1, w2);
        let (turned, e1, e2) = if dot(normal, normal) < least {
            // Then any axes will do, always the same ones.
            (None, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
        } else {
            let ((e1, first), (third, second)) = (unit(w1), unit(w2));
            let (e2, across) = unit(add_times(third, -dot(third, e1), e1));
            (Some(Turned { lengths: [first, second, across], third }), e1, e2)
        };
        let axes = [e1, e2, cross(e1, e2)];
        let mut local = boost.matrix;
        for (row, axis) in local[1..].iter_mut().zip(&axes) {
            *row = std::array::from_fn(|b| (0..3).map(|k| axis[k] * boost.matrix[k + 1][b]).sum());
        }
        Frame { vectors, boost, axes, turned, local }
    }

    /// The gradient by the vectors from that by L.
    pub fn gradient(&self, by_local: &Matrix) -> [[f64; 4]; VECTORS] {
        let (boost, [e1, e2, _]) = (&self.boost.matrix, self.axes);
        let mut by_boost = [by_local[0], [0.0; 4], [0.0; 4], [0.0; 4]];
        for (by_row, axis) in by_local[1..].iter().zip(&self.axes) {
            for k in 0..3 {
                add(&mut by_boost[k + 1], axis[k], by_row);
            }
        }
        let mut by_vectors = [[0.0; 4]; VECTORS];
        if let Some(Turned { lengths, third }) = &self.turned {
            let by_axis = |i: usize| -> Direction {
                std::array::from_fn(|k| (0..4).map(|b| by_local[i + 1][b] * boost[k + 1][b]).sum())
            };
            let [by_e1, by_e2, by_e3] = [0, 1, 2].map(by_axis);
            let by_e2 = add_times(by_e2, 1.0, cross(by_e3, e1));
            let by_across = unit_gradient(e2, lengths[2], by_e2);
            let along = dot(e1, by_across);
            let by_third = add_times(by_across, -along, e1);
            let by_e1 = add_times(by_e1, 1.0, cross(e2, by_e3));
            let by_e1 = add_times(add_times(by_e1, -dot(*third, e1), by_across), -along, *third);
            let by_w = [unit_gradient(e1, lengths[0], by_e1), unit_gradient(*third, lengths[1], by_third)];
            for (which, by_w) in [1, 2].into_iter().zip(by_w) {
                for k in 0..3 {
                    add(&mut by_boost[k + 1], by_w[k], &self.vectors[which]);
                    add(&mut by_vectors[which], by_w[k], &boost[k + 1]);
                }
            }
        }
        by_vectors[0] = self.boost.gradient(&by_boost);
        by_vectors
    }
}

/// The boost into the rest frame of a vector: rows (gamma, -gamma beta) and
/// (-gamma beta, 1 + (gamma - 1) beta beta^T / beta^2).
struct Boost {
    energy: f64,
    beta: Direction,
    square: f64,
    gamma: f64,
    /// (gamma - 1) / beta^2.
    stretch: f64,
    matrix: Matrix,
}

impl Boost {
    fn new([energy, x, y, z]: [f64; 4]) -> Self {
        let beta = [x, y, z].map(|p| p / energy.max(SLOWEST));
        let square = dot(beta, beta);
        let gamma = (1.0 - square).max(SLOWEST).sqrt().recip();
        let stretch = (gamma - 1.0) / square.max(SLOWEST);
        let matrix = std::array::from_fn(|a| {
            std::array::from_fn(|b| match (a, b) {
                (0, 0) => gamma,
                (0, k) | (k, 0) => -gamma * beta[k - 1],
                _ => f64::from(u8::from(a == b)) + stretch * beta[a - 1] * beta[b - 1],
            })
        });
        Boost { energy, beta, square, gamma, stretch, matrix }
    }

    /// The spatial part of a vector in the rest frame.
    fn directions(&self, vector: [f64; 4]) -> Direction {
        std::array::from_fn(|k| self.matrix[k + 1].iter().zip(vector).map(|(b, v)| b * v).sum())
    }

    /// The gradient by the vector from that by the matrix.
    fn gradient(&self, by: &Matrix) -> [f64; 4] {
        let Boost { energy, beta, square, gamma, stretch, .. } = *self;
        let mixed: Direction = std::array::from_fn(|k| by[0][k + 1] + by[k + 1][0]);
        // Of beta beta^T, from both sides.
        let spatial: Direction =
            std::array::from_fn(|i| (0..3).map(|j| (by[i + 1][j + 1] + by[j + 1][i + 1]) * beta[j]).sum());
        let along = 0.5 * dot(spatial, beta);
        let by_gamma = by[0][0] - dot(mixed, beta) + along / square.max(SLOWEST);
        let mut by_square = 0.0;
        if square >= SLOWEST {
            by_square -= along * stretch / square;
        }
        if 1.0 - square >= SLOWEST {
            by_square += 0.5 * by_gamma * gamma.powi(3);
        }
        let by_beta: Direction =
            std::array::from_fn(|k| stretch * spatial[k] - gamma * mixed[k] + 2.0 * by_square * beta[k]);
        let by_energy = if energy >= SLOWEST { -dot(by_beta, beta) } else { 0.0 };
        let [x, y, z] = by_beta;
        [by_energy, x, y, z].map(|by| by / energy.max(SLOWEST))
    }
}

fn dot(a: Direction, b: Direction) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Direction, b: Direction) -> Direction {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn add_times(a: Direction, factor: f64, b: Direction) -> Direction {
    std::array::from_fn(|k| a[k] + factor * b[k])
}

/// Adds a vector times a factor.
fn add(sum: &mut [f64; 4], factor: f64, vector: &[f64; 4]) {
    sum.iter_mut().zip(vector).for_each(|(sum, v)| *sum += factor * v);
}

/// A direction, and the length that it was divided by.
fn unit(a: Direction) -> (Direction, f64) {
    let length = dot(a, a).sqrt().max(FLOOR);
    (a.map(|a| a / length), length)
}

/// The gradient of what became this direction.
fn unit_gradient(direction: Direction, length: f64, by: Direction) -> Direction {
    // At the floor the length is a constant.
    let along = if length > FLOOR { dot(direction, by) } else { 0.0 };
    add_times(by, -along, direction).map(|by| by / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS_OF_A_FRAME: [[f64; 4]; VECTORS] =
        [[2.0, 0.3, -0.4, 1.0], [1.5, 0.5, 0.2, -0.3], [3.0, -1.0, 0.7, 0.4]];

    /// The published code's.
    #[test]
    fn the_golden_frame() {
        let golden = [
            [1.2060453783, -0.1809068067, 0.2412090757, -0.6030226892],
            [0.6121759772, 0.1064425896, 0.4829242612, -1.0631150267],
            [0.2494749789, -0.9437061554, 0.4111146992, -0.0513922315],
            [-0.1324698547, 0.3616848630, 0.8099078220, 0.4803973794],
        ];
        let found = Frame::new(VECTORS_OF_A_FRAME).local;
        let pairs = found.iter().flatten().zip(golden.iter().flatten());
        assert!(pairs.into_iter().all(|(f, g)| (f - g).abs() < 1e-9), "{found:?}");
    }

    fn weighted(frame: &Frame) -> f64 {
        frame.local.iter().flatten().zip(1..).map(|(l, k)| l * f64::from(k).sin()).sum()
    }

    #[test]
    fn gradients_agree_with_differences() {
        let by_local: Matrix =
            std::array::from_fn(|a| std::array::from_fn(|b| ((4 * a + b + 1) as f64).sin()));
        let mut slow = VECTORS_OF_A_FRAME;
        slow[0] = [3.0, 2e-6, -1e-6, 3e-6];
        let mut collinear = VECTORS_OF_A_FRAME;
        collinear[2] = collinear[1].map(|v| 2.0 * v);
        for (vectors, turned, tolerance) in
            [(VECTORS_OF_A_FRAME, true, 1e-8), (slow, true, 1e-4), (collinear, false, 1e-8)]
        {
            let frame = Frame::new(vectors);
            assert_eq!(frame.turned.is_some(), turned);
            let found = frame.gradient(&by_local);
            for (k, c) in (0..VECTORS).flat_map(|k| (0..4).map(move |c| (k, c))) {
                // A frame of vectors that are no longer collinear is another one.
                if !turned && k > 0 {
                    assert_eq!(found[k][c], 0.0);
                    continue;
                }
                let at = |by: f64| {
                    let mut moved = vectors;
                    moved[k][c] += by;
                    weighted(&Frame::new(moved))
                };
                let slope = (at(1e-6) - at(-1e-6)) / 2e-6;
                if !turned {
                    continue;
                }
                assert!((slope - found[k][c]).abs() < tolerance, "{k} {c}: {} {slope}", found[k][c]);
            }
        }
    }
}
