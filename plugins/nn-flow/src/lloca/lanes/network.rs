//! Events through both networks and, between them, into the frames of their particles.

use std::ops::Range;

use amplicast_nn::lanes::{
    self, Encoder, EncoderBackward, EncoderShape, PairShape, Pairs, PairsBackward, Segments, SegmentsMut,
    VECTORS, Work, block_events, dispatch_over_blocks, over_blocks,
};
use amplicast_nn::pulp::{Simd, WithSimd};
use amplicast_sdk::{Layout, Result};

use super::super::event::{ANGLES, Event, SEEN, Sight, VECTOR};
use super::super::frames_net::FramesNet;
use super::scores::{Scores, ScoresBack};
use super::tokens::{Output, Tokens, TokensBack, angles};
use crate::flow::{DivergenceField, Field, Network, Parameters, Probes, add_products};
use crate::lanes::{Loss, TimeLayer, TimeSums};
use crate::space::{Kinematics, Lines};
use crate::time::{self, FEATURES};

#[derive(Debug, Clone)]
pub(crate) struct LaneLloca {
    pub kinematics: Kinematics,
    pub frames: FramesNet,
    pub pairs: PairShape,
    pub encoder: EncoderShape,
}

/// Both networks with their weights.
struct Networks {
    pairs: Pairs,
    encoder: Encoder,
}

/// Their backward passes.
struct Backwards {
    pairs: PairsBackward,
    encoder: EncoderBackward,
}

/// A block of events on its way through both networks.
struct Passage<'a> {
    network: &'a LaneLloca,
    networks: &'a Networks,
    scores: Scores,
    tokens: Tokens,
    events: Vec<Event>,
    /// Of each event.
    sights: Vec<Vec<Sight>>,
    outputs: Vec<Output>,
}

/// Memory for the way back.
struct Back {
    scores: ScoresBack,
    tokens: TokensBack,
}

