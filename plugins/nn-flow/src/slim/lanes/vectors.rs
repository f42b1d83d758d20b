//! The algebra of the network, and its hidden layer: gates of a linear map.

use amplicast_nn::lanes::{Segments, SegmentsMut};
use amplicast_nn::pulp::Simd;

use super::gate::{gate, gate_gradient};
use crate::equivariant::{Algebra, Back, Features, Kept, Layer, Linear, Matrices, Rows, Slot, SlotMut};

/// The rows of the hidden layer.
#[derive(Debug, Clone)]
pub(crate) struct Vectors {
    /// Of what makes it.
    gates: Rows,
    hidden: Rows,
}

impl Algebra for Vectors {
    const COMPLEX: bool = false;
    /// What makes the hidden layer, before the gates.
    type Hidden = Features;
    type HiddenGradients = Features;

    fn new(_: [usize; 2], [vectors, scalars]: [usize; 2]) -> Self {
        let gates = Rows::vectors([3 * vectors, 2 * scalars]);
        Vectors { gates, hidden: Rows::vectors([vectors, scalars]) }
    }

    fn read(segments: &mut Segments<'_>) -> Matrices {
        Matrices { vector: segments.matrix(), invariant: segments.dense(), bivector: None }
    }

    fn write(matrices: &Matrices, gradient: &mut SegmentsMut<'_>) {
        gradient.put(&matrices.vector.weight);
        gradient.dense(&matrices.invariant);
    }

    fn read_hidden(segments: &mut Segments<'_>) -> Vec<Matrices> {
        vec![Self::read(segments)]
    }

    fn write_hidden(matrices: &[Matrices], gradient: &mut SegmentsMut<'_>) {
        matrices.iter().for_each(|matrices| Self::write(matrices, gradient));
    }

    fn hidden(&self, slots: usize, events: usize) -> Features {
        Features::new(slots, self.gates, events)
    }

    fn hidden_gradients(&self, events: usize) -> Features {
        Features::new(1, self.gates, events)
    }

    #[inline(always)]
    fn forward<S: Simd>(
        &self,
        simd: S,
        layers: &[Linear],
        normed: Slot<'_>,
        (gates, slot): (&mut Features, usize),
        out: SlotMut<'_>,
    ) {
        layers[0].apply::<S, false>(simd, normed, gates.at_mut(slot));
        gate(simd, gates.at(slot).view::<S>().all(self.gates), out.view::<S>().all(self.hidden));
    }

    #[inline(always)]
    fn backward<S: Simd>(
        &self,
        simd: S,
        layers: &mut [Layer],
        Kept { normed, hidden: gates, slot }: Kept<'_, Features>,
        by_gates: &mut Features,
        Back { by_active, active, by_normed, inputs }: Back<'_>,
    ) {
        let before = gates.at(slot).view::<S>().all(self.gates);
        let gradient = by_active.at(0).view::<S>().all(self.hidden);
        let (by_x, out) = (by_gates.at_mut(0).view::<S>(), active.at_mut(0).view::<S>());
        gate_gradient(simd, before, gradient, by_x.all(self.gates), out.all(self.hidden));
        layers[0].step(simd, by_gates.at(0), (normed, inputs), by_normed.at_mut(0));
    }
}
