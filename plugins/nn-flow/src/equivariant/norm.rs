//! Norms of groups of channels, and what their gradients have in common.

use std::marker::PhantomData;

use amplicast_nn::lanes::Row;
use amplicast_nn::lanes::functions::{fused, select};
use amplicast_nn::pulp::{Simd, WithSimd};

use super::features::{Group, GroupMut, Rows, Slot, SlotMut, View, ViewMut};

/// A norm without parameters.
pub(crate) trait Norm {
    /// Rows that are kept after the invariants.
    const KEPT: usize;

    /// Writes the normed channels, and after the invariants what the gradient needs.
    fn normalize<S: Simd>(simd: S, x: Group<'_, S>, out: ViewMut<'_, S>);

    /// Writes (with `ADD` adds) the gradient of `x` from that of the normed channels, g; `kept` is what the norm wrote.
    fn gradient<S: Simd, const ADD: bool>(simd: S, kept: View<'_, S>, g: Group<'_, S>, x: GroupMut<'_, S>);
}

/// A group of channels of a slot: its number, how many groups there are, and its rows.
pub(crate) type Which = ((usize, usize), Rows);

/// [`Norm::normalize`] of a group; compiled once for all norms of a network.
#[inline(always)]
pub(crate) fn normalize<N: Norm, S: Simd>(simd: S, (x, which): (Slot<'_>, Which), out: SlotMut<'_>) {
    simd.vectorize(Normalize::<N> { x, which, out, norm: PhantomData });
}

struct Normalize<'a, N> {
    x: Slot<'a>,
    which: Which,
    out: SlotMut<'a>,
    norm: PhantomData<N>,
}

impl<N: Norm> WithSimd for Normalize<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (which, rows) = self.which;
        N::normalize(simd, self.x.view::<S>().group(which, rows), self.out.view::<S>());
    }
}

/// [`Norm::gradient`] to a group.
#[inline(always)]
pub(crate) fn normalize_gradient<N: Norm, S: Simd, const ADD: bool>(
    simd: S,
    kept: Slot<'_>,
    g: Slot<'_>,
    (x, which): (SlotMut<'_>, Which),
) {
    simd.vectorize(Gradient::<N, ADD> { kept, g, x, which, norm: PhantomData });
}

struct Gradient<'a, N, const ADD: bool> {
    kept: Slot<'a>,
    g: Slot<'a>,
    x: SlotMut<'a>,
    which: Which,
    norm: PhantomData<N>,
}

impl<N: Norm, const ADD: bool> WithSimd for Gradient<'_, N, ADD> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (which, rows) = self.which;
        let (g, x) = (self.g.view::<S>().all(rows), self.x.view::<S>().group(which, rows));
        N::gradient::<S, ADD>(simd, self.kept.view::<S>(), g, x);
    }
}

/// The Minkowski product a_0 b_0 - a_1 b_1 - a_2 b_2 - a_3 b_3.
#[inline(always)]
pub(crate) fn interval<S: Simd>(simd: S, a: &Row<S, 4>, b: &Row<S, 4>) -> S::f32s {
    let space = fused(simd, a[2], b[2], simd.mul_f32s(a[1], b[1]));
    simd.sub_f32s(simd.mul_f32s(a[0], b[0]), fused(simd, a[3], b[3], space))
}

/// Writes rows times a factor.
#[inline(always)]
pub(crate) fn scaled<S: Simd, const V: usize>(
    simd: S,
    factor: S::f32s,
    x: &[Row<S, V>],
    out: &mut [Row<S, V>],
) {
    for (x, out) in x.iter().zip(out) {
        for v in 0..V {
            out[v] = simd.mul_f32s(x[v], factor);
        }
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
