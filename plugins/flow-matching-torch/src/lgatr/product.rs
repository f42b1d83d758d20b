//! The geometric product.

use tch::{Kind, Tensor};

use super::features::Features;

/// Products channel by channel of multivectors without scalars.
///
/// With m = q + v e_0 and e_0 q = q' e_0, where q' = conj(q_0) - conj(q_i) s_i:
/// m n = (q_m q_n + v_m v_n') + (q_m v_n + v_m q_n') e_0, four products of Pauli's algebra, 64 complex ones.
///
/// They are sums of products of whole components. Written with 2 x 2 matrices it takes 32 complex products, but more
/// passes over memory, and is no faster; over the 256 real products of a table it is twice as fast.
pub(crate) fn product(x: &Features, y: &Features) -> Features {
    let ([q, v], [p, w]) = (components(x), components(y));
    let even = pauli([&q, &v], [&p, &turned(&w)]);
    let odd = pauli([&q, &v], [&w, &turned(&p)]);
    let real = |parts: &[Tensor]| Tensor::stack(parts, 0).view_as_real().flatten(-2, -1);
    Features {
        channels: x.channels,
        invariants: even[0].view_as_real().flatten(-2, -1),
        vectors: real(&odd),
        bivectors: real(&even[1..]),
    }
}

/// q and v, four complex tensors (T x C) each.
fn components(x: &Features) -> [Vec<Tensor>; 2] {
    let complex = |part: &Tensor| part.unflatten(-1, [x.channels, 2]).view_as_complex();
    let mut q = vec![complex(&x.invariants)];
    q.extend(complex(&x.bivectors).unbind(0));
    [q, complex(&x.vectors).unbind(0)]
}

/// q' of e_0 q = q' e_0.
fn turned(q: &[Tensor]) -> Vec<Tensor> {
    let conjugate = q.iter().map(Tensor::conj_physical).enumerate();
    conjugate.map(|(k, q)| if k == 0 { q } else { -q }).collect()
}

/// Sum of the products of these pairs.
fn sum(pairs: &[(&Tensor, &Tensor)]) -> Tensor {
    let first = pairs[0].0 * pairs[0].1;
    pairs[1..].iter().fold(first, |sum, (a, b)| sum.addcmul(a, b))
}

/// a b + c d, where a b = (a_0 b_0 + a.b) + (a_0 b + b_0 a + i a x b).s.
fn pauli([a, c]: [&[Tensor]; 2], [b, d]: [&[Tensor]; 2]) -> Vec<Tensor> {
    let kind = if a[0].kind() == Kind::ComplexDouble { Kind::Double } else { Kind::Float };
    let options = (kind, a[0].device());
    let i = Tensor::complex(&Tensor::zeros([1], options), &Tensor::ones([1], options));
    let pairs: Vec<_> = a.iter().zip(b).chain(c.iter().zip(d)).collect();
    let mut out = vec![sum(&pairs)];
    for k in 1..4 {
        let (l, m) = (k % 3 + 1, (k + 1) % 3 + 1);
        let cross = sum(&[(&a[l], &b[m]), (&c[l], &d[m])]) - sum(&[(&a[m], &b[l]), (&c[m], &d[l])]);
        let straight = sum(&[(&a[0], &b[k]), (&a[k], &b[0]), (&c[0], &d[k]), (&c[k], &d[0])]);
        out.push(straight.addcmul(&cross, &i));
    }
    out
}
