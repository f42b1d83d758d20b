//! Attention by the inner products of multivectors.

use amplicast_nn::{Parameter, Views};
use tch::Tensor;

use super::features::Features;
use super::linear::{DEFAULT, Linear, SMALL};
use super::norm::{inverse_norm, normal, square};
use crate::equivariant::head_channels;

/// Attention over the tokens of an event: scores (sum over channels of <q, k>, plus q.k of scalars) / sqrt(16 C + S).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attention {
    /// Multivectors and scalars of the network.
    pub channels: [usize; 2],
    pub heads: usize,
    /// Multivectors and scalars of a head.
    pub hidden: [usize; 2],
}

/// <x, y> = Re(q_0 p_0 - q.p + v_0 w_0 - v.w), for numbers in the order q_0, v, q, of a channel re and im.
const SIGNS: [f64; 8] = [1.0, 1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0];

impl Attention {
    pub fn new(channels: [usize; 2], heads: usize, factor: usize) -> Self {
        Attention { channels, heads, hidden: head_channels(channels, heads, factor) }
    }

    /// The maps to queries, keys and values, and back.
    fn layers(&self) -> [Linear; 2] {
        let inner = self.hidden.map(|width| self.heads * width);
        [
            Linear { inputs: self.channels, outputs: inner.map(|width| 3 * width), start: DEFAULT },
            Linear { inputs: inner, outputs: self.channels, start: SMALL },
        ]
    }

    /// Segments `.qkv` and `.out`.
    pub fn parameters(&self, name: &str) -> Vec<Parameter> {
        let [qkv, out] = self.layers();
        [qkv.parameters(&format!("{name}.qkv")), out.parameters(&format!("{name}.out"))].concat()
    }

    /// Events of `tokens` tokens.
    pub fn forward(&self, views: &mut Views, x: &Features, tokens: i64) -> Features {
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
        let query = query * self.signs(&key);
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

    /// The signs of the products of a query's and a key's numbers.
    pub fn signs(&self, like: &Tensor) -> Tensor {
        let mut signs = Vec::new();
        for sign in SIGNS {
            signs.extend([sign, -sign].repeat(self.hidden[0]));
        }
        signs.extend(vec![1.0; self.hidden[1]]);
        Tensor::from_slice(&signs).to_device(like.device()).to_kind(like.kind())
    }
}
