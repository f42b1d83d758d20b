//! The network over lanes.

use std::ops::Range;

use amplicast_nn::lanes::{
    self, Encoder, EncoderBackward, EncoderBackwardWorkspace, EncoderShape, EncoderWorkspace, Segments,
    SegmentsMut, Slots, VECTORS, Work, block_events, dispatch_over_blocks, over_blocks,
};
use amplicast_nn::pulp::{Simd, WithSimd};
use amplicast_sdk::Result;

use crate::flow::{DivergenceField, Field, Network, Parameters, Probes, add_products};
use crate::lanes::{Loss, Scalars, TimeLayer, TimeSums, get, put};
use crate::space::Lines;
use crate::time::{self, FEATURES};

/// Numbers of a token in its features: coordinates, then the identity, then the time.
#[derive(Debug, Clone)]
pub(super) struct LaneTransformer {
    pub shape: EncoderShape,
    /// Numbers of an event, the first ones, that are given: their velocities have no part in the loss.
    pub given: usize,
}

impl LaneTransformer {
    /// Numbers of an event.
    fn dimension(&self) -> usize {
        self.shape.tokens * self.shape.outputs
    }

    /// Where a token has its identity and the time.
    fn scalars(&self) -> Scalars {
        Scalars { first: self.shape.outputs, tokens: self.shape.tokens }
    }
}

impl Network for LaneTransformer {
    fn field(&self, (layout, parameters): Parameters<'_>) -> Result<Field> {
        let mut parameters = Segments::new(layout, parameters);
        let time = TimeLayer::new(&mut parameters);
        let encoder = Encoder::new(&self.shape, &mut parameters);
        let network = self.clone();
        Ok(Box::new(move |t, x, out| {
            let time = time.features(&time::waves(t));
            let mut work = Move { network: &network, encoder: &encoder, time, x, out };
            dispatch_over_blocks(&mut work, x.len() / network.dimension());
            Ok(())
        }))
    }

    fn divergence(&self, (layout, parameters): Parameters<'_>) -> Result<DivergenceField> {
        let mut parameters = Segments::new(layout, parameters);
        let time = TimeLayer::new(&mut parameters);
        let (encoder, mut backward) = EncoderBackward::of_inputs(&self.shape, &mut parameters);
        let network = self.clone();
        Ok(Box::new(move |t, x, probes, out| {
            let time = time.features(&time::waves(t));
            let mut work = Diverge {
                network: &network,
                encoder: &encoder,
                backward: &mut backward,
                time,
                x,
                probes,
                out,
            };
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
        let (parameters, gradient) = (Segments::new(layout, parameters), SegmentsMut::new(layout, gradient));
        Ok(lanes::dispatch(Step { network: self, parameters, lines, weights, gradient }))
    }
}

/// Velocities of events.
struct Move<'a> {
    network: &'a LaneTransformer,
    encoder: &'a Encoder,
    time: [f32; FEATURES],
    x: &'a [f64],
    out: &'a mut [f64],
}

impl Work for Move<'_> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S, events: Range<usize>) {
        let (network, shape, lanes) = (self.network, &self.network.shape, block_events::<S>());
        let (d, numbers) = (network.dimension(), shape.outputs);
        let mut features = network.scalars().features(lanes);
        network.scalars().set_times(&mut features, lanes, &vec![self.time; lanes]);
        let mut work = EncoderWorkspace::new(shape, lanes, false);
        let mut outputs = Slots::new(shape.tokens, shape.outputs, lanes);
        for first in events.clone().step_by(lanes) {
            let block = first * d..events.end.min(first + lanes) * d;
            put(&mut features, lanes, (&self.x[block.clone()], numbers), 0..numbers);
            self.encoder.apply::<S, VECTORS>(simd, (&features, None), &mut work, &mut outputs);
            get(&outputs, lanes, (&mut self.out[block], numbers), 0..numbers);
        }
    }
}

/// Velocities of events, and sums for their divergence.
struct Diverge<'a> {
    network: &'a LaneTransformer,
    encoder: &'a Encoder,
    backward: &'a mut EncoderBackward,
    time: [f32; FEATURES],
    x: &'a [f64],
    probes: &'a Probes,
    out: (&'a mut [f64], &'a mut [f64]),
}

