//! The forward pass.

use pulp::{Simd, WithSimd};

use crate::lanes::layers::{Dense, Linear, Segments, SegmentsMut};
use crate::lanes::rows::functions::{add, mul_add, splat};
use crate::lanes::rows::special::exact_gelu_and_slope;
use crate::lanes::rows::{Row, Rows, Slots};

/// The sizes of a perceptron f(s_i, s_j, e_ij) of two hidden layers with the exact GELU, where i goes over tokens and j
/// over the other tokens and more that have no features (s_j = 0); e_ij is a number.
///
/// Its segments are a matrix and a bias of each of three layers.
#[derive(Debug, Clone, PartialEq)]
pub struct PairShape {
    /// Features of a token.
    pub features: usize,
    /// Tokens of an event.
    pub tokens: usize,
    /// What all tokens see beside each other.
    pub others: usize,
    /// Width of the hidden layers.
    pub width: usize,
    /// Outputs of a pair.
    pub outputs: usize,
}

impl PairShape {
    /// Slots for pairs: (i, j) is in slot i (tokens + others) + j. Those of i = j are there, but stay as they are.
    pub fn pairs(&self) -> usize {
        self.tokens * (self.tokens + self.others)
    }

    /// Tokens i, what they see j, and the slots of these pairs.
    pub(super) fn list(&self) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
        let (tokens, seen) = (self.tokens, self.tokens + self.others);
        let all = (0..tokens).flat_map(move |i| (0..seen).map(move |j| (i, j, i * seen + j)));
        all.filter(|(i, j, _)| i != j)
    }
}

/// The layers of a perceptron over pairs. The first one is linear in s_i, s_j and e_ij: each is mapped before they meet.
pub(super) struct PairWeights {
    /// Of s_i, with the bias.
    pub own: Dense,
    /// Of s_j, without one.
    pub other: Dense,
    /// Of e_ij, a number for each row of the hidden layer.
    pub edge: Vec<f32>,
    pub hidden: Dense,
    pub scores: Dense,
}

impl PairWeights {
    pub fn new(shape: &PairShape, segments: &mut Segments<'_>) -> Self {
        let (mut own, mut other, mut edge) = (Vec::new(), Vec::new(), Vec::new());
        for row in segments.take().chunks_exact(2 * shape.features + 1) {
            own.extend_from_slice(&row[..shape.features]);
            other.extend_from_slice(&row[shape.features..2 * shape.features]);
            edge.push(row[2 * shape.features]);
        }
        PairWeights {
            own: Dense::new(&own, segments.take()),
            other: Dense::without_bias(&other, shape.width),
            edge,
            hidden: segments.dense(),
            scores: segments.dense(),
        }
    }

    /// Reads `self` as a gradient, and writes that of the parameters.
    pub fn unfold(&self, shape: &PairShape, gradient: &mut SegmentsMut<'_>) {
        let mut first = Vec::with_capacity(self.own.weight.len() + self.other.weight.len() + self.edge.len());
        let [own, other] = [&self.own, &self.other].map(|dense| dense.weight.chunks_exact(shape.features));
        for ((own, other), edge) in own.zip(other).zip(&self.edge) {
            first.extend_from_slice(own);
            first.extend_from_slice(other);
            first.push(*edge);
        }
        gradient.put(&first);
        gradient.put(&self.own.bias);
        gradient.dense(&self.hidden);
        gradient.dense(&self.scores);
    }
}

/// The weights of a perceptron over pairs, packed.
#[derive(Debug, Clone)]
pub struct Pairs {
    shape: PairShape,
    own: Linear,
    other: Linear,
    pub(super) edge: Vec<f32>,
    hidden: Linear,
    scores: Linear,
}

/// Activations of one block of events.
pub struct PairWorkspace {
    /// The first layer of s_i, and of s_j, for each token.
    pub(super) own: Slots,
    pub(super) other: Slots,
    /// The second layer before GELU, for each pair.
    pub(super) hidden: Slots,
    active: Rows,
}

