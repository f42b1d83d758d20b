//! The network and the velocity it gives.

use amplicast_nn::Parameter;

use super::lanes::Vectors;
use super::layers::{Attention, Linear, Mlp};
use crate::equivariant::{LaneEquivariant, input_channels};
use crate::flow::{Architecture, Network};
use crate::space::Kinematics;
use crate::time;

/// Blocks of attention and MLP, both after a norm and added to what they see; one vector and two scalars come out.
///
/// Vectors and scalars meet in norms, scores and gates alone. Segments, in order: the time's, `embed`, per block b
/// `block.b.qkv`, `block.b.out`, `block.b.gates`, `block.b.down`, then `head`; each is `.vector`, `.scalar` and `.bias`.
pub struct Slim {
    /// Of the particles.
    pub kinematics: Kinematics,
    /// Vectors and scalars of a token.
    pub channels: [usize; 2],
    /// Attention heads.
    pub heads: usize,
    /// Blocks.
    pub blocks: usize,
    /// Width of all heads together over the width of the tokens.
    pub attention_factor: usize,
    /// Width of the hidden layers over the width of the tokens.
    pub mlp_factor: usize,
}

impl Slim {
    /// The first map.
    pub fn embed(&self) -> Linear {
        let inputs = input_channels(self.kinematics.particles());
        Linear { inputs, outputs: self.channels, factor: 1.0 }
    }

    /// The last map.
    pub fn head(&self) -> Linear {
        Linear { inputs: self.channels, outputs: [1, 2], factor: 1.0 }
    }

    /// The two layers of a block.
    pub fn block(&self) -> (Attention, Mlp) {
        let attention = Attention::new(self.channels, self.heads, self.attention_factor);
        (attention, Mlp { channels: self.channels, factor: self.mlp_factor })
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
