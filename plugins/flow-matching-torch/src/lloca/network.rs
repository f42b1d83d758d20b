//! The network and the velocity it gives.

use amplicast_nn_flow::lloca::Lloca;
use amplicast_nn_torch::Views;
use tch::{Kind, Tensor};

use crate::equivariant::velocity;
use crate::graph::{Forward, Graph};
use crate::kinematics::coordinates_of;
use crate::transformer::Frames;

impl Forward<[&Tensor; 3]> for Lloca {
    type Output = [Tensor; 2];

    /// A vector (B x n x 4) and two scalars (B x n x 2) for each particle, of its momentum (B x n x 4, double precision), of
    /// vectors that all see (3 x 4) and of its scalars.
    fn forward(&self, views: &mut Views, [momenta, references, scalars]: [&Tensor; 3]) -> [Tensor; 2] {
        let frames = Frames::new(&self.frames.forward(views, [momenta, references, scalars]));
        let local = coordinates_of(&self.kinematics, &frames.momenta_to_local(momenta));
        let tokens = Tensor::cat(&[&local.to_kind(scalars.kind()), scalars], -1);
        let out = self.transformer.forward(views, (&tokens, Some(&frames))).to_kind(Kind::Double);
        let vector = frames.to_global(&out.narrow(2, 0, 4).unsqueeze(2)).squeeze_dim(2);
        [vector, out.narrow(2, 4, 2)]
    }
}

impl Graph for Lloca {
    fn velocity(&self, views: &mut Views, x: &Tensor, t: &Tensor) -> Tensor {
        velocity(&self.kinematics, views, (x, t), |views, seen| self.forward(views, seen))
    }
}
