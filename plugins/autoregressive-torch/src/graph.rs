//! The loss as a graph in libtorch: for training on a GPU, and what the lanes are tested against.

use amplicast_nn_autoregressive::{Loss, Network};
use amplicast_nn_torch::{MixtureHead, Views, causal_transformer, loss_and_gradient};
use amplicast_sdk::Result;
use tch::{Device, Kind, Tensor};

/// log p(x) of each event (n x d numbers) in the network's coordinates, on the device of the views (Eq. 6 of Bahl et
/// al. 2025).
pub(crate) fn log_density(
    network: &Network,
    views: &mut Views,
    x: &[f64],
    (kind, device): (Kind, Device),
) -> Tensor {
    let features = features(network, x).to_kind(kind).to_device(device);
    let raw = causal_transformer(&network.shape, views, &features);
    let d = network.columns.dimension() as i64;
    let x = Tensor::from_slice(x).to_kind(kind).to_device(device).view([-1, d]);
    MixtureHead::new(network.components, network.columns.supports()).log_density(&raw, &x)
}

/// The input features of all tokens, n x d x features; zeros for the start token.
pub(crate) fn features(network: &Network, x: &[f64]) -> Tensor {
    let (d, width) = (network.columns.dimension(), network.columns.features());
    let mut features = vec![0.0_f32; x.len() * width];
    for (tokens, event) in features.chunks_exact_mut(d * width).zip(x.chunks_exact(d)) {
        for (column, token) in tokens.chunks_exact_mut(width).skip(1).enumerate() {
            network.columns.write(column, event[column], token, 1);
        }
    }
    Tensor::from_slice(&features).view([-1, d as i64, width as i64])
}

/// The loss and its gradient by libtorch, in this precision on this device.
pub(crate) fn by_graph(loss: Loss<'_>, options: (Kind, Device)) -> Result<f64> {
    let Loss { network, layout, parameters, x, weights, gradient, .. } = loss;
    loss_and_gradient(layout, parameters, options, gradient, |mut views| {
        let (kind, device) = options;
        let log_p = log_density(network, &mut views, x, options);
        -log_p.dot(&Tensor::from_slice(weights).to_kind(kind).to_device(device))
    })
}
