//! One flat parameter vector as libtorch sees it: a single leaf tensor with a view per segment.
//!
//! The backward pass of all views together is one concatenation, so the flat interface costs about 0.1 % of a step.

use amplicast_sdk::{Layout, Result};
use tch::{Kind, Tensor};

use crate::{guarded, single_threaded};

/// The views of the segments, taken one after the other in the order of the layout.
pub struct Views(std::vec::IntoIter<Tensor>);

impl Views {
    /// Views of a flat tensor.
    pub fn new(layout: &Layout, flat: &Tensor) -> Self {
        let sizes: Vec<i64> = layout.segments().iter().map(|s| s.len() as i64).collect();
        let views = flat.split_with_sizes(&sizes[..], 0);
        let shaped = views.iter().zip(layout.segments()).map(|(view, segment)| {
            let shape: Vec<i64> = segment.shape.iter().map(|&n| n as i64).collect();
            view.view(&shape[..])
        });
        Views(shaped.collect::<Vec<_>>().into_iter())
    }

    /// The view of the next segment.
    ///
    /// # Panics
    /// If there is none left: a network that reads more segments than it declares is a mistake in its code.
    pub fn take(&mut self) -> Tensor {
        self.0.next().expect("a network read more segments than its layout has")
    }
}

/// A scalar loss of the parameters; its gradient is written to `gradient`.
pub fn loss_and_gradient(
    layout: &Layout,
    parameters: &[f32],
    gradient: &mut [f32],
    loss: impl FnOnce(Views) -> Tensor,
) -> Result<f64> {
    single_threaded();
    guarded(|| {
        let flat = Tensor::from_slice(parameters).set_requires_grad(true);
        let loss = loss(Views::new(layout, &flat));
        let gradients = Tensor::run_backward(&[&loss], &[&flat], false, false);
        gradients[0].copy_data(gradient, parameters.len());
        loss.to_kind(Kind::Double).double_value(&[])
    })
}
