//! The norm of a token's channels.

use amplicast_nn::lanes::functions::{absolute, fused, negate, select};
use amplicast_nn::lanes::{Row, norm};
use amplicast_nn::pulp::Simd;

use super::multivectors::Multivectors;
use crate::equivariant::{
    Group, GroupMut, Norm, View, ViewMut, interval, rows_gradient, scaled, vectors_gradient,
};

/// Least mean square of a token's multivectors.
pub const FLOOR: f64 = 0.01;

impl Norm for Multivectors {
    const KEPT: usize = 3;

    /// Multivectors over the root of their mean square, scalars by a layer norm.
    ///
    /// After the scalars, `out` gets their inverse root, that of the multivectors, and the share of a channel in the mean:
    /// 1/C, or 0 where the mean is below the floor and the root does not depend on it.
    #[inline(always)]
    fn normalize<S: Simd>(simd: S, x: Group<'_, S>, out: ViewMut<'_, S>) {
        let (complex, rest) = out.invariants.split_at_mut(x.complex.len());
        let (scalars, [[root], [share]]) = rest.split_last_chunk_mut().expect("rows for root and share");
        norm::normalize(simd, x.scalars, scalars);
        let each = simd.splat_f32s(2.0 / x.complex.len() as f32);
        let floor = simd.splat_f32s(FLOOR as f32);
        let mean = simd.mul_f32s(square(simd, x), each);
        *share = select(simd, simd.less_than_f32s(mean, floor), simd.splat_f32s(0.0), each);
        // In this order, what is not a number stays that.
        *root = simd.div_f32s(simd.splat_f32s(1.0), simd.sqrt_f32s(simd.max_f32s(floor, mean)));
        scaled(simd, *root, x.complex, complex);
        scaled(simd, *root, x.vectors, out.vectors);
        scaled(simd, *root, x.bivectors, out.bivectors);
    }

    /// With y = r x of C channels and r = (sum |y^2| / C r^2)^(-1/2): dx = r (dy - s y (dy . y) / C), where s are the signs with
    /// which the squares of the components count.
    #[inline(always)]
    fn gradient<S: Simd, const ADD: bool>(simd: S, kept: View<'_, S>, g: Group<'_, S>, x: GroupMut<'_, S>) {
        let (y, rest) = kept.invariants.split_at(g.complex.len());
        let (scalars, [[root], [share]]) = rest.split_last_chunk().expect("rows for root and share");
        let (root, zero) = (*root, simd.splat_f32s(0.0));
        if !ADD {
            x.scalars.fill([zero]);
        }
        norm::add_gradient(simd, scalars, g.scalars, x.scalars);
        let all = simd.add_f32s(
            simd.add_f32s(dot(simd, y, g.complex), dot(simd, kept.vectors, g.vectors)),
            dot(simd, kept.bivectors, g.bivectors),
        );
        let plus = simd.mul_f32s(all, *share);
        let minus = negate(simd, plus);
        for ((y, g), x) in y.iter().zip(g.complex).zip(x.complex) {
            rows_gradient::<S, 1, ADD>(simd, root, [minus], (y, g), x);
        }
        vectors_gradient::<S, ADD>(simd, root, [plus, minus], (kept.vectors, g.vectors), x.vectors);
        let pairs = kept.bivectors.chunks_exact(2).zip(g.bivectors.chunks_exact(2));
        for ((y, g), x) in pairs.zip(x.bivectors.chunks_exact_mut(2)) {
            let negative = simd.less_than_f32s(field(simd, y), zero);
            let factors = [select(simd, negative, plus, minus), select(simd, negative, minus, plus)];
            for part in 0..2 {
                rows_gradient::<S, 3, ADD>(
                    simd,
                    root,
                    [factors[part]; 3],
                    (&y[part], &g[part]),
                    &mut x[part],
                );
            }
        }
    }
}

/// The sum over channels of the square of a multivector, grade by grade in absolute value.
#[inline(always)]
fn square<S: Simd>(simd: S, x: Group<'_, S>) -> S::f32s {
    let mut sum = simd.splat_f32s(0.0);
    for [q] in x.complex {
        sum = fused(simd, *q, *q, sum);
    }
    for v in x.vectors {
        sum = simd.add_f32s(sum, absolute(simd, interval(simd, v, v)));
    }
    for pair in x.bivectors.chunks_exact(2) {
        sum = simd.add_f32s(sum, absolute(simd, field(simd, pair)));
    }
    sum
}

/// Square of the real part minus that of the imaginary part.
#[inline(always)]
fn field<S: Simd>(simd: S, pair: &[Row<S, 3>]) -> S::f32s {
    simd.sub_f32s(length(simd, &pair[0]), length(simd, &pair[1]))
}

#[inline(always)]
fn length<S: Simd>(simd: S, v: &Row<S, 3>) -> S::f32s {
    fused(simd, v[2], v[2], fused(simd, v[1], v[1], simd.mul_f32s(v[0], v[0])))
}

#[inline(always)]
fn dot<S: Simd, const V: usize>(simd: S, a: &[Row<S, V>], b: &[Row<S, V>]) -> S::f32s {
    let mut sums = [simd.splat_f32s(0.0); V];
    for (a, b) in a.iter().zip(b) {
        for v in 0..V {
            sums[v] = fused(simd, a[v], b[v], sums[v]);
        }
    }
    let mut total = sums[0];
    for sum in &sums[1..] {
        total = simd.add_f32s(total, *sum);
    }
    total
}
