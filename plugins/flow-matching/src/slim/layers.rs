//! Layers over four-vectors and scalars.

use amplicast_nn::{Initial, Parameter, Views};
use tch::{Kind, Tensor};

use crate::equivariant::head_channels;
use crate::space::METRIC;

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

/// Added to the mean square of a token's channels.
pub(super) const FLOOR: f64 = 0.01;

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

/// Linear maps of the vectors, without bias, and of the scalars; [vectors, scalars].
///
/// Segments `.vector`, `.scalar` and `.bias`, uniform on `factor` times +-1/sqrt(inputs).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linear {
    pub inputs: [usize; 2],
    pub outputs: [usize; 2],
    pub factor: f32,
}

impl Linear {
    pub fn parameters(&self, name: &str) -> Vec<Parameter> {
        let ([i, s], [o, t]) = (self.inputs, self.outputs);
        let uniform = |inputs: usize| Initial::Uniform(self.factor / (inputs as f32).sqrt());
        vec![
            Parameter::new(format!("{name}.vector"), [o, i], uniform(i)),
            Parameter::new(format!("{name}.scalar"), [t, s], uniform(s)),
            Parameter::new(format!("{name}.bias"), [t], uniform(s)),
        ]
    }

    pub fn forward(&self, views: &mut Views, x: &Features) -> Features {
        let (vector, scalar, bias) = (views.take(), views.take(), views.take());
        Features {
            vectors: x.vectors.linear::<Tensor>(&vector, None),
            scalars: x.scalars.linear(&scalar, Some(&bias)),
        }
    }
}

/// Both projections of an attention start small.
const SMALL: f32 = 0.1;

/// Attention over the tokens of an event: scores (sum over channels of <q, k>, plus q.k of scalars) / sqrt(4 C + S).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attention {
    /// Vectors and scalars of the network.
    channels: [usize; 2],
    pub heads: usize,
    /// Vectors and scalars of a head.
    pub hidden: [usize; 2],
}

impl Attention {
    pub fn new(channels: [usize; 2], heads: usize, factor: usize) -> Self {
        Attention { channels, heads, hidden: head_channels(channels, heads, factor) }
    }

    fn layers(&self) -> [Linear; 2] {
        let inner = self.hidden.map(|width| self.heads * width);
        [
            Linear { inputs: self.channels, outputs: inner.map(|width| 3 * width), factor: SMALL },
            Linear { inputs: inner, outputs: self.channels, factor: SMALL },
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

/// v = GELU(<b, c>) a and s = GELU(s_2) s_1, of linear maps of the input, and a linear map back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mlp {
    /// Vectors and scalars of the network.
    pub channels: [usize; 2],
    /// Width inside over the width outside.
    pub factor: usize,
}

impl Mlp {
    /// Vectors and scalars inside.
    pub fn inner(&self) -> [usize; 2] {
        self.channels.map(|width| self.factor * width)
    }

    fn layers(&self) -> [Linear; 2] {
        let [c, s] = self.inner();
        [
            Linear { inputs: self.channels, outputs: [3 * c, 2 * s], factor: 1.0 },
            Linear { inputs: [c, s], outputs: self.channels, factor: 1.0 },
        ]
    }

    /// Segments `.gates` and `.down`.
    pub fn parameters(&self, name: &str) -> Vec<Parameter> {
        let [gates, down] = self.layers();
        [gates.parameters(&format!("{name}.gates")), down.parameters(&format!("{name}.down"))].concat()
    }

    pub fn forward(&self, views: &mut Views, x: &Features) -> Features {
        let [gates, down] = self.layers();
        let hidden = gates.forward(views, x);
        let (v, s) = (hidden.vectors.chunk(3, -1), hidden.scalars.chunk(2, -1));
        let vectors = &v[0] * inner(&v[1], &v[2]).gelu("none");
        down.forward(views, &Features { vectors, scalars: s[1].gelu("none") * &s[0] })
    }
}
