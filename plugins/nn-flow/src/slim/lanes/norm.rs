//! The common norm of vectors and scalars.

use amplicast_nn::lanes::functions::{absolute, fused, negate};
use amplicast_nn::pulp::Simd;

use super::super::layers::FLOOR;
use super::vectors::Vectors;
use crate::equivariant::{
    Group, GroupMut, Norm, View, ViewMut, interval, rows_gradient, scaled, vectors_gradient,
};

impl Norm for Vectors {
    const KEPT: usize = 1;

    /// Vectors and scalars over the root of their mean square; after the scalars, `out` gets the inverse root.
    #[inline(always)]
    fn normalize<S: Simd>(simd: S, x: Group<'_, S>, out: ViewMut<'_, S>) {
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
        scaled(simd, *root, x.scalars, scalars);
        scaled(simd, *root, x.vectors, out.vectors);
    }

    /// With y = r x of N channels and r = (sum |y^2| / N r^2 + floor)^(-1/2): dx = r (dy - s y (dy . y) / N), where s are the
    /// signs with which the squares of the components count.
    #[inline(always)]
    fn gradient<S: Simd, const ADD: bool>(simd: S, kept: View<'_, S>, g: Group<'_, S>, x: GroupMut<'_, S>) {
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
        for ((y, g), x) in scalars.iter().zip(g.scalars).zip(x.scalars) {
            rows_gradient::<S, 1, ADD>(simd, *root, [minus], (y, g), x);
        }
        vectors_gradient::<S, ADD>(simd, *root, [plus, minus], (kept.vectors, g.vectors), x.vectors);
    }
}

/// Of a channel in the mean.
fn share<S: Simd>(x: Group<'_, S>) -> f32 {
    1.0 / (x.vectors.len() + x.scalars.len()) as f32
}
