//! The algebra of the network, and its hidden layer: products of two linear maps, a linear map of them and of the scalars,
//! norm, gate.

use amplicast_nn::lanes::{Segments, SegmentsMut};
use amplicast_nn::pulp::Simd;

use super::gate::{gate, gate_gradient};
use super::matrices::{beside, halves, read, write};
use super::product::{product, product_gradient};
use crate::equivariant::{
    Algebra, Back, Features, Kept, Layer, Linear, Matrices, Norm, Rows, Slot, SlotMut, normalize,
    normalize_gradient,
};

/// The rows of the hidden layer.
#[derive(Debug, Clone)]
pub(crate) struct Multivectors {
    channels: Rows,
    /// Of both factors of the products.
    factors: Rows,
    /// Of the products, with the scalars that enter beside them.
    products: Rows,
    /// Of what is mixed from these.
    mixed: Rows,
    /// Products.
    count: usize,
}

/// For each slot; what is `raw` before its norm, which no gradient needs, for one.
pub(crate) struct Hidden {
    factors: Features,
    products: Features,
    raw: Features,
    mixed: Features,
}

pub(crate) struct HiddenGradients {
    factors: Features,
    products: Features,
    raw: Features,
}

impl Algebra for Multivectors {
    const COMPLEX: bool = true;
    type Hidden = Hidden;
    type HiddenGradients = HiddenGradients;

    fn new(channels: [usize; 2], hidden: [usize; 2]) -> Self {
        Multivectors {
            channels: Rows::multivectors(channels),
            factors: Rows::multivectors([2 * hidden[0], 0]),
            products: Rows::multivectors([hidden[0], channels[1]]),
            mixed: Rows::multivectors(hidden),
            count: hidden[0],
        }
    }

    fn read(segments: &mut Segments<'_>) -> Matrices {
        read(segments)
    }

    fn write(matrices: &Matrices, gradient: &mut SegmentsMut<'_>) {
        write(matrices, gradient);
    }

    /// Of both factors together, and of what is mixed from their products.
    fn read_hidden(segments: &mut Segments<'_>) -> Vec<Matrices> {
        let (left, right) = (read(segments), read(segments));
        vec![beside(&left, &right), read(segments)]
    }

    fn write_hidden(matrices: &[Matrices], gradient: &mut SegmentsMut<'_>) {
        halves(&matrices[0]).iter().for_each(|half| write(half, gradient));
        write(&matrices[1], gradient);
    }

    fn hidden(&self, slots: usize, events: usize) -> Hidden {
        Hidden {
            factors: Features::new(slots, self.factors, events),
            products: Features::new(slots, self.products, events),
            raw: Features::new(1, self.mixed, events),
            mixed: Features::normed(slots, self.mixed, Self::KEPT, events),
        }
    }

    fn hidden_gradients(&self, events: usize) -> HiddenGradients {
        HiddenGradients {
            factors: Features::new(1, self.factors, events),
            products: Features::new(1, self.products, events),
            raw: Features::new(1, self.mixed, events),
        }
    }

    #[inline(always)]
    fn forward<S: Simd>(
        &self,
        simd: S,
        layers: &[Linear],
        normed: Slot<'_>,
        (hidden, slot): (&mut Hidden, usize),
        out: SlotMut<'_>,
    ) {
        layers[0].apply::<S, false>(simd, normed, hidden.factors.at_mut(slot));
        let mut products = hidden.products.at_mut(slot).view::<S>();
        product(simd, hidden.factors.at(slot).view(), &mut products, self.count);
        let scalars = normed.view::<S>().all(self.channels).scalars;
        products.all(self.products).scalars.copy_from_slice(scalars);
        layers[1].apply::<S, false>(simd, hidden.products.at(slot), hidden.raw.at_mut(0));
        let raw = (hidden.raw.at(0), ((0, 1), self.mixed));
        normalize::<Self, S>(simd, raw, hidden.mixed.at_mut(slot));
        let (mixed, out) = (hidden.mixed.at(slot).view::<S>(), out.view::<S>());
        gate(simd, mixed.all(self.mixed), out.all(self.mixed));
    }

    #[inline(always)]
    fn backward<S: Simd>(
        &self,
        simd: S,
        layers: &mut [Layer],
        Kept { normed, hidden, slot }: Kept<'_, Hidden>,
        by: &mut HiddenGradients,
        Back { by_active, active, by_normed, inputs }: Back<'_>,
    ) {
        let mixed = hidden.mixed.at(slot);
        let (gradient, again) = (by_active.at_mut(0).view::<S>(), active.at_mut(0).view::<S>());
        let before = mixed.view::<S>().all(self.mixed);
        gate_gradient(simd, before, gradient.all(self.mixed), again.all(self.mixed));
        let raw = (by.raw.at_mut(0), ((0, 1), self.mixed));
        normalize_gradient::<Self, S, false>(simd, mixed, by_active.at(0), raw);
        let read = (hidden.products.at(slot), &mut *inputs);
        layers[1].step(simd, by.raw.at(0), read, by.products.at_mut(0));

        let by_products = by.products.at(0).view::<S>();
        let mut by_factors = by.factors.at_mut(0).view::<S>();
        product_gradient(simd, hidden.factors.at(slot).view(), by_products, &mut by_factors, self.count);
        layers[0].step(simd, by.factors.at(0), (normed, inputs), by_normed.at_mut(0));
        let scalars = by_normed.at_mut(0).view::<S>().all(self.channels).scalars;
        for ([to], [from]) in scalars.iter_mut().zip(by_products.all(self.products).scalars) {
            *to = simd.add_f32s(*to, *from);
        }
    }
}