impl PairWorkspace {
    /// Memory for blocks of `events`; with `keep` for what the backward pass needs.
    pub fn new(shape: &PairShape, events: usize, keep: bool) -> Self {
        let width = shape.width;
        PairWorkspace {
            own: Slots::new(shape.tokens, width, events),
            other: Slots::new(shape.tokens, width, events),
            hidden: Slots::new(if keep { shape.pairs() } else { 1 }, width, events),
            active: Rows::new(width, events),
        }
    }
}

impl Pairs {
    /// From the next segments.
    pub fn new(shape: &PairShape, segments: &mut Segments<'_>) -> Self {
        Pairs::packed(shape, &PairWeights::new(shape, segments))
    }

    pub(super) fn packed(shape: &PairShape, weights: &PairWeights) -> Self {
        let PairWeights { own, other, edge, hidden, scores } = weights;
        let [own, other, hidden, scores] = [own, other, hidden, scores].map(Linear::new);
        Pairs { shape: shape.clone(), own, other, edge: edge.clone(), hidden, scores }
    }

    /// The outputs of all pairs (a slot for each) from the tokens' features (a slot for each token) and the pairs' numbers
    /// (a slot of one row for each).
    #[inline(always)]
    pub fn apply<S: Simd, const V: usize>(
        &self,
        simd: S,
        inputs: (&Slots, &Slots),
        work: &mut PairWorkspace,
        outputs: &mut Slots,
    ) {
        simd.vectorize(Apply::<V> { pairs: self, inputs, work, outputs });
    }

    #[inline(always)]
    fn forward<S: Simd, const V: usize>(
        &self,
        simd: S,
        (features, edges): (&Slots, &Slots),
        work: &mut PairWorkspace,
        outputs: &mut Slots,
    ) {
        for token in 0..self.shape.tokens {
            let features = features.at::<S, V>(token);
            self.own.apply::<S, V, false>(simd, features, work.own.at_mut::<S, V>(token));
            self.other.apply::<S, V, false>(simd, features, work.other.at_mut::<S, V>(token));
        }
        let active = work.active.rows_mut::<S, V>();
        for (i, j, slot) in self.shape.list() {
            self.first::<S, V>(simd, (i, j), edges.at::<S, V>(slot)[0], (&work.own, &work.other), active);
            for active in &mut *active {
                *active = exact_gelu_and_slope(simd, *active).0;
            }
            let hidden = work.hidden.at_mut::<S, V>(slot);
            self.hidden.apply::<S, V, false>(simd, active, hidden);
            for (active, hidden) in active.iter_mut().zip(hidden) {
                *active = exact_gelu_and_slope(simd, *hidden).0;
            }
            self.scores.apply::<S, V, false>(simd, active, outputs.at_mut::<S, V>(slot));
        }
    }

    /// The first layer of a pair before GELU.
    #[inline(always)]
    pub(super) fn first<S: Simd, const V: usize>(
        &self,
        simd: S,
        (i, j): (usize, usize),
        number: Row<S, V>,
        (own, other): (&Slots, &Slots),
        out: &mut [Row<S, V>],
    ) {
        for ((out, own), weight) in out.iter_mut().zip(own.at::<S, V>(i)).zip(&self.edge) {
            *out = mul_add(simd, splat(simd, *weight), number, *own);
        }
        if j < self.shape.tokens {
            for (out, other) in out.iter_mut().zip(other.at::<S, V>(j)) {
                *out = add(simd, *out, *other);
            }
        }
    }
}

/// Compiled once for all who call it.
struct Apply<'a, const V: usize> {
    pairs: &'a Pairs,
    inputs: (&'a Slots, &'a Slots),
    work: &'a mut PairWorkspace,
    outputs: &'a mut Slots,
}

impl<const V: usize> WithSimd for Apply<'_, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.pairs.forward::<S, V>(simd, self.inputs, self.work, self.outputs);
    }
}
