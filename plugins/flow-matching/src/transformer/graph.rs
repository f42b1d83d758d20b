//! The network and the velocity it gives.

use amplicast_nn::{Parameter, Views};
use tch::{Kind, Tensor};

use super::backbone::Backbone;
use super::lanes::LaneTransformer;
use crate::flow::{Architecture, Graph, Network};
use crate::time::{self, scalar_count, scalars};

/// A transformer whose tokens have their numbers, their identity as one-hot and the features of the time.
///
/// Segments, in order: the time's, then those of the [`Backbone`]. The published network has two outputs more for each
/// token, which nothing reads.
pub(crate) struct Transformer {
    pub tokens: usize,
    pub numbers: usize,
    pub width: usize,
    pub heads: usize,
    pub blocks: usize,
    pub mlp_factor: usize,
}

impl Transformer {
    fn backbone(&self) -> Backbone {
        Backbone {
            inputs: self.numbers + scalar_count(self.tokens),
            outputs: self.numbers,
            width: self.width,
            heads: self.heads,
            vectors: 0,
            blocks: self.blocks,
            mlp_factor: self.mlp_factor,
        }
    }
}

impl Architecture for Transformer {
    fn parameters(&self) -> Vec<Parameter> {
        [time::parameters(), self.backbone().parameters()].concat()
    }

    fn in_lanes(&self) -> Box<dyn Network> {
        Box::new(LaneTransformer { shape: self.backbone().in_lanes(self.tokens) })
    }
}

impl Graph for Transformer {
    fn velocity(&self, views: &mut Views, x: &Tensor, t: &Tensor) -> Tensor {
        let scalars = scalars(&time::features(views, t), self.tokens);
        let numbers = x.unflatten(1, [self.tokens as i64, self.numbers as i64]).to_kind(scalars.kind());
        let tokens = Tensor::cat(&[numbers, scalars], -1);
        self.backbone().forward(views, &tokens, None).to_kind(Kind::Double).flatten(1, 2)
    }
}
