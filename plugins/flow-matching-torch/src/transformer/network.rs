//! The network and the velocity it gives.

use amplicast_nn_flow::transformer::Transformer;
use amplicast_nn_torch::Views;
use tch::{Kind, Tensor};

use crate::graph::{Forward, Graph};
use crate::time::{self, scalars};

impl Graph for Transformer {
    fn velocity(&self, views: &mut Views, x: &Tensor, t: &Tensor) -> Tensor {
        let scalars = scalars(&time::features(views, t), self.tokens);
        let numbers = x.unflatten(1, [self.tokens as i64, self.numbers as i64]).to_kind(scalars.kind());
        let tokens = Tensor::cat(&[numbers, scalars], -1);
        self.backbone().forward(views, (&tokens, None)).to_kind(Kind::Double).flatten(1, 2)
    }
}