impl Work for Diverge<'_> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S, events: Range<usize>) {
        let (network, shape, lanes) = (self.network, &self.network.shape, block_events::<S>());
        let (d, numbers, tokens) = (network.dimension(), shape.outputs, shape.tokens);
        let (velocity, sums) = (&mut *self.out.0, &mut *self.out.1);
        let mut features = network.scalars().features(lanes);
        network.scalars().set_times(&mut features, lanes, &vec![self.time; lanes]);
        let mut work = EncoderWorkspace::new(shape, lanes, true);
        let mut back = EncoderBackwardWorkspace::new::<S>(shape, lanes);
        let mut outputs = Slots::new(tokens, shape.outputs, lanes);
        let mut by_features = Slots::new(tokens, shape.features, lanes);
        for first in events.clone().step_by(lanes) {
            let block = first..events.end.min(first + lanes);
            let all = block.start * d..block.end * d;
            put(&mut features, lanes, (&self.x[all.clone()], numbers), 0..numbers);
            self.encoder.apply::<S, VECTORS>(simd, (&features, None), &mut work, &mut outputs);
            get(&outputs, lanes, (&mut velocity[all.clone()], numbers), 0..numbers);
            // Lanes without an event count for nothing.
            outputs.clear();
            for direction in 0..self.probes.count() {
                let e = self.probes.of(direction, all.clone());
                put(&mut outputs, lanes, (&e, numbers), 0..numbers);
                let read = (&features, None, block.len());
                self.backward.apply::<S, VECTORS>(simd, read, &outputs, (&work, &mut back), &mut by_features);
                let mut slope = vec![0.0; e.len()];
                get(&by_features, lanes, (&mut slope, numbers), 0..numbers);
                add_products(&e, &slope, &mut sums[block.clone()]);
            }
        }
    }
}

struct Step<'a> {
    network: &'a LaneTransformer,
    parameters: Segments<'a>,
    lines: &'a Lines,
    weights: &'a [f64],
    gradient: SegmentsMut<'a>,
}

impl WithSimd for Step<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Step { network, mut parameters, lines, weights, mut gradient } = self;
        let time = TimeLayer::new(&mut parameters);
        let (encoder, backward) = EncoderBackward::new::<S>(&network.shape, &mut parameters);
        let by_time = TimeSums::default();
        let mut learn = Learn { network, encoder, backward, time, by_time, lines, weights, loss: 0.0 };
        over_blocks(simd, &mut learn, weights.len());
        learn.by_time.write(&mut gradient);
        learn.backward.finish(simd, &mut gradient);
        learn.loss
    }
}

/// The loss of events, and its gradient.
struct Learn<'a> {
    network: &'a LaneTransformer,
    encoder: Encoder,
    backward: EncoderBackward,
    time: TimeLayer,
    by_time: TimeSums,
    lines: &'a Lines,
    weights: &'a [f64],
    loss: f64,
}

impl Work for Learn<'_> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S, events: Range<usize>) {
        let (network, lines) = (self.network, self.lines);
        let (shape, lanes) = (&network.shape, block_events::<S>());
        let (d, numbers, tokens) = (network.dimension(), shape.outputs, shape.tokens);
        let mut features = network.scalars().features(lanes);
        let mut work = EncoderWorkspace::new(shape, lanes, true);
        let mut back = EncoderBackwardWorkspace::new::<S>(shape, lanes);
        let mut outputs = Slots::new(tokens, shape.outputs, lanes);
        let mut by_features = Slots::new(tokens, shape.features, lanes);
        let mut loss = Loss::new(self.weights, d - network.given);
        for first in events.clone().step_by(lanes) {
            let block = first..events.end.min(first + lanes);
            let waves: Vec<_> = lines.t[block.clone()].iter().map(|t| time::waves(*t)).collect();
            let times: Vec<_> = waves.iter().map(|waves| self.time.features(waves)).collect();
            network.scalars().set_times(&mut features, lanes, &times);
            put(&mut features, lanes, (&lines.x[block.start * d..block.end * d], numbers), 0..numbers);
            self.encoder.apply::<S, VECTORS>(simd, (&features, None), &mut work, &mut outputs);
            for token in 0..tokens {
                for (k, row) in outputs.numbers_mut(token).chunks_exact_mut(lanes).enumerate() {
                    for (lane, out) in row.iter_mut().enumerate() {
                        let event = first + lane;
                        // Lanes without an event, rows without an output and what is given count for nothing.
                        let generated = k < numbers && token * numbers + k >= network.given;
                        *out = if event < block.end && generated {
                            let off = f64::from(*out) - lines.v[event * d + token * numbers + k];
                            loss.add(event, off) as f32
                        } else {
                            0.0
                        };
                    }
                }
            }
            let read = (&features, None, block.len());
            self.backward.apply::<S, VECTORS>(simd, read, &outputs, (&work, &mut back), &mut by_features);
            let mut slopes = vec![[0.0; FEATURES]; block.len()];
            network.scalars().add_times(&by_features, lanes, &mut slopes);
            waves.iter().zip(slopes).for_each(|(waves, slopes)| self.by_time.add(waves, slopes));
        }
        self.loss += loss.sum;
    }
}
