//! The Minkowski product of four-vectors.

use amplicast_nn::lanes::Row;
use amplicast_nn::lanes::functions::fused;
use amplicast_nn::pulp::Simd;

/// a_0 b_0 - a_1 b_1 - a_2 b_2 - a_3 b_3.
#[inline(always)]
pub(crate) fn interval<S: Simd>(simd: S, a: &Row<S, 4>, b: &Row<S, 4>) -> S::f32s {
    let space = fused(simd, a[2], b[2], simd.mul_f32s(a[1], b[1]));
    simd.sub_f32s(simd.mul_f32s(a[0], b[0]), fused(simd, a[3], b[3], space))
}
