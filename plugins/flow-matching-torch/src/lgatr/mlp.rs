//! The layer that multiplies multivectors.

use amplicast_nn_flow::lgatr::Mlp;
use amplicast_nn_torch::Views;
use tch::Tensor;

use super::features::Features;
use super::norm::{gate, layer_norm};
use super::product::product;
use crate::graph::Forward;

impl Forward<&Features> for Mlp {
    type Output = Features;

    fn forward(&self, views: &mut Views, x: &Features) -> Features {
        let [left, right, mix, down] = self.layers().map(|(_, linear)| linear);
        let (left, right) = (left.forward(views, x), right.forward(views, x));
        let mut products = product(&left, &right);
        products.invariants = Tensor::cat(&[&products.invariants, &x.scalars()], 1);
        let hidden = gate(&layer_norm(&mix.forward(views, &products)));
        down.forward(views, &hidden)
    }
}
