//! The side of the frames' network of a block of events.

use amplicast_nn::lanes::{PairShape, PairWorkspace, Pairs, PairsBackward, PairsBackwardWorkspace, Slots};
use amplicast_nn::pulp::Simd;

use crate::lanes::{Scalars, get, put};
use crate::time::FEATURES;

/// What the network reads of a block of events, and the scores of all pairs; those of a particle with itself stay zero.
pub(super) struct Scores {
    lanes: usize,
    pub scalars: Scalars,
    features: Slots,
    edges: Slots,
    scores: Slots,
    outputs: usize,
    work: PairWorkspace,
}

/// Gradients by all that.
pub(super) struct ScoresBack {
    pub features: Slots,
    edges: Slots,
    scores: Slots,
    work: PairsBackwardWorkspace,
}

impl Scores {
    /// With `keep` for a backward pass.
    pub fn new(shape: &PairShape, lanes: usize, keep: bool) -> Self {
        let scalars = Scalars { first: 0, tokens: shape.tokens };
        Scores {
            lanes,
            scalars,
            features: scalars.features(lanes),
            edges: Slots::new(shape.pairs(), 1, lanes),
            scores: Slots::new(shape.pairs(), shape.outputs, lanes),
            outputs: shape.outputs,
            work: PairWorkspace::new(shape, lanes, keep),
        }
    }

    /// The scores of all pairs, event by event, from the time's features and the pairs' numbers.
    #[inline(always)]
    pub fn forward<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        pairs: &Pairs,
        times: &[[f32; FEATURES]],
        edges: &[f64],
    ) -> Vec<f64> {
        self.scalars.set_times(&mut self.features, self.lanes, times);
        put(&mut self.edges, self.lanes, (edges, 1), 0..1);
        pairs.apply::<S, V>(simd, (&self.features, &self.edges), &mut self.work, &mut self.scores);
        let mut scores = vec![0.0; edges.len() * self.outputs];
        get(&self.scores, self.lanes, (&mut scores, self.outputs), 0..self.outputs);
        scores
    }

    /// The gradient by the pairs' numbers from that by their scores, both event by event.
    #[inline(always)]
    pub fn backward<S: Simd, const V: usize>(
        &self,
        simd: S,
        (pairs, backward): (&Pairs, &mut PairsBackward),
        back: &mut ScoresBack,
        by_scores: &[f64],
    ) -> Vec<f64> {
        // Lanes without an event count for nothing.
        back.scores.clear();
        put(&mut back.scores, self.lanes, (by_scores, self.outputs), 0..self.outputs);
        let mut by_edges = vec![0.0; by_scores.len() / self.outputs];
        let read = (pairs, &self.features, &self.edges, by_edges.len() / self.edges.count());
        let to = (&mut back.features, Some(&mut back.edges));
        backward.apply::<S, V>(simd, read, &back.scores, (&self.work, &mut back.work), to);
        get(&back.edges, self.lanes, (&mut by_edges, 1), 0..1);
        by_edges
    }
}

impl ScoresBack {
    pub fn new<S: Simd>(shape: &PairShape, lanes: usize) -> Self {
        ScoresBack {
            features: Slots::new(shape.tokens, shape.features, lanes),
            edges: Slots::new(shape.pairs(), 1, lanes),
            scores: Slots::new(shape.pairs(), shape.outputs, lanes),
            work: PairsBackwardWorkspace::new::<S>(shape, lanes),
        }
    }
}
