//! The perceptron as a graph.

use amplicast_nn::Perceptron;
use tch::Tensor;

use crate::Views;

/// The outputs (n x outputs) for n inputs.
pub fn perceptron(shape: &Perceptron, views: &mut Views, x: &Tensor) -> Tensor {
    let layers = shape.widths.len() - 1;
    let mut x = x.shallow_clone();
    for l in 0..layers {
        let (weight, bias) = (views.take(), views.take());
        x = x.linear(&weight, Some(&bias));
        if l + 1 < layers {
            x = x.gelu("tanh");
        }
    }
    x
}
