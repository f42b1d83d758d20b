//! Attention by the inner products of multivectors.

use amplicast_nn_flow::lgatr::Attention;
use amplicast_nn_torch::Views;
use tch::Tensor;

use super::features::Features;
use super::norm::{inverse_norm, normal, square};
use crate::graph::Forward;

/// <x, y> = Re(q_0 p_0 - q.p + v_0 w_0 - v.w), for numbers in the order q_0, v, q, of a channel re and im.
const SIGNS: [f64; 8] = [1.0, 1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0];

impl Forward<(&Features, i64)> for Attention {
    type Output = Features;

    /// Events of `tokens` tokens.
    fn forward(&self, views: &mut Views, (x, tokens): (&Features, i64)) -> Features {
        let [qkv, out] = self.layers();
        let (rows, heads, c) = (x.invariants.size()[0], self.heads as i64, self.hidden[0] as i64);
        let qkv = qkv.forward(views, x);
        let split = |part: &Tensor| part.unflatten(-1, [3, heads, -1]);
        let (complex, scalars) = (split(&qkv.complex()), split(&qkv.scalars()));
        let (vectors, bivectors) = (split(&qkv.vectors), split(&qkv.bivectors));
        let scale = inverse_norm(&square(&complex, &vectors, &bivectors), c);
        let mut parts = vec![complex * &scale];
        parts.extend((vectors * &scale).unbind(0));
        parts.extend((bivectors * &scale).unbind(0));
        parts.push(normal(&scalars));
        let all = Tensor::cat(&parts, -1).unflatten(0, [-1, tokens]).permute([2, 0, 3, 1, 4]);
        let [query, key, value] = [0, 1, 2].map(|part| all.select(0, part));
        let query = query * signs(self, &key);
        let attended = Tensor::scaled_dot_product_attention::<Tensor>(
            &query, &key, &value, None, 0.0, false, None, false,
        );
        // T x heads x (8 components of 2 C, then S) and back to where they belong.
        let attended = attended.transpose(1, 2).flatten(0, 1);
        let multivectors = attended.narrow(2, 0, 16 * c).unflatten(-1, [8, 2 * c]);
        let scalars = attended.narrow(2, 16 * c, self.hidden[1] as i64).flatten(1, 2);
        let component = |first: i64, count: i64| {
            multivectors.narrow(2, first, count).permute([2, 0, 1, 3]).reshape([count, rows, -1])
        };
        let invariants = Tensor::cat(&[component(0, 1).squeeze_dim(0), scalars], 1);
        let (vectors, bivectors) = (component(1, 4), component(5, 3));
        out.forward(views, &Features { channels: heads * c, invariants, vectors, bivectors })
    }
}

/// The signs of the products of a query's and a key's numbers.
pub(crate) fn signs(attention: &Attention, like: &Tensor) -> Tensor {
    let mut signs = Vec::new();
    for sign in SIGNS {
        signs.extend([sign, -sign].repeat(attention.hidden[0]));
    }
    signs.extend(vec![1.0; attention.hidden[1]]);
    Tensor::from_slice(&signs).to_device(like.device()).to_kind(like.kind())
}
