//! v = GELU(<b, c>) a and s = GELU(s_2) s_1.

use amplicast_nn::lanes::functions::{fused, negate};
use amplicast_nn::lanes::special::exact_gelu_and_slope;
use amplicast_nn::pulp::Simd;

use crate::equivariant::{Group, GroupMut, interval};

/// Of a, b, c one after the other, and s_1, s_2.
#[inline(always)]
pub fn gate<S: Simd>(simd: S, x: Group<'_, S>, out: GroupMut<'_, S>) {
    let (count, half) = (out.vectors.len(), out.scalars.len());
    for c in 0..count {
        let inner = interval(simd, &x.vectors[count + c], &x.vectors[2 * count + c]);
        let ([gate], _) = exact_gelu_and_slope(simd, [inner]);
        for k in 0..4 {
            out.vectors[c][k] = simd.mul_f32s(gate, x.vectors[c][k]);
        }
    }
    for s in 0..half {
        let ([gate], _) = exact_gelu_and_slope(simd, x.scalars[half + s]);
        out.scalars[s] = [simd.mul_f32s(gate, x.scalars[s][0])];
    }
}

/// Writes the gradient of `x` from that of what [`gate`] gives, and what it gives.
#[inline(always)]
pub fn gate_gradient<S: Simd>(
    simd: S,
    x: Group<'_, S>,
    gradient: Group<'_, S>,
    by_x: GroupMut<'_, S>,
    out: GroupMut<'_, S>,
) {
    let (count, half) = (gradient.vectors.len(), gradient.scalars.len());
    for c in 0..count {
        let (a, b, d) = (&x.vectors[c], &x.vectors[count + c], &x.vectors[2 * count + c]);
        let ([gate], [slope]) = exact_gelu_and_slope(simd, [interval(simd, b, d)]);
        let g = &gradient.vectors[c];
        let mut sum = simd.mul_f32s(a[0], g[0]);
        for k in 1..4 {
            sum = fused(simd, a[k], g[k], sum);
        }
        let time = simd.mul_f32s(slope, sum);
        let space = negate(simd, time);
        let factors = [time, space, space, space];
        for k in 0..4 {
            by_x.vectors[c][k] = simd.mul_f32s(gate, g[k]);
            by_x.vectors[count + c][k] = simd.mul_f32s(factors[k], d[k]);
            by_x.vectors[2 * count + c][k] = simd.mul_f32s(factors[k], b[k]);
            out.vectors[c][k] = simd.mul_f32s(gate, a[k]);
        }
    }
    for s in 0..half {
        let ([gate], [slope]) = exact_gelu_and_slope(simd, x.scalars[half + s]);
        let ([g], [first]) = (gradient.scalars[s], x.scalars[s]);
        by_x.scalars[s] = [simd.mul_f32s(gate, g)];
        by_x.scalars[half + s] = [simd.mul_f32s(slope, simd.mul_f32s(first, g))];
        out.scalars[s] = [simd.mul_f32s(gate, first)];
    }
}
