//! The network and the velocity it gives.

use amplicast_nn_flow::slim::Slim;
use amplicast_nn_torch::Views;
use tch::Tensor;

use super::layers::{Features, norm};
use crate::equivariant::velocity;
use crate::graph::{Forward, Graph};

impl Forward<[&Tensor; 3]> for Slim {
    type Output = [Tensor; 2];

    /// A vector (B x n x 4) and two scalars (B x n x 2) for each particle, of its momentum (B x n x 4), of vectors that all
    /// see (3 x 4) and of its scalars.
    fn forward(&self, views: &mut Views, [momenta, references, scalars]: [&Tensor; 3]) -> [Tensor; 2] {
        let [events, tokens] = [momenta.size()[0], momenta.size()[1]];
        let seen = references.expand([events, tokens, -1, -1], false);
        let vectors = Tensor::cat(&[momenta.unsqueeze(2), seen], 2).to_kind(scalars.kind());
        let vectors = vectors.permute([3, 0, 1, 2]).flatten(1, 2);
        let x = Features { vectors, scalars: scalars.flatten(0, 1) };
        let mut x = self.embed().forward(views, &x);
        let (attention, mlp) = self.block();
        for _ in 0..self.blocks {
            x = x.plus(&attention.forward(views, (&norm(&x), tokens)));
            x = x.plus(&mlp.forward(views, &norm(&x)));
        }
        let out = self.head().forward(views, &x);
        let vector = out.vectors.view([4, events, tokens]).permute([1, 2, 0]);
        [vector, out.scalars.view([events, tokens, 2])]
    }
}

impl Graph for Slim {
    fn velocity(&self, views: &mut Views, x: &Tensor, t: &Tensor) -> Tensor {
        velocity(&self.kinematics, views, (x, t), |views, seen| self.forward(views, seen))
    }
}