impl<'a> Passage<'a> {
    /// With `keep` for ways back.
    fn new(network: &'a LaneLloca, networks: &'a Networks, lanes: usize, keep: bool) -> Self {
        Passage {
            network,
            networks,
            scores: Scores::new(&network.pairs, lanes, keep),
            tokens: Tokens::new(&network.encoder, lanes, keep),
            events: Vec::new(),
            sights: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// What the particles see, one after the other.
    fn seen(&self) -> impl Iterator<Item = &[f64; SEEN]> {
        self.sights.iter().flatten().map(|sight| &sight.seen)
    }

    /// Takes events at these times and coordinates through both networks, and writes their velocities.
    #[inline(always)]
    fn forward<S: Simd>(&mut self, simd: S, times: &[[f32; FEATURES]], x: &[f64], velocity: &mut [f64]) {
        let LaneLloca { kinematics, frames, .. } = self.network;
        let d = self.network.dimension();
        self.events = x.chunks_exact(d).map(|x| Event::new(kinematics, x)).collect();
        let edges: Vec<f64> = self.events.iter().flat_map(|event| event.edges(frames)).collect();
        let scores = self.scores.forward::<S, VECTORS>(simd, &self.networks.pairs, times, &edges);
        let each = scores.chunks_exact(scores.len() / self.events.len());
        self.sights = self.events.iter().zip(each).map(|(event, s)| event.sights(kinematics, s)).collect();
        let seen: Vec<f64> = self.seen().flatten().copied().collect();
        self.outputs = self.tokens.forward::<S, VECTORS>(simd, &self.networks.encoder, times, &seen);
        let particles = self.outputs.iter().zip(seen.chunks_exact(SEEN));
        for (out, ((vector, scalars), seen)) in velocity.chunks_exact_mut(VECTOR).zip(particles) {
            out.copy_from_slice(&angles(seen).velocity(*vector, *scalars));
        }
    }

    /// Adds the gradient by the networks' parameters, and writes that by the time's features, from that by the velocities;
    /// returns that by the coordinates.
    #[inline(always)]
    fn backward<S: Simd>(
        &self,
        simd: S,
        backwards: &mut Backwards,
        back: &mut Back,
        slopes: &[[f64; VECTOR]],
    ) -> Vec<f64> {
        let LaneLloca { kinematics, frames, .. } = self.network;
        let mut by_seen = vec![0.0; slopes.len() * SEEN];
        let mut by_outputs = Vec::with_capacity(slopes.len());
        let particles = self.seen().zip(&self.outputs).zip(by_seen.chunks_exact_mut(SEEN));
        for (slope, ((seen, (vector, _)), by_seen)) in slopes.iter().zip(particles) {
            by_outputs.push(angles(seen).gradient(*slope));
            for k in 0..VECTOR {
                by_seen[ANGLES + k] = slope[1] * vector[k];
                by_seen[ANGLES + VECTOR + k] = slope[2] * vector[k];
            }
        }
        let tokens = &mut back.tokens;
        self.tokens.backward::<S, VECTORS>(simd, &mut backwards.encoder, tokens, &by_outputs, &mut by_seen);
        let mut by_scores = Vec::new();
        let mut by_particles = Vec::with_capacity(self.events.len());
        let each = by_seen.chunks_exact(by_seen.len() / self.events.len());
        for ((event, sights), by_seen) in self.events.iter().zip(&self.sights).zip(each) {
            let (by_scores_of, by) = event.gradient(kinematics, sights, by_seen);
            by_scores.extend(by_scores_of);
            by_particles.push(by);
        }
        let pairs = (&self.networks.pairs, &mut backwards.pairs);
        let by_edges = self.scores.backward::<S, VECTORS>(simd, pairs, &mut back.scores, &by_scores);
        let each = by_edges.chunks_exact(by_edges.len() / self.events.len()).zip(by_particles);
        let by_coordinates = self.events.iter().zip(each);
        by_coordinates
            .flat_map(|(event, (by_edges, by))| event.by_coordinates(frames, by, by_edges))
            .collect()
    }
}

impl Back {
    fn new<S: Simd>(network: &LaneLloca, lanes: usize) -> Self {
        Back {
            scores: ScoresBack::new::<S>(&network.pairs, lanes),
            tokens: TokensBack::new::<S>(&network.encoder, lanes),
        }
    }
}

impl LaneLloca {
    fn dimension(&self) -> usize {
        VECTOR * self.encoder.tokens
    }
}

impl Network for LaneLloca {
    fn field(&self, (layout, parameters): Parameters<'_>) -> Result<Field> {
        let mut parameters = Segments::new(layout, parameters);
        let time = TimeLayer::new(&mut parameters);
        let pairs = Pairs::new(&self.pairs, &mut parameters);
        let networks = Networks { pairs, encoder: Encoder::new(&self.encoder, &mut parameters) };
        let network = self.clone();
        Ok(Box::new(move |t, x, out| {
            let time = time.features(&time::waves(t));
            let mut work = Move { network: &network, networks: &networks, time, x, out };
            dispatch_over_blocks(&mut work, x.len() / network.dimension());
            Ok(())
        }))
    }

    fn divergence(&self, (layout, parameters): Parameters<'_>) -> Result<DivergenceField> {
        let mut parameters = Segments::new(layout, parameters);
        let time = TimeLayer::new(&mut parameters);
        let (pairs, pairs_backward) = PairsBackward::of_inputs(&self.pairs, &mut parameters);
        let (encoder, encoder_backward) = EncoderBackward::of_inputs(&self.encoder, &mut parameters);
        let networks = Networks { pairs, encoder };
        let mut backwards = Backwards { pairs: pairs_backward, encoder: encoder_backward };
        let network = self.clone();
        Ok(Box::new(move |t, x, probes, out| {
            let time = time.features(&time::waves(t));
            let both = (&networks, &mut backwards);
            let mut work = Diverge { network: &network, networks: both, time, x, probes, out };
            dispatch_over_blocks(&mut work, x.len() / network.dimension());
            Ok(())
        }))
    }

    fn loss_and_gradient(
        &self,
        (layout, parameters): Parameters<'_>,
        lines: &Lines,
        weights: &[f64],
        gradient: &mut [f32],
    ) -> Result<f64> {
        Ok(lanes::dispatch(Step { network: self, layout, parameters, lines, weights, gradient }))
    }
}

/// Velocities of events.
struct Move<'a> {
    network: &'a LaneLloca,
    networks: &'a Networks,
    time: [f32; FEATURES],
    x: &'a [f64],
    out: &'a mut [f64],
}

impl Work for Move<'_> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S, events: Range<usize>) {
        let (lanes, d) = (block_events::<S>(), self.network.dimension());
        let mut passage = Passage::new(self.network, self.networks, lanes, false);
        for first in events.clone().step_by(lanes) {
            let block = first..events.end.min(first + lanes);
            let (all, times) = (block.start * d..block.end * d, vec![self.time; block.len()]);
            passage.forward(simd, &times, &self.x[all.clone()], &mut self.out[all]);
        }
    }
}

