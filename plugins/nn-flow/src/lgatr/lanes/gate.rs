//! Multivectors times GELU of their scalar part, in its form with tanh, and GELU of the scalars.

use amplicast_nn::lanes::Row;
use amplicast_nn::lanes::functions::fused;
use amplicast_nn::lanes::special::{exact_gelu_and_slope, gelu_and_slope};
use amplicast_nn::pulp::Simd;

use crate::equivariant::{Group, GroupMut};

#[inline(always)]
pub fn gate<S: Simd>(simd: S, x: Group<'_, S>, out: GroupMut<'_, S>) {
    for c in 0..x.complex.len() / 2 {
        let ([gate], _) = gelu_and_slope(simd, x.complex[2 * c]);
        for part in 2 * c..2 * c + 2 {
            out.complex[part] = times(simd, gate, &x.complex[part]);
            out.vectors[part] = times(simd, gate, &x.vectors[part]);
            out.bivectors[part] = times(simd, gate, &x.bivectors[part]);
        }
    }
    for (x, out) in x.scalars.iter().zip(out.scalars) {
        *out = exact_gelu_and_slope(simd, *x).0;
    }
}

/// Turns the gradient of what [`gate`] gives of `x` into that of `x`, and writes what it gives.
#[inline(always)]
pub fn gate_gradient<S: Simd>(simd: S, x: Group<'_, S>, gradient: GroupMut<'_, S>, out: GroupMut<'_, S>) {
    for c in 0..x.complex.len() / 2 {
        let ([gate], [slope]) = gelu_and_slope(simd, x.complex[2 * c]);
        let mut sum = simd.splat_f32s(0.0);
        for part in 2 * c..2 * c + 2 {
            out.complex[part] = times(simd, gate, &x.complex[part]);
            out.vectors[part] = times(simd, gate, &x.vectors[part]);
            out.bivectors[part] = times(simd, gate, &x.bivectors[part]);
            sum = add_dot(simd, sum, &x.complex[part], &gradient.complex[part]);
            sum = add_dot(simd, sum, &x.vectors[part], &gradient.vectors[part]);
            sum = add_dot(simd, sum, &x.bivectors[part], &gradient.bivectors[part]);
            gradient.complex[part] = times(simd, gate, &gradient.complex[part]);
            gradient.vectors[part] = times(simd, gate, &gradient.vectors[part]);
            gradient.bivectors[part] = times(simd, gate, &gradient.bivectors[part]);
        }
        let [scalar] = &mut gradient.complex[2 * c];
        *scalar = fused(simd, slope, sum, *scalar);
    }
    for ((x, gradient), out) in x.scalars.iter().zip(gradient.scalars).zip(out.scalars) {
        let (value, [slope]) = exact_gelu_and_slope(simd, *x);
        *out = value;
        *gradient = times(simd, slope, gradient);
    }
}

#[inline(always)]
fn times<S: Simd, const V: usize>(simd: S, factor: S::f32s, row: &Row<S, V>) -> Row<S, V> {
    let mut out = *row;
    for v in 0..V {
        out[v] = simd.mul_f32s(factor, row[v]);
    }
    out
}

#[inline(always)]
fn add_dot<S: Simd, const V: usize>(simd: S, sum: S::f32s, a: &Row<S, V>, b: &Row<S, V>) -> S::f32s {
    let mut dot = simd.mul_f32s(a[0], b[0]);
    for v in 1..V {
        dot = fused(simd, a[v], b[v], dot);
    }
    simd.add_f32s(sum, dot)
}
