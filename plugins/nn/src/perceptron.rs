//! A multilayer perceptron: its sizes and its parameters.

use crate::{Initial, Parameter};

/// Linear layers with GELU (in its tanh form) between them.
///
/// Segments, in order: `layer.l.weight` (outputs x inputs) and `layer.l.bias` of each layer l from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Perceptron {
    /// Numbers that go in, width of each hidden layer, numbers that come out.
    pub widths: Vec<usize>,
}

impl Perceptron {
    /// Its segments.
    pub fn parameters(&self) -> Vec<Parameter> {
        let layer = |(l, width): (usize, &[usize])| {
            let (inputs, outputs) = (width[0], width[1]);
            [
                Parameter::matrix(format!("layer.{l}.weight"), outputs, inputs),
                Parameter::new(
                    format!("layer.{l}.bias"),
                    [outputs],
                    Initial::Uniform(1.0 / (inputs as f32).sqrt()),
                ),
            ]
        };
        self.widths.windows(2).enumerate().flat_map(layer).collect()
    }
}
