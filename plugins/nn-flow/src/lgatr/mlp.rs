//! The layer that multiplies multivectors.

use amplicast_nn::Parameter;

use super::linear::{ALMOST_UNIT, DEFAULT, Linear};

/// Products of two linear maps of the input, a linear map of them and of the scalars, norm, gate, and a linear map back.
#[derive(Debug, Clone, Copy)]
pub struct Mlp {
    /// Multivectors and scalars of the network.
    pub channels: [usize; 2],
    /// Width inside over the width outside.
    pub factor: usize,
}

impl Mlp {
    /// Multivectors and scalars inside.
    pub fn inner(&self) -> [usize; 2] {
        self.channels.map(|width| self.factor * width)
    }

    /// The maps with their names.
    pub fn layers(&self) -> [(&'static str, Linear); 4] {
        let ([c, s], inner) = (self.channels, self.inner());
        let factors = |start| Linear { inputs: [c, s], outputs: [inner[0], 0], start };
        [
            ("left", factors(DEFAULT)),
            ("right", factors(ALMOST_UNIT)),
            ("product", Linear { inputs: [inner[0], s], outputs: inner, start: DEFAULT }),
            ("down", Linear { inputs: inner, outputs: [c, s], start: DEFAULT }),
        ]
    }

    /// Segments `.left`, `.right`, `.product` and `.down`.
    pub fn parameters(&self, name: &str) -> Vec<Parameter> {
        self.layers()
            .iter()
            .flat_map(|(layer, linear)| linear.parameters(&format!("{name}.{layer}")))
            .collect()
    }
}
