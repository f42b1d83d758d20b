//! Elementwise arithmetic on rows.
//!
//! Loops are over indices: an iterator over registers that are given by value is compiled without the instruction set, and is not
//! inlined, but called for each register.

use pulp::Simd;
use pulp::bytemuck::cast;

use super::block::Row;

/// The same number in every lane.
#[inline(always)]
pub fn splat<S: Simd, const V: usize>(simd: S, value: f32) -> Row<S, V> {
    [simd.splat_f32s(value); V]
}

/// a b + c; fused where the machine can.
#[inline(always)]
pub fn fused<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    // Without SIMD a fused product is a call into libm, tens of times slower than two roundings.
    if S::F32_LANES > 1 { simd.mul_add_e_f32s(a, b, c) } else { simd.add_f32s(simd.mul_f32s(a, b), c) }
}

/// f of each register.
#[inline(always)]
pub fn map<S: Simd, const V: usize>(a: Row<S, V>, f: impl Fn(S::f32s) -> S::f32s) -> Row<S, V> {
    let mut out = a;
    for v in 0..V {
        out[v] = f(a[v]);
    }
    out
}

macro_rules! of_two {
    ($($(#[$doc:meta])* $name:ident = $operation:ident),*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name<S: Simd, const V: usize>(simd: S, a: Row<S, V>, b: Row<S, V>) -> Row<S, V> {
            let mut out = a;
            for v in 0..V {
                out[v] = simd.$operation(a[v], b[v]);
            }
            out
        }
    )*};
}

of_two! {
    /// a + b.
    add = add_f32s,
    /// a - b.
    sub = sub_f32s,
    /// a b.
    mul = mul_f32s,
    /// The larger of a and b.
    maximum = max_f32s
}

/// a b + c.
#[inline(always)]
pub fn mul_add<S: Simd, const V: usize>(simd: S, a: Row<S, V>, b: Row<S, V>, c: Row<S, V>) -> Row<S, V> {
    let mut out = c;
    for v in 0..V {
        out[v] = fused(simd, a[v], b[v], c[v]);
    }
    out
}

/// a cut to [low, high]; not a number stays that.
#[inline(always)]
pub fn clamp<S: Simd, const V: usize>(simd: S, a: Row<S, V>, low: f32, high: f32) -> Row<S, V> {
    map::<S, V>(
        a,
        #[inline(always)]
        |a| clamp_one(simd, a, low, high),
    )
}

/// [`clamp`] of a register.
#[inline(always)]
pub fn clamp_one<S: Simd>(simd: S, a: S::f32s, low: f32, high: f32) -> S::f32s {
    // x86 returns the second operand if either is not a number.
    simd.max_f32s(simd.splat_f32s(low), simd.min_f32s(simd.splat_f32s(high), a))
}

/// a where the mask holds, else b.
#[inline(always)]
pub fn select<S: Simd>(simd: S, mask: S::m32s, a: S::f32s, b: S::f32s) -> S::f32s {
    // pulp's own selection of floats is not always inlined; this is the same on bits.
    cast(simd.select_u32s(mask, cast(a), cast(b)))
}

/// -a.
#[inline(always)]
pub fn negate<S: Simd>(simd: S, a: S::f32s) -> S::f32s {
    // On bits for the same reason, and so is the absolute value.
    cast(simd.xor_u32s(cast(a), simd.splat_u32s(1 << 31)))
}

/// |a|.
#[inline(always)]
pub fn absolute<S: Simd>(simd: S, a: S::f32s) -> S::f32s {
    cast(simd.and_u32s(cast(a), simd.splat_u32s(!(1 << 31))))
}

/// 1 / a.
#[inline(always)]
pub fn reciprocal<S: Simd, const V: usize>(simd: S, a: Row<S, V>) -> Row<S, V> {
    let one = simd.splat_f32s(1.0);
    map::<S, V>(
        a,
        #[inline(always)]
        |a| simd.div_f32s(one, a),
    )
}

/// 1 / sqrt(a).
#[inline(always)]
pub fn reciprocal_root<S: Simd, const V: usize>(simd: S, a: Row<S, V>) -> Row<S, V> {
    let one = simd.splat_f32s(1.0);
    map::<S, V>(
        a,
        #[inline(always)]
        |a| simd.div_f32s(one, simd.sqrt_f32s(a)),
    )
}

/// The sum over all lanes.
#[inline(always)]
pub fn total<S: Simd, const V: usize>(simd: S, a: Row<S, V>) -> f32 {
    // Not by a closure: it would be compiled without the instruction set.
    let mut sum = 0.0;
    for register in &a {
        sum += simd.reduce_sum_f32s(*register);
    }
    sum
}
