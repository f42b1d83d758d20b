//! The geometric product as products of complex 2 x 2 matrices.

use amplicast_nn::lanes::functions::{fused, negate};
use amplicast_nn::pulp::Simd;

use crate::equivariant::{View, ViewMut};

struct Complex<S: Simd> {
    re: S::f32s,
    im: S::f32s,
}

impl<S: Simd> Clone for Complex<S> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Simd> Copy for Complex<S> {}

/// q_0 + q_1 s_1 + q_2 s_2 + q_3 s_3 with Pauli's matrices: ((q_0 + q_3, q_1 - i q_2), (q_1 + i q_2, q_0 - q_3)).
///
/// Eight complex products multiply two of them, where sixteen multiply the coefficients.
type Matrix<S> = [[Complex<S>; 2]; 2];

/// The products of the first half of the channels with the second, m n = (q_m q_n + v_m v_n') + (q_m v_n + v_m q_n') e_0.
#[inline(always)]
pub fn product<S: Simd>(simd: S, factors: View<'_, S>, out: &mut ViewMut<'_, S>, channels: usize) {
    for c in 0..channels {
        let ([q, v], [p, w]) = (matrices(simd, factors, c), matrices(simd, factors, channels + c));
        let even = sum(simd, [(q, p), (v, turned(simd, w))]);
        let odd = sum(simd, [(q, w), (v, turned(simd, p))]);
        set(simd, [even, odd], out, c);
    }
}

/// Writes the gradient of the factors from that of the products.
///
/// With real products Re tr(a^+ b) of matrices: of a b these are g b^+ and a^+ g, and that of p' is turned as p is.
/// Coefficients have half of these products, so that from them and back to them it is the same as in [`product`].
#[inline(always)]
pub fn product_gradient<S: Simd>(
    simd: S,
    factors: View<'_, S>,
    gradient: View<'_, S>,
    out: &mut ViewMut<'_, S>,
    channels: usize,
) {
    for c in 0..channels {
        let [even, odd] = matrices(simd, gradient, c);
        let [p, w] = matrices(simd, factors, channels + c);
        let (p_turned, w_turned) = (turned(simd, p), turned(simd, w));
        let by_q = sum(simd, [(even, dagger(simd, p)), (odd, dagger(simd, w))]);
        let by_v = sum(simd, [(even, dagger(simd, w_turned)), (odd, dagger(simd, p_turned))]);
        set(simd, [by_q, by_v], out, c);
        let [q, v] = matrices(simd, factors, c);
        let (q, v) = (dagger(simd, q), turned(simd, dagger(simd, v)));
        // (v^+ g)' = v^+' g', as the turn is the product of two reversals of order.
        let by_p = sum(simd, [(q, even), (v, turned(simd, odd))]);
        let by_w = sum(simd, [(q, odd), (v, turned(simd, even))]);
        set(simd, [by_p, by_w], out, channels + c);
    }
}

/// q and v of a channel.
#[inline(always)]
fn matrices<S: Simd>(simd: S, x: View<'_, S>, c: usize) -> [Matrix<S>; 2] {
    let (re, im) = (2 * c, 2 * c + 1);
    let (vr, vi) = (&x.vectors[re], &x.vectors[im]);
    let (br, bi) = (&x.bivectors[re], &x.bivectors[im]);
    let ([qr], [qi]) = (x.invariants[re], x.invariants[im]);
    [matrix(simd, [qr, br[0], br[1], br[2]], [qi, bi[0], bi[1], bi[2]]), matrix(simd, *vr, *vi)]
}

#[inline(always)]
fn matrix<S: Simd>(simd: S, re: [S::f32s; 4], im: [S::f32s; 4]) -> Matrix<S> {
    let (add, sub) = (
        #[inline(always)]
        |a, b| simd.add_f32s(a, b),
        #[inline(always)]
        |a, b| simd.sub_f32s(a, b),
    );
    [
        [
            Complex { re: add(re[0], re[3]), im: add(im[0], im[3]) },
            Complex { re: add(re[1], im[2]), im: sub(im[1], re[2]) },
        ],
        [
            Complex { re: sub(re[1], im[2]), im: add(im[1], re[2]) },
            Complex { re: sub(re[0], re[3]), im: sub(im[0], im[3]) },
        ],
    ]
}

