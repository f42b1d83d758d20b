//! The metric, and the beams as references.

/// The vectors that break the Lorentz group down to rotations around the beam: both beams and the time, in the units of
/// the momenta.
pub const REFERENCES: [[f64; 4]; 3] = [[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, -1.0], [1.0, 0.0, 0.0, 0.0]];

/// diag(1, -1, -1, -1).
pub const METRIC: [f64; 4] = [1.0, -1.0, -1.0, -1.0];
