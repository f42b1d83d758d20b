//! The common norm of vectors and scalars.

use amplicast_nn::lanes::functions::{absolute, fused, negate, select};
use amplicast_nn::pulp::{Simd, WithSimd};

use super::super::layers::FLOOR;
use crate::lanes::{Group, Rows, Slot, SlotMut, interval};

/// A group of channels of a slot: its number, how many groups there are, and its rows.
pub type Which = ((usize, usize), Rows);

/// Rows that [`normalize`] keeps after the scalars.
pub const KEPT: usize = 1;

/// Vectors and scalars over the root of their mean square; after the scalars, `out` gets the inverse root.
#[inline(always)]
pub fn normalize<S: Simd>(simd: S, (x, which): (Slot<'_>, Which), out: SlotMut<'_>) {
    simd.vectorize(Normalize { x, which, out });
}

/// A work of its own: compiled once for all norms of the network.
struct Normalize<'a> {
    x: Slot<'a>,
    which: Which,
    out: SlotMut<'a>,
}

impl WithSimd for Normalize<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (x, out) = (self.x.view::<S>().group(self.which.0, self.which.1), self.out.view::<S>());
        let ([root], scalars) = out.invariants.split_last_mut().expect("a row for the root");
        let mut square = simd.splat_f32s(0.0);
        for [s] in x.scalars {
            square = fused(simd, *s, *s, square);
        }
        for v in x.vectors {
            square = simd.add_f32s(square, absolute(simd, interval(simd, v, v)));
        }
        let mean = fused(simd, square, simd.splat_f32s(share(x)), simd.splat_f32s(FLOOR as f32));
        *root = simd.div_f32s(simd.splat_f32s(1.0), simd.sqrt_f32s(mean));
        for ([x], [out]) in x.scalars.iter().zip(scalars) {
            *out = simd.mul_f32s(*x, *root);
        }
        for (x, out) in x.vectors.iter().zip(out.vectors) {
            for k in 0..4 {
                out[k] = simd.mul_f32s(x[k], *root);
            }
        }
    }
}

/// Of a channel in the mean.
fn share<S: Simd>(x: Group<'_, S>) -> f32 {
    1.0 / (x.vectors.len() + x.scalars.len()) as f32
}

/// Writes (with `ADD` adds) the gradient of `x` from that of the normed channels, g; `kept` is what [`normalize`] wrote.
///
/// With y = r x of N channels and r = (sum |y^2| / N r^2 + floor)^(-1/2): dx = r (dy - s y (dy . y) / N), where s are the
/// signs with which the squares of the components count.
#[inline(always)]
pub fn gradient<S: Simd, const ADD: bool>(
    simd: S,
    kept: Slot<'_>,
    g: Slot<'_>,
    (x, which): (SlotMut<'_>, Which),
) {
    simd.vectorize(Gradient::<ADD> { kept, g, x, which });
}

struct Gradient<'a, const ADD: bool> {
    kept: Slot<'a>,
    g: Slot<'a>,
    x: SlotMut<'a>,
    which: Which,
}

impl<const ADD: bool> WithSimd for Gradient<'_, ADD> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (which, rows) = self.which;
        let (g, x) = (self.g.view::<S>().all(rows), self.x.view::<S>().group(which, rows));
        let kept = self.kept.view::<S>();
        let ([root], scalars) = kept.invariants.split_last().expect("a row for the root");
        let mut sums = [simd.splat_f32s(0.0); 4];
        for ([y], [g]) in scalars.iter().zip(g.scalars) {
            sums[0] = fused(simd, *y, *g, sums[0]);
        }
        for (y, g) in kept.vectors.iter().zip(g.vectors) {
            for k in 0..4 {
                sums[k] = fused(simd, y[k], g[k], sums[k]);
            }
        }
        let all = simd.add_f32s(simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3]));
        let plus = simd.mul_f32s(all, simd.splat_f32s(share(g)));
        let minus = negate(simd, plus);
        for (([y], [g]), [x]) in scalars.iter().zip(g.scalars).zip(x.scalars) {
            *x = scaled::<S, ADD>(simd, *root, fused(simd, minus, *y, *g), *x);
        }
        for ((y, g), x) in kept.vectors.iter().zip(g.vectors).zip(x.vectors) {
            let negative = simd.less_than_f32s(interval(simd, y, y), simd.splat_f32s(0.0));
            let (time, space) = (select(simd, negative, plus, minus), select(simd, negative, minus, plus));
            let factors = [time, space, space, space];
            for k in 0..4 {
                let off = fused(simd, factors[k], y[k], g[k]);
                x[k] = scaled::<S, ADD>(simd, *root, off, x[k]);
            }
        }
    }
}

/// factor a, with `ADD` added to b.
#[inline(always)]
fn scaled<S: Simd, const ADD: bool>(simd: S, factor: S::f32s, a: S::f32s, b: S::f32s) -> S::f32s {
    if ADD { fused(simd, factor, a, b) } else { simd.mul_f32s(factor, a) }
}
