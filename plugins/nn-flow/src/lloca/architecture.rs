//! The network.

use amplicast_nn::Parameter;
use amplicast_nn::lanes::PairShape;

use super::frames_net::FramesNet;
use super::lanes::LaneLloca;
use super::vectors::VECTORS;
use crate::flow::{Architecture, Network};
use crate::space::{Kinematics, REFERENCES};
use crate::time::{self, scalar_count};
use crate::transformer::Backbone;

/// A transformer over particles in local frames.
///
/// Segments, in order: the time's, those of the frames, those of the transformer.
pub struct Lloca {
    /// Of the particles.
    pub kinematics: Kinematics,
    /// The network of the frames.
    pub frames: FramesNet,
    /// The network in the frames.
    pub transformer: Backbone,
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
