//! Norms of groups of channels, and what their gradients have in common.

use std::marker::PhantomData;

use amplicast_nn::lanes::Row;
use amplicast_nn::lanes::functions::{fused, select};
use amplicast_nn::pulp::{Simd, WithSimd};

use super::algebra::Algebra;
use super::features::{Rows, Slot, SlotMut};
use super::interval::interval;

/// A group of channels of a slot: its number, how many groups there are, and its rows.
pub(crate) type Which = ((usize, usize), Rows);

/// [`Algebra::normalize`] of a group; compiled once for all norms of a network.
#[inline(always)]
pub(crate) fn normalize<A: Algebra, S: Simd>(simd: S, (x, which): (Slot<'_>, Which), out: SlotMut<'_>) {
    simd.vectorize(Normalize::<A> { x, which, out, algebra: PhantomData });
}

struct Normalize<'a, A> {
    x: Slot<'a>,
    which: Which,
    out: SlotMut<'a>,
    algebra: PhantomData<A>,
}

impl<A: Algebra> WithSimd for Normalize<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (which, rows) = self.which;
        A::normalize(simd, self.x.view::<S>().group(which, rows), self.out.view::<S>());
    }
}

/// [`Algebra::normalize_gradient`] to a group.
#[inline(always)]
pub(crate) fn normalize_gradient<A: Algebra, S: Simd, const ADD: bool>(
    simd: S,
    kept: Slot<'_>,
    g: Slot<'_>,
    (x, which): (SlotMut<'_>, Which),
) {
    simd.vectorize(Gradient::<A, ADD> { kept, g, x, which, algebra: PhantomData });
}

struct Gradient<'a, A, const ADD: bool> {
    kept: Slot<'a>,
    g: Slot<'a>,
    x: SlotMut<'a>,
    which: Which,
    algebra: PhantomData<A>,
}

impl<A: Algebra, const ADD: bool> WithSimd for Gradient<'_, A, ADD> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (which, rows) = self.which;
        let (g, x) = (self.g.view::<S>().all(rows), self.x.view::<S>().group(which, rows));
        A::normalize_gradient::<S, ADD>(simd, self.kept.view::<S>(), g, x);
    }
}

/// Of rows y = r x that count with a plus in the norm: r (g - m y), where m is `factors[0]`; the `k`-th factor is that of the
/// `k`-th component.
#[inline(always)]
pub(crate) fn rows_gradient<S: Simd, const V: usize, const ADD: bool>(
    simd: S,
    root: S::f32s,
    factors: Row<S, V>,
    (y, g): (&Row<S, V>, &Row<S, V>),
    x: &mut Row<S, V>,
) {
    for k in 0..V {
        let off = fused(simd, factors[k], y[k], g[k]);
        x[k] = if ADD { fused(simd, root, off, x[k]) } else { simd.mul_f32s(root, off) };
    }
}

/// [`rows_gradient`] of four-vectors, whose components count with the signs of the metric times that of their square.
#[inline(always)]
pub(crate) fn vectors_gradient<S: Simd, const ADD: bool>(
    simd: S,
    root: S::f32s,
    [plus, minus]: [S::f32s; 2],
    (y, g): (&[Row<S, 4>], &[Row<S, 4>]),
    x: &mut [Row<S, 4>],
) {
    for ((y, g), x) in y.iter().zip(g).zip(x) {
        let negative = simd.less_than_f32s(interval(simd, y, y), simd.splat_f32s(0.0));
        let (time, space) = (select(simd, negative, plus, minus), select(simd, negative, minus, plus));
        rows_gradient::<S, 4, ADD>(simd, root, [time, space, space, space], (y, g), x);
    }
}
