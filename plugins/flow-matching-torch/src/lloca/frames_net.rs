//! The network that predicts the vectors of the frames.

use amplicast_nn_flow::lloca::{FramesNet, LENGTH_FLOOR, PAIR_FLOOR, SQUARE_FLOOR};
use amplicast_nn_flow::space::METRIC;
use amplicast_nn_torch::{Views, linear};
use tch::{Kind, Tensor};

use crate::graph::Forward;

/// p . q of vectors in the last dimension.
fn square(p: &Tensor) -> Tensor {
    let metric = Tensor::from_slice(&METRIC).to_device(p.device());
    (p.square() * metric).sum_dim_intlist([-1_i64].as_slice(), false, None::<Kind>)
}

/// log of the squared mass of pairs, floored.
fn log_square(p: &Tensor) -> Tensor {
    square(p).clamp_min(SQUARE_FLOOR).log()
}

impl Forward<[&Tensor; 3]> for FramesNet {
    type Output = Tensor;

    /// Three vectors (B x n x 3 x 4) for each particle, of momenta (B x n x 4), references (3 x 4) and the particles' scalars.
    fn forward(&self, views: &mut Views, [p, references, scalars]: [&Tensor; 3]) -> Tensor {
        let pairs = pairs(self, p, references);
        let scores = scores(views, &pairs, scalars);
        pairs.vectors(&scores)
    }
}

/// The pairs of momenta (B x n x 4) with each other and with references (3 x 4).
pub(crate) fn pairs(net: &FramesNet, p: &Tensor, references: &Tensor) -> Pairs {
    let seen = references.expand([p.size()[0], -1, -1], false);
    let sums = p.unsqueeze(2) + Tensor::cat(&[p, &seen], 1).unsqueeze(1);
    let edges = (log_square(&sums) - net.pairs[0]) / net.pairs[1];
    Pairs { sums, edges }
}

/// f of all pairs, B x n x (n + 3) x 3, in the precision of the scalars.
fn scores(views: &mut Views, pairs: &Pairs, scalars: &Tensor) -> Tensor {
    let edges = pairs.edges.to_kind(scalars.kind()).unsqueeze(-1);
    // The first layer is linear in s_i, s_j and e_ij: each is mapped before they meet as pairs.
    let (weight, bias) = (views.take(), views.take());
    let s = scalars.size()[2];
    let own = scalars.linear(&weight.narrow(1, 0, s), Some(&bias)).unsqueeze(2);
    let other = scalars.linear::<Tensor>(&weight.narrow(1, s, s), None);
    let references = edges.size()[2] - edges.size()[1];
    let other = other.constant_pad_nd([0, 0, 0, references]).unsqueeze(1);
    let hidden = (own + other + edges * weight.select(1, 2 * s)).gelu("none");
    let hidden = linear(views, &hidden).gelu("none");
    linear(views, &hidden)
}

/// Pairs (i, j) of particles i with particles and references j.
pub(crate) struct Pairs {
    /// p_i + p_j: B x n x (n + 3) x 4.
    sums: Tensor,
    /// e_ij: B x n x (n + 3).
    pub edges: Tensor,
}

impl Pairs {
    /// The vectors v (B x n x 3 x 4) from f of all pairs (B x n x (n + 3) x 3), over their common length.
    pub fn vectors(&self, scores: &Tensor) -> Tensor {
        let device = scores.device();
        let [n, seen] = [1, 2].map(|dimension| scores.size()[dimension]);
        let itself = Tensor::eye_m(n, seen, (Kind::Bool, device)).unsqueeze(-1);
        let scores = scores.to_kind(Kind::Double).masked_fill(&itself, f64::NEG_INFINITY);
        let weights = scores.softmax(2, None::<Kind>);
        let lengths = square(&self.sums).abs().sqrt().clamp_min(PAIR_FLOOR).unsqueeze(-1);
        let vectors = weights.transpose(2, 3).matmul(&(&self.sums / lengths));
        let length = square(&vectors).sum_dim_intlist([2_i64].as_slice(), true, None::<Kind>);
        vectors / length.abs().sqrt().clamp_min(LENGTH_FLOOR).unsqueeze(-1)
    }
}
