//! One flat parameter vector as libtorch sees it: a single leaf tensor with a view per segment.
//!
//! The backward pass of all views together is one concatenation.

use amplicast_sdk::{Layout, Result};
use tch::{Device, Kind, Tensor};

use crate::{guarded, single_threaded};

/// The views of the segments, taken one after the other in the order of the layout.
pub struct Views(std::vec::IntoIter<Tensor>);

impl Views {
    /// Views of a flat tensor.
    pub fn new(layout: &Layout, flat: &Tensor) -> Self {
        let sizes: Vec<i64> = layout.segments().iter().map(|s| s.len() as i64).collect();
        let views = flat.split_with_sizes(&sizes[..], 0);
        let shaped = views.into_iter().zip(layout.segments()).map(|(view, segment)| {
            // A view of the same shape would do nothing but cost a node of the graph.
            if segment.shape.len() == 1 {
                return view;
            }
            let shape: Vec<i64> = segment.shape.iter().map(|&n| n as i64).collect();
            view.view(&shape[..])
        });
        Views::separate(shaped.collect())
    }

    /// A tensor for each segment that does not come from a flat vector.
    pub fn separate(segments: Vec<Tensor>) -> Self {
        Views(segments.into_iter())
    }

    /// The view of the next segment.
    ///
    /// # Panics
    /// If there is none left: a network that reads more segments than it declares is a mistake in its code.
    pub fn take(&mut self) -> Tensor {
        self.0.next().expect("a network read more segments than its layout has")
    }
}

/// A scalar loss of the parameters, computed in this precision on this device; its gradient is written to `gradient`.
pub fn loss_and_gradient(
    layout: &Layout,
    parameters: &[f32],
    (kind, device): (Kind, Device),
    gradient: &mut [f32],
    loss: impl FnOnce(Views) -> Tensor,
) -> Result<f64> {
    single_threaded();
    guarded(|| {
        let flat = Tensor::from_slice(parameters).to_device(device).to_kind(kind).set_requires_grad(true);
        let loss = loss(Views::new(layout, &flat));
        let gradients = Tensor::run_backward(&[&loss], &[&flat], false, false);
        let found = gradients[0].to_kind(Kind::Float).to_device(Device::Cpu);
        found.copy_data(gradient, parameters.len());
        loss.to_kind(Kind::Double).double_value(&[])
    })
}
