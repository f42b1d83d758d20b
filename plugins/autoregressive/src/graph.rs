//! The loss as a graph in libtorch: for training on a GPU, and what the lanes are tested against.

use amplicast_nn::{MixtureHead, Views, loss_and_gradient};
use amplicast_sdk::Result;
use tch::{Device, Kind, Tensor};

use crate::gradient::Loss;
use crate::network::Network;

impl Network {
    /// log p(x) of each event (n x d numbers) in the network's coordinates, on the device of the views (Eq. 6 of Bahl et
    /// al. 2025).
    pub(crate) fn log_density(&self, views: &mut Views, x: &[f64], (kind, device): (Kind, Device)) -> Tensor {
        let raw = self.shape.forward(views, &self.features(x).to_kind(kind).to_device(device));
        let d = self.columns.len() as i64;
        let x = Tensor::from_slice(x).to_kind(kind).to_device(device).view([-1, d]);
        MixtureHead::new(self.components, self.columns.supports()).log_density(&raw, &x)
    }

    /// The input features of all tokens, n x d x features; zeros for the start token.
    pub(crate) fn features(&self, x: &[f64]) -> Tensor {
        let (d, width) = (self.columns.len(), self.columns.features());
        let mut features = vec![0.0_f32; x.len() * width];
        for (tokens, event) in features.chunks_exact_mut(d * width).zip(x.chunks_exact(d)) {
            for (column, token) in tokens.chunks_exact_mut(width).skip(1).enumerate() {
                self.columns.write(column, event[column], token, 1);
            }
        }
        Tensor::from_slice(&features).view([-1, d as i64, width as i64])
    }
}

impl Loss<'_> {
    /// The same loss and gradient by libtorch, in this precision on this device.
    pub(crate) fn by_graph(self, options: (Kind, Device)) -> Result<f64> {
        let Loss { network, layout, parameters, x, weights, gradient, .. } = self;
        loss_and_gradient(layout, parameters, options, gradient, |mut views| {
            let (kind, device) = options;
            let log_p = network.log_density(&mut views, x, options);
            -log_p.dot(&Tensor::from_slice(weights).to_kind(kind).to_device(device))
        })
    }
}
