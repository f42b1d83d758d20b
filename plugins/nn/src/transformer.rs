//! A causal transformer over the components of an event, for training.

use tch::{Device, Kind, Tensor};

use crate::{Initial, Parameter, Views};

/// Added to the variance in a layer norm.
pub(crate) const NORM_EPSILON: f64 = 1e-5;

/// A causal pre-layer-norm transformer: position i sees the inputs of positions 0 ..= i.
///
/// Position 0 is the start token: its input is zero (x_0 = 0 of Eq. 6-7 in Bahl et al. 2025), the same in every event,
/// so it is computed once for a whole batch. Position i > 0 reads the features of component i, and the outputs of
/// position i are the parameters of the distribution of component i + 1.
///
/// Segments, in order (d the width, norms named `scale` and `shift` so that `*.weight` is every matrix and nothing else):
/// `embed.weight` (d x features), `embed.bias`, `position` (positions x d), per block b `block.b.attention_norm.scale`,
/// `.shift`, `block.b.attention.qkv.weight` (3d x d), `.bias`, `block.b.attention.out.weight`, `.bias`,
/// `block.b.mlp_norm.scale`, `.shift`, `block.b.mlp.up.weight` (factor d x d), `.bias`, `block.b.mlp.down.weight`,
/// `.bias`, then `norm.scale`, `norm.shift`, `head.weight` (outputs x d), `head.bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct CausalTransformer {
    /// Features of an input token.
    pub features: usize,
    /// Positions: the start token and all components but the last.
    pub positions: usize,
    /// Width d of the tokens.
    pub width: usize,
    /// Attention heads; divides the width.
    pub heads: usize,
    /// Blocks.
    pub blocks: usize,
    /// Width of the MLP's hidden layer over d.
    pub mlp_factor: usize,
    /// Outputs at each position.
    pub outputs: usize,
}

impl CausalTransformer {
    /// Its segments; `head_bias` is where the outputs start.
    pub fn parameters(&self, head_bias: Vec<f32>) -> Vec<Parameter> {
        let d = self.width;
        let zeros = |name: String, n: usize| Parameter::new(name, [n], Initial::Constant(0.0));
        let mut list = vec![
            Parameter::matrix("embed.weight", d, self.features),
            Parameter::new("embed.bias", [d], Initial::Uniform(1.0)),
            Parameter::new("position", [self.positions, d], Initial::Uniform(1.0)),
        ];
        let norm = |list: &mut Vec<Parameter>, name: String| {
            list.push(Parameter::new(format!("{name}.scale"), [d], Initial::Constant(1.0)));
            list.push(zeros(format!("{name}.shift"), d));
        };
        let linear = |list: &mut Vec<Parameter>, name: String, outputs: usize, inputs: usize| {
            list.push(Parameter::matrix(format!("{name}.weight"), outputs, inputs));
            list.push(zeros(format!("{name}.bias"), outputs));
        };
        for b in 0..self.blocks {
            norm(&mut list, format!("block.{b}.attention_norm"));
            linear(&mut list, format!("block.{b}.attention.qkv"), 3 * d, d);
            linear(&mut list, format!("block.{b}.attention.out"), d, d);
            norm(&mut list, format!("block.{b}.mlp_norm"));
            linear(&mut list, format!("block.{b}.mlp.up"), self.mlp_factor * d, d);
            linear(&mut list, format!("block.{b}.mlp.down"), d, self.mlp_factor * d);
        }
        norm(&mut list, "norm".into());
        list.push(Parameter::matrix("head.weight", self.outputs, d));
        list.push(Parameter::new("head.bias", [self.outputs], Initial::Values(head_bias)));
        list
    }

