//! L-GATr-slim over SIMD lanes: forward and backward pass by hand.

mod gate;
mod gradient;
mod network;
mod norm;

use amplicast_nn::lanes::Slots;
use amplicast_nn::pulp::Simd;
use amplicast_sdk::Layout;

use super::Slim;
use crate::kinematics::Kinematics;
use crate::lanes::{Gradient, Momenta, Streams};
use gradient::{BackWork, Backward};
use network::{Forward, Maps, Sizes, Work};

impl Momenta for Slim {
    type Forward = Forward;
    type Work = Work;
    type Gradient = (Backward, BackWork);

    fn kinematics(&self) -> &Kinematics {
        &self.kinematics
    }

    fn forward(&self, layout: &Layout, parameters: &[f32]) -> Forward {
        Forward::new(self, &Maps::new(self, layout, parameters))
    }

    fn work(&self, events: usize, keep: bool) -> Work {
        Work::new(&Sizes::new(self), events, keep)
    }

    #[inline(always)]
    fn apply<S: Simd>(simd: S, forward: &Forward, inputs: &Streams, work: &mut Work, outputs: &mut Streams) {
        forward.apply(simd, inputs, work, outputs);
    }

    fn gradient<S: Simd>(&self, layout: &Layout, parameters: &[f32]) -> (Backward, BackWork) {
        Backward::new::<S>(self, &Maps::new(self, layout, parameters))
    }
}

impl Gradient<Work> for (Backward, BackWork) {
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, work: &Work, outputs: &Streams, scalars: &mut Slots) {
        self.0.apply(simd, (work, &mut self.1), outputs, scalars);
    }

    #[inline(always)]
    fn finish<S: Simd>(self, simd: S, layout: &Layout, gradient: &mut [f32]) {
        self.0.finish(simd, layout, gradient);
    }
}
