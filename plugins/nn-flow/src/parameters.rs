//! Parameters of linear layers.

use amplicast_nn::{Initial, Parameter};

/// A linear layer's segments, uniform on +-1/sqrt(inputs).
pub(crate) fn linear_parameters(name: &str, outputs: usize, inputs: usize) -> [Parameter; 2] {
    let bound = 1.0 / (inputs as f32).sqrt();
    [
        Parameter::matrix(format!("{name}.weight"), outputs, inputs),
        Parameter::new(format!("{name}.bias"), [outputs], Initial::Uniform(bound)),
    ]
}
