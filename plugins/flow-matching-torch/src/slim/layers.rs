//! Layers over four-vectors and scalars.

use amplicast_nn_flow::slim::{Attention, FLOOR, Linear, Mlp};
use amplicast_nn_flow::space::METRIC;
use amplicast_nn_torch::Views;
use tch::{Kind, Tensor};

use crate::graph::Forward;

/// Channels of T tokens.
pub(crate) struct Features {
    /// 4 x T x C.
    pub vectors: Tensor,
    /// T x S.
    pub scalars: Tensor,
}

impl Features {
    /// Sum of both.
    pub fn plus(&self, other: &Features) -> Features {
        Features { vectors: &self.vectors + &other.vectors, scalars: &self.scalars + &other.scalars }
    }
}

/// Minkowski products of vectors over the first dimension.
fn inner(a: &Tensor, b: &Tensor) -> Tensor {
    let products = a * b;
    products.select(0, 0) - products.narrow(0, 1, 3).sum_dim_intlist([0_i64].as_slice(), false, None::<Kind>)
}

/// One over the root of (sum of |v^2| over vectors, and of s^2 over scalars) / (their number) + 0.01, with a last dimension
/// of 1.
fn inverse_norm(vectors: &Tensor, scalars: &Tensor) -> Tensor {
    let sum = |x: Tensor| x.sum_dim_intlist([-1_i64].as_slice(), true, None::<Kind>);
    let square = sum(inner(vectors, vectors).abs()) + sum(scalars.square());
    let last = |x: &Tensor| x.size()[x.dim() - 1] as f64;
    (square / (last(vectors) + last(scalars)) + FLOOR).rsqrt()
}

/// Vectors and scalars over the root of their common mean square; nothing is learned.
pub(crate) fn norm(x: &Features) -> Features {
    let scale = inverse_norm(&x.vectors, &x.scalars);
    Features { vectors: &x.vectors * &scale, scalars: &x.scalars * &scale }
}

impl Forward<&Features> for Linear {
    type Output = Features;

    fn forward(&self, views: &mut Views, x: &Features) -> Features {
        let (vector, scalar, bias) = (views.take(), views.take(), views.take());
        Features {
            vectors: x.vectors.linear::<Tensor>(&vector, None),
            scalars: x.scalars.linear(&scalar, Some(&bias)),
        }
    }
}

impl Forward<(&Features, i64)> for Attention {
    type Output = Features;

    /// Events of `tokens` tokens.
    fn forward(&self, views: &mut Views, (x, tokens): (&Features, i64)) -> Features {
        let [qkv, out] = self.layers();
        let (heads, c, s) = (self.heads as i64, self.hidden[0] as i64, self.hidden[1] as i64);
        let qkv = qkv.forward(views, x);
        let split = |part: &Tensor| part.unflatten(-1, [3, heads, -1]);
        let (vectors, scalars) = (split(&qkv.vectors), split(&qkv.scalars));
        let scale = inverse_norm(&vectors, &scalars);
        let mut parts = vectors.unbind(0);
        parts.push(scalars);
        let all = (Tensor::cat(&parts, -1) * scale).unflatten(0, [-1, tokens]).permute([2, 0, 3, 1, 4]);
        let [query, key, value] = [0, 1, 2].map(|part| all.select(0, part));
        let mut signs: Vec<f64> = METRIC.iter().flat_map(|sign| vec![*sign; self.hidden[0]]).collect();
        signs.extend(vec![1.0; self.hidden[1]]);
        let query = query * Tensor::from_slice(&signs).to_device(key.device()).to_kind(key.kind());
        let attended = Tensor::scaled_dot_product_attention::<Tensor>(
            &query, &key, &value, None, 0.0, false, None, false,
        );
        let attended = attended.transpose(1, 2).flatten(0, 1);
        let vectors = attended.narrow(2, 0, 4 * c).unflatten(-1, [4, c]).permute([2, 0, 1, 3]);
        let scalars = attended.narrow(2, 4 * c, s).flatten(1, 2);
        out.forward(views, &Features { vectors: vectors.flatten(2, 3), scalars })
    }
}

impl Forward<&Features> for Mlp {
    type Output = Features;

    fn forward(&self, views: &mut Views, x: &Features) -> Features {
        let [gates, down] = self.layers();
        let hidden = gates.forward(views, x);
        let (v, s) = (hidden.vectors.chunk(3, -1), hidden.scalars.chunk(2, -1));
        let vectors = &v[0] * inner(&v[1], &v[2]).gelu("none");
        down.forward(views, &Features { vectors, scalars: s[1].gelu("none") * &s[0] })
    }
}