/// Writes q and v of a channel.
#[inline(always)]
fn set<S: Simd>(simd: S, [q, v]: [Matrix<S>; 2], out: &mut ViewMut<'_, S>, c: usize) {
    let (re, im) = (2 * c, 2 * c + 1);
    let [[q_re, q_im], [v_re, v_im]] = [coefficients(simd, q), coefficients(simd, v)];
    out.invariants[re] = [q_re[0]];
    out.invariants[im] = [q_im[0]];
    out.bivectors[re] = [q_re[1], q_re[2], q_re[3]];
    out.bivectors[im] = [q_im[1], q_im[2], q_im[3]];
    out.vectors[re] = v_re;
    out.vectors[im] = v_im;
}

/// The real and imaginary parts of the coefficients.
#[inline(always)]
fn coefficients<S: Simd>(simd: S, [[a, b], [c, d]]: Matrix<S>) -> [[S::f32s; 4]; 2] {
    let half = simd.splat_f32s(0.5);
    let (add, sub) = (
        #[inline(always)]
        |a, b| simd.mul_f32s(half, simd.add_f32s(a, b)),
        #[inline(always)]
        |a, b| simd.mul_f32s(half, simd.sub_f32s(a, b)),
    );
    [
        [add(a.re, d.re), add(b.re, c.re), sub(c.im, b.im), sub(a.re, d.re)],
        [add(a.im, d.im), add(b.im, c.im), sub(b.re, c.re), sub(a.im, d.im)],
    ]
}

#[inline(always)]
fn conjugate<S: Simd>(simd: S, a: Complex<S>) -> Complex<S> {
    Complex { re: a.re, im: negate(simd, a.im) }
}

/// Minus the conjugate.
#[inline(always)]
fn opposite<S: Simd>(simd: S, a: Complex<S>) -> Complex<S> {
    Complex { re: negate(simd, a.re), im: a.im }
}

#[inline(always)]
fn dagger<S: Simd>(simd: S, [[a, b], [c, d]]: Matrix<S>) -> Matrix<S> {
    [[conjugate(simd, a), conjugate(simd, c)], [conjugate(simd, b), conjugate(simd, d)]]
}

/// q' of e_0 q = q' e_0: conj(q_0) - conj(q_k) s_k.
#[inline(always)]
fn turned<S: Simd>(simd: S, [[a, b], [c, d]]: Matrix<S>) -> Matrix<S> {
    [[conjugate(simd, d), opposite(simd, c)], [opposite(simd, b), conjugate(simd, a)]]
}

/// a b + c d.
#[inline(always)]
fn sum<S: Simd>(simd: S, [(a, b), (c, d)]: [(Matrix<S>, Matrix<S>); 2]) -> Matrix<S> {
    let mut out = a;
    for i in 0..2 {
        for j in 0..2 {
            let first = add_product(simd, None, a[i][0], b[0][j]);
            let second = add_product(simd, Some(first), a[i][1], b[1][j]);
            let third = add_product(simd, Some(second), c[i][0], d[0][j]);
            out[i][j] = add_product(simd, Some(third), c[i][1], d[1][j]);
        }
    }
    out
}

#[inline(always)]
fn add_product<S: Simd>(simd: S, sum: Option<Complex<S>>, a: Complex<S>, b: Complex<S>) -> Complex<S> {
    let minus = negate(simd, a.im);
    let (re, im) = match sum {
        Some(sum) => (fused(simd, a.re, b.re, sum.re), fused(simd, a.re, b.im, sum.im)),
        None => (simd.mul_f32s(a.re, b.re), simd.mul_f32s(a.re, b.im)),
    };
    Complex { re: fused(simd, minus, b.im, re), im: fused(simd, a.im, b.re, im) }
}
