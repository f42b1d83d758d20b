//! The network of the frames over pairs of particles.

use std::ops::Range;

use amplicast_nn::lanes::{
    PairShape, PairWorkspace, Pairs, PairsBackward, PairsBackwardWorkspace, Slots, Work,
};
use amplicast_nn::pulp::Simd;

use crate::lanes::{Scalars, get, put};
use crate::time::FEATURES;

fn scalars(shape: &PairShape) -> Scalars {
    Scalars { first: 0, tokens: shape.tokens }
}

/// The scores of all pairs of events, from the pairs' numbers and the time's features; those of a particle with itself
/// stay zero.
pub(super) struct Scores<'a> {
    pub shape: &'a PairShape,
    pub pairs: &'a Pairs,
    pub times: &'a [[f32; FEATURES]],
    pub edges: &'a [f64],
    /// Gets the activations of each block, if they are needed.
    pub kept: Option<&'a mut Vec<PairWorkspace>>,
    pub scores: &'a mut [f64],
}

impl Work for Scores<'_> {
    #[inline(always)]
    fn run<S: Simd, const V: usize>(&mut self, simd: S, events: Range<usize>) {
        let (shape, lanes) = (self.shape, V * S::F32_LANES);
        let (pairs, outputs) = (shape.pairs(), shape.outputs);
        let mut features = scalars(shape).features(lanes);
        let mut edges = Slots::new(pairs, 1, lanes);
        let mut scores = Slots::new(pairs, shape.output_rows(), lanes);
        let mut single = PairWorkspace::new(shape, lanes, false);
        for first in events.clone().step_by(lanes) {
            let block = first..events.end.min(first + lanes);
            scalars(shape).set_times(&mut features, lanes, &self.times[block.clone()]);
            put(&mut edges, lanes, (&self.edges[block.start * pairs..block.end * pairs], 1), 0..1);
            let work = match &mut self.kept {
                None => &mut single,
                Some(kept) => {
                    kept.push(PairWorkspace::new(shape, lanes, true));
                    kept.last_mut().expect("it was just pushed")
                }
            };
            self.pairs.apply::<S, V>(simd, (&features, &edges), work, &mut scores);
            let block = block.start * pairs * outputs..block.end * pairs * outputs;
            get(&scores, lanes, (&mut self.scores[block], outputs), 0..outputs);
        }
    }
}

/// The gradient of the scores' network from that of the scores.
pub(super) struct BackScores<'a> {
    pub shape: &'a PairShape,
    pub pairs: &'a Pairs,
    pub backward: &'a mut PairsBackward,
    pub times: &'a [[f32; FEATURES]],
    pub edges: &'a [f64],
    /// The activations of each block.
    pub kept: std::vec::IntoIter<PairWorkspace>,
    pub by_scores: &'a [f64],
    /// The gradient of the time's features, which is added to.
    pub by_times: &'a mut [[f32; FEATURES]],
}

impl Work for BackScores<'_> {
    #[inline(always)]
    fn run<S: Simd, const V: usize>(&mut self, simd: S, events: Range<usize>) {
        let (shape, lanes) = (self.shape, V * S::F32_LANES);
        let (pairs, outputs) = (shape.pairs(), shape.outputs);
        let mut features = scalars(shape).features(lanes);
        let mut edges = Slots::new(pairs, 1, lanes);
        let mut by_scores = Slots::new(pairs, shape.output_rows(), lanes);
        let mut by_features = Slots::new(shape.tokens, shape.feature_rows(), lanes);
        let mut back = PairsBackwardWorkspace::new::<S>(shape, lanes);
        for first in events.clone().step_by(lanes) {
            let block = first..events.end.min(first + lanes);
            scalars(shape).set_times(&mut features, lanes, &self.times[block.clone()]);
            put(&mut edges, lanes, (&self.edges[block.start * pairs..block.end * pairs], 1), 0..1);
            // Lanes without an event count for nothing.
            by_scores.clear();
            let numbers = block.start * pairs * outputs..block.end * pairs * outputs;
            put(&mut by_scores, lanes, (&self.by_scores[numbers], outputs), 0..outputs);
            let work = self.kept.next().expect("the activations of each block were kept");
            let inputs = (self.pairs, &features, &edges, block.len());
            self.backward.apply::<S, V>(simd, inputs, &by_scores, (&work, &mut back), &mut by_features);
            scalars(shape).add_times(&by_features, lanes, &mut self.by_times[block]);
        }
    }
}
