//! The network and the velocity it gives.

use amplicast_nn::{Parameter, Views};
use tch::Tensor;

use super::lanes::Vectors;
use super::layers::{Attention, Features, Linear, Mlp, norm};
use crate::equivariant::{LaneEquivariant, input_channels, velocity};
use crate::flow::{Architecture, Graph, Network};
use crate::space::Kinematics;
use crate::time;

/// Blocks of attention and MLP, both after a norm and added to what they see; one vector and two scalars come out.
///
/// Vectors and scalars meet in norms, scores and gates alone. Segments, in order: the time's, `embed`, per block b
/// `block.b.qkv`, `block.b.out`, `block.b.gates`, `block.b.down`, then `head`; each is `.vector`, `.scalar` and `.bias`.
pub(crate) struct Slim {
    pub kinematics: Kinematics,
    /// Vectors and scalars of a token.
    pub channels: [usize; 2],
    pub heads: usize,
    pub blocks: usize,
    pub attention_factor: usize,
    pub mlp_factor: usize,
}

impl Slim {
    fn embed(&self) -> Linear {
        let inputs = input_channels(self.kinematics.particles());
        Linear { inputs, outputs: self.channels, factor: 1.0 }
    }

    fn head(&self) -> Linear {
        Linear { inputs: self.channels, outputs: [1, 2], factor: 1.0 }
    }

    fn block(&self) -> (Attention, Mlp) {
        let attention = Attention::new(self.channels, self.heads, self.attention_factor);
        (attention, Mlp { channels: self.channels, factor: self.mlp_factor })
    }

    /// A vector (B x n x 4) and two scalars (B x n x 2) for each particle, of its momentum (B x n x 4), of vectors that all
    /// see (3 x 4) and of its scalars.
    pub fn forward(&self, views: &mut Views, [momenta, references, scalars]: [&Tensor; 3]) -> [Tensor; 2] {
        let [events, tokens] = [momenta.size()[0], momenta.size()[1]];
        let seen = references.expand([events, tokens, -1, -1], false);
        let vectors = Tensor::cat(&[momenta.unsqueeze(2), seen], 2).to_kind(scalars.kind());
        let vectors = vectors.permute([3, 0, 1, 2]).flatten(1, 2);
        let x = Features { vectors, scalars: scalars.flatten(0, 1) };
        let mut x = self.embed().forward(views, &x);
        let (attention, mlp) = self.block();
        for _ in 0..self.blocks {
            x = x.plus(&attention.forward(views, &norm(&x), tokens));
            x = x.plus(&mlp.forward(views, &norm(&x)));
        }
        let out = self.head().forward(views, &x);
        let vector = out.vectors.view([4, events, tokens]).permute([1, 2, 0]);
        [vector, out.scalars.view([events, tokens, 2])]
    }
}

impl Architecture for Slim {
    fn parameters(&self) -> Vec<Parameter> {
        let mut list = time::parameters();
        list.extend(self.embed().parameters("embed"));
        let (attention, mlp) = self.block();
        for b in 0..self.blocks {
            list.extend(attention.parameters(&format!("block.{b}")));
            list.extend(mlp.parameters(&format!("block.{b}")));
        }
        list.extend(self.head().parameters("head"));
        list
    }

    fn in_lanes(&self) -> Box<dyn Network> {
        let (attention, mlp) = self.block();
        let channels = [self.channels, attention.hidden, mlp.inner()];
        let sizes = [self.blocks, self.heads];
        Box::new(LaneEquivariant::<Vectors>::new(&self.kinematics, sizes, channels))
    }
}

impl Graph for Slim {
    fn velocity(&self, views: &mut Views, x: &Tensor, t: &Tensor) -> Tensor {
        velocity(&self.kinematics, views, (x, t), |views, seen| self.forward(views, seen))
    }
}
