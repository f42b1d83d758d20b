//! Layers over four-vectors and scalars.

use amplicast_nn::{Initial, Parameter};

use crate::equivariant::head_channels;

/// Added to the mean square of a token's channels.
pub const FLOOR: f64 = 0.01;

/// Linear maps of the vectors, without bias, and of the scalars; [vectors, scalars].
///
/// Segments `.vector`, `.scalar` and `.bias`, uniform on `factor` times +-1/sqrt(inputs).
#[derive(Debug, Clone, Copy)]
pub struct Linear {
    /// Channels that enter.
    pub inputs: [usize; 2],
    /// Channels that come out.
    pub outputs: [usize; 2],
    /// Of the bounds from which weights are drawn.
    pub factor: f32,
}

impl Linear {
    /// Its segments.
    pub fn parameters(&self, name: &str) -> Vec<Parameter> {
        let ([i, s], [o, t]) = (self.inputs, self.outputs);
        let uniform = |inputs: usize| Initial::Uniform(self.factor / (inputs as f32).sqrt());
        vec![
            Parameter::new(format!("{name}.vector"), [o, i], uniform(i)),
            Parameter::new(format!("{name}.scalar"), [t, s], uniform(s)),
            Parameter::new(format!("{name}.bias"), [t], uniform(s)),
        ]
    }
}

/// Both projections of an attention start small.
const SMALL: f32 = 0.1;

/// Attention over the tokens of an event: scores (sum over channels of <q, k>, plus q.k of scalars) / sqrt(4 C + S).
#[derive(Debug, Clone, Copy)]
pub struct Attention {
    /// Vectors and scalars of the network.
    channels: [usize; 2],
    /// Heads.
    pub heads: usize,
    /// Vectors and scalars of a head.
    pub hidden: [usize; 2],
}

impl Attention {
    /// With heads of `factor` times their share of the channels.
    pub fn new(channels: [usize; 2], heads: usize, factor: usize) -> Self {
        Attention { channels, heads, hidden: head_channels(channels, heads, factor) }
    }

    /// The maps to queries, keys and values, and back.
    pub fn layers(&self) -> [Linear; 2] {
        let inner = self.hidden.map(|width| self.heads * width);
        [
            Linear { inputs: self.channels, outputs: inner.map(|width| 3 * width), factor: SMALL },
            Linear { inputs: inner, outputs: self.channels, factor: SMALL },
        ]
    }

    /// Segments `.qkv` and `.out`.
    pub fn parameters(&self, name: &str) -> Vec<Parameter> {
        let [qkv, out] = self.layers();
        [qkv.parameters(&format!("{name}.qkv")), out.parameters(&format!("{name}.out"))].concat()
    }
}

/// v = GELU(<b, c>) a and s = GELU(s_2) s_1, of linear maps of the input, and a linear map back.
#[derive(Debug, Clone, Copy)]
pub struct Mlp {
    /// Vectors and scalars of the network.
    pub channels: [usize; 2],
    /// Width inside over the width outside.
    pub factor: usize,
}

impl Mlp {
    /// Vectors and scalars inside.
    pub fn inner(&self) -> [usize; 2] {
        self.channels.map(|width| self.factor * width)
    }

    /// The maps to the gates, and back.
    pub fn layers(&self) -> [Linear; 2] {
        let [c, s] = self.inner();
        [
            Linear { inputs: self.channels, outputs: [3 * c, 2 * s], factor: 1.0 },
            Linear { inputs: [c, s], outputs: self.channels, factor: 1.0 },
        ]
    }

    /// Segments `.gates` and `.down`.
    pub fn parameters(&self, name: &str) -> Vec<Parameter> {
        let [gates, down] = self.layers();
        [gates.parameters(&format!("{name}.gates")), down.parameters(&format!("{name}.down"))].concat()
    }
}
