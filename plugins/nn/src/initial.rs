//! The parameters of a network: names, shapes, and where training starts.

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Layout, Seed};

/// How a segment of the parameter vector starts.
#[derive(Debug, Clone, PartialEq)]
pub enum Initial {
    /// All the same number.
    Constant(f32),
    /// Uniform on [-bound, bound].
    Uniform(f32),
    /// Each number uniform on center +- half width, in the order of the segment.
    Each(Vec<(f32, f32)>),
    /// These numbers.
    Values(Vec<f32>),
}

/// A named segment with its start.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Name in the layout.
    pub name: String,
    /// Shape of its view.
    pub shape: Vec<usize>,
    /// Where training starts.
    pub initial: Initial,
}

impl Parameter {
    /// A named segment.
    pub fn new(name: impl Into<String>, shape: impl Into<Vec<usize>>, initial: Initial) -> Self {
        Parameter { name: name.into(), shape: shape.into(), initial }
    }

    /// The matrix of a linear layer (`outputs` x `inputs`), uniform on +-1/sqrt(inputs).
    pub fn matrix(name: impl Into<String>, outputs: usize, inputs: usize) -> Self {
        Parameter::new(name, [outputs, inputs], Initial::Uniform(1.0 / (inputs as f32).sqrt()))
    }
}

/// The layout of these parameters.
pub fn layout(parameters: &[Parameter]) -> Layout {
    Layout::new(parameters.iter().map(|p| (p.name.as_str(), p.shape.clone())))
}

/// The flat vector from which training starts; each segment draws from a seed of its own name.
pub fn initial_parameters(parameters: &[Parameter], seed: Seed) -> Vec<f32> {
    let mut theta = Vec::new();
    for parameter in parameters {
        let length = parameter.shape.iter().product();
        match &parameter.initial {
            Initial::Constant(value) => theta.extend(std::iter::repeat_n(*value, length)),
            Initial::Uniform(bound) => {
                let mut stream = seed.split(&parameter.name).stream();
                theta.extend((0..length).map(|_| bound * (2.0 * stream.random::<f32>() - 1.0)));
            }
            Initial::Each(ranges) => {
                assert_eq!(ranges.len(), length, "initial values of {}", parameter.name);
                let mut stream = seed.split(&parameter.name).stream();
                theta.extend(ranges.iter().map(|(c, w)| c + w * (2.0 * stream.random::<f32>() - 1.0)));
            }
            Initial::Values(values) => {
                assert_eq!(values.len(), length, "initial values of {}", parameter.name);
                theta.extend(values);
            }
        }
    }
    theta
}
