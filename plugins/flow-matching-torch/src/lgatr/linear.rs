//! Equivariant linear maps.

use amplicast_nn_flow::lgatr::Linear;
use amplicast_nn_torch::Views;
use tch::Tensor;

use super::features::Features;
use crate::graph::Forward;

impl Forward<&Features> for Linear {
    type Output = Features;

    fn forward(&self, views: &mut Views, x: &Features) -> Features {
        let (invariant, bias) = (views.take(), views.take());
        let (vector, bivector) = (views.take(), views.take());
        let [o, i] = [self.outputs[0] as i64, self.inputs[0] as i64];
        // A complex number a + ib as the real matrix ((a, -b), (b, a)).
        let (a, b) = (bivector.select(2, 0), bivector.select(2, 1));
        let rows = [Tensor::stack(&[&a, &-&b], 2), Tensor::stack(&[&b, &a], 2)];
        let bivector = Tensor::stack(&rows, 1).view([2 * o, 2 * i]);
        Features {
            channels: o,
            invariants: x.invariants.linear(&invariant, Some(&bias)),
            vectors: x.vectors.linear::<Tensor>(&vector, None),
            bivectors: x.bivectors.linear::<Tensor>(&bivector, None),
        }
    }
}
