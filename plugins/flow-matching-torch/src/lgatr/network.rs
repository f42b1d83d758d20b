//! The network and the velocity it gives.

use amplicast_nn_flow::lgatr::Lgatr;
use amplicast_nn_flow::space::REFERENCES;
use amplicast_nn_torch::Views;
use tch::Tensor;

use super::features::Features;
use super::norm::layer_norm;
use crate::equivariant::velocity;
use crate::graph::{Forward, Graph};

/// Multivectors that enter: the momentum and the three references.
const INPUTS: usize = 1 + REFERENCES.len();

impl Forward<[&Tensor; 3]> for Lgatr {
    type Output = [Tensor; 2];

    /// A vector (B x n x 4) and two scalars (B x n x 2) for each particle, of its momentum (B x n x 4), of vectors that all
    /// see (3 x 4) and of its scalars.
    fn forward(&self, views: &mut Views, [momenta, references, scalars]: [&Tensor; 3]) -> [Tensor; 2] {
        let [events, tokens] = [momenta.size()[0], momenta.size()[1]];
        let options = (scalars.kind(), momenta.device());
        let (rows, width) = (events * tokens, 2 * INPUTS as i64);
        let seen = references.expand([events, tokens, -1, -1], false);
        let real = Tensor::cat(&[momenta.unsqueeze(2), seen], 2).to_kind(options.0).permute([3, 0, 1, 2]);
        let vectors = Tensor::stack(&[&real, &real.zeros_like()], -1).view([4, rows, width]);
        let zeros = Tensor::zeros([rows, width], options);
        let x = Features {
            channels: INPUTS as i64,
            invariants: Tensor::cat(&[zeros, scalars.flatten(0, 1)], 1),
            vectors,
            bivectors: Tensor::zeros([3, rows, width], options),
        };
        let mut x = self.embed().forward(views, &x);
        let (attention, mlp) = self.block();
        for _ in 0..self.blocks {
            x = x.plus(&attention.forward(views, (&layer_norm(&x), tokens)));
            x = x.plus(&mlp.forward(views, &layer_norm(&x)));
        }
        let out = self.head().forward(views, &x);
        let vector = out.vectors.select(2, 0).view([4, events, tokens]).permute([1, 2, 0]);
        [vector, out.scalars().view([events, tokens, 2])]
    }
}

impl Graph for Lgatr {
    fn velocity(&self, views: &mut Views, x: &Tensor, t: &Tensor) -> Tensor {
        velocity(&self.kinematics, views, (x, t), |views, seen| self.forward(views, seen))
    }
}
