//! Equivariant linear maps.

use amplicast_nn::{Initial, Parameter};

/// Factors of the bounds from which weights are drawn, and the mean of the biases of q_0.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// Of weights to multivectors.
    pub multivectors: f32,
    /// Of weights to scalars.
    pub scalars: f32,
    /// Mean of the biases of q_0.
    pub shift: f32,
}

/// Variance 1 at the input gives about 1/3 at the output.
pub const DEFAULT: Start = Start { multivectors: 1.0, scalars: 1.0, shift: 0.0 };
/// A layer that starts as a small correction.
pub(super) const SMALL: Start = Start { multivectors: 0.1, scalars: 0.1, shift: 0.0 };
/// A layer whose multivectors start around 1 + e0123.
pub const ALMOST_UNIT: Start = Start { multivectors: 0.5, scalars: 1.0, shift: 1.0 };

/// A linear map between channels [multivectors, scalars] that commutes with the connected Lorentz group.
///
/// Segments: `.invariant` and its `.bias` map q_0 and the scalars, ((2 O + S') x (2 I + S)); `.vector` (2 O x 2 I) mixes
/// vectors and axial vectors; `.bivector` (O x I x 2) are complex numbers.
#[derive(Debug, Clone, Copy)]
pub struct Linear {
    /// Channels that enter.
    pub inputs: [usize; 2],
    /// Channels that come out.
    pub outputs: [usize; 2],
    /// Where it starts.
    pub start: Start,
}

impl Linear {
    /// Its segments.
    pub fn parameters(&self, name: &str) -> Vec<Parameter> {
        let ([i, s], [o, t]) = (self.inputs, self.outputs);
        let Start { multivectors: f, scalars: r, shift } = self.start;
        let root = |fan: usize| (fan as f32).sqrt();
        let mut invariant = Vec::new();
        let mut bias = Vec::new();
        for row in 0..2 * o + t {
            // Half of the variance of a scalar of q_0 comes from the scalars, as in the published code.
            let (from_multivectors, from_scalars, center, width) = match row {
                row if row >= 2 * o => (r / root(4 * i), r / root(2 * s), 0.0, r / root(2 * i + s)),
                row if row % 2 == 0 => (f / root(2 * i), f / root(2 * s), shift, 1.0 / root(s + i)),
                _ => (f / root(i), f / root(2 * s), shift, 1.0 / root(s + i)),
            };
            invariant.extend(std::iter::repeat_n((0.0, from_multivectors), 2 * i));
            invariant.extend(std::iter::repeat_n((0.0, from_scalars), s));
            bias.push((center, width));
        }
        let rest = Initial::Uniform(f / root(i));
        vec![
            Parameter::new(format!("{name}.invariant"), [2 * o + t, 2 * i + s], Initial::Each(invariant)),
            Parameter::new(format!("{name}.bias"), [2 * o + t], Initial::Each(bias)),
            Parameter::new(format!("{name}.vector"), [2 * o, 2 * i], rest.clone()),
            Parameter::new(format!("{name}.bivector"), [o, i, 2], rest),
        ]
    }
}
