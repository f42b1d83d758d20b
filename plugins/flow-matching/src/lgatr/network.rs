//! The network and the velocity it gives.

use amplicast_nn::{Parameter, Views};
use tch::Tensor;

use super::attention::Attention;
use super::features::Features;
use super::lanes::Multivectors;
use super::linear::{DEFAULT, Linear};
use super::mlp::Mlp;
use super::norm::layer_norm;
use crate::equivariant::{LaneEquivariant, input_channels, velocity};
use crate::flow::{Architecture, Graph, Network};
use crate::space::{Kinematics, REFERENCES};
use crate::time;

/// Multivectors that enter: the momentum and the three references.
const INPUTS: usize = 1 + REFERENCES.len();

/// Blocks of attention and MLP, both after a norm and added to what they see; one multivector and two scalars come out.
///
/// Segments, in order: the time's, `embed`, per block b `block.b.attention` and `block.b.mlp`, then `head`.
pub(crate) struct Lgatr {
    pub kinematics: Kinematics,
    /// Multivectors and scalars of a token.
    pub channels: [usize; 2],
    pub heads: usize,
    pub blocks: usize,
    pub attention_factor: usize,
    pub mlp_factor: usize,
}

impl Lgatr {
    fn embed(&self) -> Linear {
        let inputs = input_channels(self.kinematics.particles());
        Linear { inputs, outputs: self.channels, start: DEFAULT }
    }

    fn head(&self) -> Linear {
        Linear { inputs: self.channels, outputs: [1, 2], start: DEFAULT }
    }

    fn block(&self) -> (Attention, Mlp) {
        let attention = Attention::new(self.channels, self.heads, self.attention_factor);
        (attention, Mlp { channels: self.channels, factor: self.mlp_factor })
    }

    /// A vector (B x n x 4) and two scalars (B x n x 2) for each particle, of its momentum (B x n x 4), of vectors that all
    /// see (3 x 4) and of its scalars.
    pub fn forward(&self, views: &mut Views, [momenta, references, scalars]: [&Tensor; 3]) -> [Tensor; 2] {
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
            x = x.plus(&attention.forward(views, &layer_norm(&x), tokens));
            x = x.plus(&mlp.forward(views, &layer_norm(&x)));
        }
        let out = self.head().forward(views, &x);
        let vector = out.vectors.select(2, 0).view([4, events, tokens]).permute([1, 2, 0]);
        [vector, out.scalars().view([events, tokens, 2])]
    }
}

impl Architecture for Lgatr {
    fn parameters(&self) -> Vec<Parameter> {
        let mut list = time::parameters();
        list.extend(self.embed().parameters("embed"));
        let (attention, mlp) = self.block();
        for b in 0..self.blocks {
            list.extend(attention.parameters(&format!("block.{b}.attention")));
            list.extend(mlp.parameters(&format!("block.{b}.mlp")));
        }
        list.extend(self.head().parameters("head"));
        list
    }

    fn in_lanes(&self) -> Box<dyn Network> {
        let (attention, mlp) = self.block();
        let channels = [self.channels, attention.hidden, mlp.inner()];
        let sizes = [self.blocks, self.heads];
        Box::new(LaneEquivariant::<Multivectors>::new(&self.kinematics, sizes, channels))
    }
}

impl Graph for Lgatr {
    fn velocity(&self, views: &mut Views, x: &Tensor, t: &Tensor) -> Tensor {
        velocity(&self.kinematics, views, (x, t), |views, seen| self.forward(views, seen))
    }
}