    /// The outputs (n x positions x outputs) for the features (n x (positions - 1) x features) of n events.
    pub fn forward(&self, views: &mut Views, features: &Tensor) -> Tensor {
        let (d, rest) = (self.width as i64, self.positions as i64 - 1);
        let (weight, bias, position) = (views.take(), views.take(), views.take());
        let start = position.narrow(0, 0, 1) + &bias;
        let others = features.linear(&weight, Some(&bias)) + position.narrow(0, 1, rest);
        let n = features.size()[0];
        // Row 0 is the start token, shared by all events; then the events' tokens, event by event.
        let mut x = Tensor::cat(&[start, others.view([n * rest, d])], 0);
        for _ in 0..self.blocks {
            let normed = self.norm(views, &x);
            // Not in place: the backward pass of the norm still needs the old x.
            x = &x + self.attention(views, &normed, n);
            let normed = self.norm(views, &x);
            let hidden = linear(views, &normed).gelu("tanh");
            x = &x + linear(views, &hidden);
        }
        let normed = self.norm(views, &x);
        let out = linear(views, &normed);
        let outputs = self.outputs as i64;
        let start = out.narrow(0, 0, 1).unsqueeze(0).expand([n, 1, outputs], false);
        Tensor::cat(&[start, out.narrow(0, 1, n * rest).view([n, rest, outputs])], 1)
    }

    fn norm(&self, views: &mut Views, x: &Tensor) -> Tensor {
        let (scale, shift) = (views.take(), views.take());
        x.layer_norm([self.width as i64], Some(&scale), Some(&shift), NORM_EPSILON, false)
    }

    fn attention(&self, views: &mut Views, x: &Tensor, n: i64) -> Tensor {
        let (heads, rest) = (self.heads as i64, self.positions as i64 - 1);
        let d = self.width as i64;
        let qkv = linear(views, x);
        // The start token attends to itself alone: its value is its result.
        let start = qkv.narrow(0, 0, 1);
        let start_value = start.narrow(1, 2 * d, d);
        if rest == 0 {
            return linear(views, &start_value);
        }
        let start = start.view([1, 1, 3, heads, d / heads]).expand([n, 1, 3, heads, d / heads], false);
        let others = qkv.narrow(0, 1, n * rest).view([n, rest, 3, heads, d / heads]);
        let all = Tensor::cat(&[&start, &others], 1);
        let (query, key, value) = (all.select(2, 0).narrow(1, 1, rest), all.select(2, 1), all.select(2, 2));
        let query = query * ((d / heads) as f64).sqrt().recip();
        // Position i of the queries is token i + 1: it sees the keys up to there.
        let hidden = (rest > 1).then(|| Tensor::ones([rest, rest + 1], (Kind::Bool, Device::Cpu)).triu(2));
        let others = if rest <= SHORT { attend_short } else { attend_long }(&query, &key, &value, hidden);
        linear(views, &Tensor::cat(&[start_value, others.reshape([n * rest, d])], 0))
    }
}

/// Up to here all products of queries and keys are written out: libtorch multiplies batches of tiny matrices slowly.
const SHORT: i64 = 8;

/// Softmax attention (n x tokens x heads x size) as sums of products.
fn attend_short(query: &Tensor, key: &Tensor, value: &Tensor, hidden: Option<Tensor>) -> Tensor {
    let last = [-1_i64].as_slice();
    let mut scores = (query.unsqueeze(2) * key.unsqueeze(1)).sum_dim_intlist(last, false, None);
    if let Some(hidden) = hidden {
        scores = scores.masked_fill(&hidden.unsqueeze(-1), f64::NEG_INFINITY);
    }
    let weights = scores.softmax(2, None).unsqueeze(-1);
    (weights * value.unsqueeze(1)).sum_dim_intlist([2_i64].as_slice(), false, None)
}

/// The same by products of matrices.
fn attend_long(query: &Tensor, key: &Tensor, value: &Tensor, hidden: Option<Tensor>) -> Tensor {
    let [query, key, value] = [query, key, value].map(|t| t.transpose(1, 2));
    let mut scores = query.matmul(&key.transpose(2, 3));
    if let Some(hidden) = hidden {
        scores = scores.masked_fill(&hidden, f64::NEG_INFINITY);
    }
    scores.softmax(-1, None).matmul(&value).transpose(1, 2)
}

fn linear(views: &mut Views, x: &Tensor) -> Tensor {
    let (weight, bias) = (views.take(), views.take());
    x.linear(&weight, Some(&bias))
}
