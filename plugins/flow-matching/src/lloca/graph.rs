//! The network and the velocity it gives.

use amplicast_nn::lanes::PairShape;
use amplicast_nn::{Parameter, Views};
use tch::{Kind, Tensor};

use super::frames_net::FramesNet;
use super::lanes::LaneLloca;
use super::vectors::VECTORS;
use crate::equivariant::velocity;
use crate::flow::{Architecture, Graph, Network};
use crate::space::{Kinematics, REFERENCES};
use crate::time::{self, scalar_count};
use crate::transformer::{Backbone, Frames};

/// A transformer over particles in local frames.
///
/// Segments, in order: the time's, those of the frames, those of the transformer.
pub(crate) struct Lloca {
    pub kinematics: Kinematics,
    pub frames: FramesNet,
    pub transformer: Backbone,
}

impl Lloca {
    /// A vector (B x n x 4) and two scalars (B x n x 2) for each particle, of its momentum (B x n x 4, double precision), of
    /// vectors that all see (3 x 4) and of its scalars.
    pub fn forward(&self, views: &mut Views, [momenta, references, scalars]: [&Tensor; 3]) -> [Tensor; 2] {
        let frames = Frames::new(&self.frames.forward(views, momenta, references, scalars));
        let local = self.kinematics.coordinates_of(&frames.momenta_to_local(momenta));
        let tokens = Tensor::cat(&[&local.to_kind(scalars.kind()), scalars], -1);
        let out = self.transformer.forward(views, &tokens, Some(&frames)).to_kind(Kind::Double);
        let vector = frames.to_global(&out.narrow(2, 0, 4).unsqueeze(2)).squeeze_dim(2);
        [vector, out.narrow(2, 4, 2)]
    }
}

impl Architecture for Lloca {
    fn parameters(&self) -> Vec<Parameter> {
        [time::parameters(), self.frames.parameters(), self.transformer.parameters()].concat()
    }

    fn in_lanes(&self) -> Box<dyn Network> {
        let scalars = scalar_count(self.frames.particles);
        let pairs = PairShape {
            features: scalars,
            tokens: self.frames.particles,
            others: REFERENCES.len(),
            width: self.frames.width,
            outputs: VECTORS,
        };
        let encoder = self.transformer.in_lanes(self.frames.particles);
        let (kinematics, frames) = (self.kinematics.clone(), self.frames.clone());
        Box::new(LaneLloca { kinematics, frames, pairs, encoder })
    }
}

impl Graph for Lloca {
    fn velocity(&self, views: &mut Views, x: &Tensor, t: &Tensor) -> Tensor {
        velocity(&self.kinematics, views, (x, t), |views, seen| self.forward(views, seen))
    }
}
