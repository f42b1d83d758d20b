//! The network that predicts the vectors of the frames.

use amplicast_nn::{Parameter, UNIT_GEV, Views};
use ndarray::ArrayView2;
use tch::{Kind, Tensor};

use super::vectors::{LENGTH_FLOOR, PAIR_FLOOR, Pair, SQUARE_FLOOR, VECTORS};
use crate::graph::{linear, linear_parameters};
use crate::space::METRIC;
use crate::time::scalar_count;

/// Least standard deviation of the pairs' log masses.
const SPREAD_FLOOR: f64 = 1e-5;

/// v_ik = sum over j != i of softmax_j(f_k(s_i, s_j, e_ij)) (p_i + p_j) / |p_i + p_j|, for k = 0, 1, 2.
///
/// i goes over the particles, j over particles and references, e_ij is the standardized log (p_i + p_j)^2, s are the scalars
/// (0 for references), and f is a perceptron of two hidden layers with GELU. The weights are positive: sums of timelike
/// vectors that point to the future do so too. Segments `frames.0`, `frames.1` and `frames.2`.
#[derive(Debug, Clone)]
pub(crate) struct FramesNet {
    pub particles: usize,
    pub width: usize,
    /// Mean and standard deviation of log (p_i + p_j)^2 over all pairs of particles of the training events.
    pub pairs: [f64; 2],
}

/// p . q of vectors in the last dimension.
fn square(p: &Tensor) -> Tensor {
    let metric = Tensor::from_slice(&METRIC).to_device(p.device());
    (p.square() * metric).sum_dim_intlist([-1_i64].as_slice(), false, None::<Kind>)
}

/// log of the squared mass of pairs, floored.
fn log_square(p: &Tensor) -> Tensor {
    square(p).clamp_min(SQUARE_FLOOR).log()
}

/// Mean and standard deviation of log (p_i + p_j)^2 over all pairs of particles of these events (n x 4 particles, in GeV).
pub(crate) fn pair_moments(events: ArrayView2<'_, f64>) -> [f64; 2] {
    let mut logs = Vec::new();
    for event in events.rows() {
        let momenta: Vec<f64> = event.iter().map(|p| p / UNIT_GEV).collect();
        let momenta = momenta.as_chunks::<4>().0;
        for (i, p) in momenta.iter().enumerate() {
            logs.extend(momenta[..i].iter().map(|q| Pair::new(*p, *q).log_square()));
        }
    }
    if logs.is_empty() {
        // A single particle has references alone to pair with.
        return [0.0, 1.0];
    }
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    let square: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
    [mean, (square / (logs.len() as f64 - 1.0)).sqrt().max(SPREAD_FLOOR)]
}

impl FramesNet {
    pub fn parameters(&self) -> Vec<Parameter> {
        let inputs = 2 * scalar_count(self.particles) + 1;
        let widths = [inputs, self.width, self.width, VECTORS];
        let layers = widths.windows(2).enumerate();
        layers.flat_map(|(k, w)| linear_parameters(&format!("frames.{k}"), w[1], w[0])).collect()
    }

    /// Three vectors (B x n x 3 x 4) for each particle, of momenta (B x n x 4), references (3 x 4) and the particles' scalars.
    pub fn forward(&self, views: &mut Views, p: &Tensor, references: &Tensor, scalars: &Tensor) -> Tensor {
        let pairs = self.pairs(p, references);
        let scores = self.scores(views, &pairs, scalars);
        pairs.vectors(&scores)
    }

    /// The pairs of momenta (B x n x 4) with each other and with references (3 x 4).
    pub fn pairs(&self, p: &Tensor, references: &Tensor) -> Pairs {
        let seen = references.expand([p.size()[0], -1, -1], false);
        let sums = p.unsqueeze(2) + Tensor::cat(&[p, &seen], 1).unsqueeze(1);
        let edges = (log_square(&sums) - self.pairs[0]) / self.pairs[1];
        Pairs { sums, edges }
    }

    /// f of all pairs, B x n x (n + 3) x 3, in the precision of the scalars.
    fn scores(&self, views: &mut Views, pairs: &Pairs, scalars: &Tensor) -> Tensor {
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