/// Velocities of events, and sums for their divergence.
struct Diverge<'a> {
    network: &'a LaneLloca,
    networks: (&'a Networks, &'a mut Backwards),
    time: [f32; FEATURES],
    x: &'a [f64],
    probes: &'a Probes,
    out: (&'a mut [f64], &'a mut [f64]),
}

impl Work for Diverge<'_> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S, events: Range<usize>) {
        let (lanes, d) = (block_events::<S>(), self.network.dimension());
        let (networks, backwards) = (self.networks.0, &mut *self.networks.1);
        let mut passage = Passage::new(self.network, networks, lanes, true);
        let mut back = Back::new::<S>(self.network, lanes);
        for first in events.clone().step_by(lanes) {
            let block = first..events.end.min(first + lanes);
            let (all, times) = (block.start * d..block.end * d, vec![self.time; block.len()]);
            passage.forward(simd, &times, &self.x[all.clone()], &mut self.out.0[all.clone()]);
            for direction in 0..self.probes.count() {
                let e = self.probes.of(direction, all.clone());
                let slope = passage.backward(simd, backwards, &mut back, e.as_chunks().0);
                add_products(&e, &slope, &mut self.out.1[block.clone()]);
            }
        }
    }
}

struct Step<'a> {
    network: &'a LaneLloca,
    layout: &'a Layout,
    parameters: &'a [f32],
    lines: &'a Lines,
    weights: &'a [f64],
    gradient: &'a mut [f32],
}

impl WithSimd for Step<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Step { network, layout, parameters, lines, weights, gradient } = self;
        let mut parameters = Segments::new(layout, parameters);
        let time = TimeLayer::new(&mut parameters);
        let (pairs, pairs_backward) = PairsBackward::new::<S>(&network.pairs, &mut parameters);
        let (encoder, encoder_backward) = EncoderBackward::new::<S>(&network.encoder, &mut parameters);
        let networks = &Networks { pairs, encoder };
        let backwards = Backwards { pairs: pairs_backward, encoder: encoder_backward };
        let loss = Loss::new(weights, network.dimension());
        let by_time = TimeSums::default();
        let mut learn = Learn { network, networks, backwards, time, by_time, lines, loss };
        over_blocks(simd, &mut learn, weights.len());
        let mut gradient = SegmentsMut::new(layout, gradient);
        learn.by_time.write(&mut gradient);
        learn.backwards.pairs.finish(simd, &mut gradient);
        learn.backwards.encoder.finish(simd, &mut gradient);
        learn.loss.sum
    }
}

/// The loss of events, and its gradient.
struct Learn<'a> {
    network: &'a LaneLloca,
    networks: &'a Networks,
    backwards: Backwards,
    time: TimeLayer,
    by_time: TimeSums,
    lines: &'a Lines,
    loss: Loss<'a>,
}

impl Work for Learn<'_> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S, events: Range<usize>) {
        let (lanes, d, lines) = (block_events::<S>(), self.network.dimension(), self.lines);
        let mut passage = Passage::new(self.network, self.networks, lanes, true);
        let mut back = Back::new::<S>(self.network, lanes);
        for first in events.clone().step_by(lanes) {
            let block = first..events.end.min(first + lanes);
            let all = block.start * d..block.end * d;
            let waves: Vec<_> = lines.t[block.clone()].iter().map(|t| time::waves(*t)).collect();
            let times: Vec<_> = waves.iter().map(|waves| self.time.features(waves)).collect();
            let mut velocity = vec![0.0; all.len()];
            passage.forward(simd, &times, &lines.x[all.clone()], &mut velocity);
            let mut slopes = Vec::with_capacity(velocity.len() / VECTOR);
            for (i, (found, v)) in velocity.iter().zip(&lines.v[all]).enumerate() {
                slopes.push(self.loss.add(first + i / d, found - v));
            }
            passage.backward(simd, &mut self.backwards, &mut back, slopes.as_chunks().0);
            let mut by_times = vec![[0.0; FEATURES]; block.len()];
            passage.tokens.scalars.add_times(&back.tokens.features, lanes, &mut by_times);
            passage.scores.scalars.add_times(&back.scores.features, lanes, &mut by_times);
            waves.iter().zip(by_times).for_each(|(waves, by_time)| self.by_time.add(waves, by_time));
        }
    }
}
