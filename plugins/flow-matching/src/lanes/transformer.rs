//! The transformer's velocity and its loss.

use amplicast_nn::lanes::{
    self, Encoder, EncoderBackward, EncoderBackwardWorkspace, EncoderShape, EncoderWorkspace, Slots, VECTORS,
    block_events,
};
use amplicast_nn::pulp::{Simd, WithSimd};
use amplicast_sdk::Layout;

use super::scalars::Scalars;
use super::time::{TimeLayer, TimeSums};
use super::{LaneField, LaneNetwork};
use crate::flow::Lines;
use crate::time::{self, FEATURES};

/// Numbers of a token in its features: coordinates, then the identity, then the time.
#[derive(Debug, Clone)]
pub(crate) struct LaneTransformer {
    pub shape: EncoderShape,
}

impl LaneTransformer {
    /// Numbers of a token.
    fn numbers(&self) -> usize {
        self.shape.outputs
    }

    fn dimension(&self) -> usize {
        self.shape.tokens * self.numbers()
    }

    /// Where a token has its identity and the time.
    fn scalars(&self) -> Scalars {
        Scalars { first: self.numbers(), tokens: self.shape.tokens }
    }

    /// Writes the coordinates of events and their times into the lanes.
    fn set(&self, features: &mut Slots, lanes: usize, x: &[f64], times: impl Fn(usize) -> [f32; FEATURES]) {
        let (numbers, first) = (self.numbers(), self.numbers() + self.shape.tokens);
        for (lane, event) in x.chunks_exact(self.dimension()).enumerate() {
            let time = times(lane);
            for (token, x) in event.chunks_exact(numbers).enumerate() {
                let rows = features.numbers_mut(token);
                for (k, x) in x.iter().enumerate() {
                    rows[k * lanes + lane] = *x as f32;
                }
                for (k, feature) in time.iter().enumerate() {
                    rows[(first + k) * lanes + lane] = *feature;
                }
            }
        }
    }
}

impl LaneNetwork for LaneTransformer {
    fn field(&self, layout: &Layout, parameters: &[f32]) -> Box<dyn LaneField> {
        let time = TimeLayer::new(layout, parameters);
        let encoder = Encoder::new(&self.shape, layout, parameters);
        Box::new(TransformerField { network: self.clone(), encoder, time })
    }

    fn loss_and_gradient(
        &self,
        layout: &Layout,
        parameters: &[f32],
        lines: &Lines,
        weights: &[f64],
        gradient: &mut [f32],
    ) -> f64 {
        lanes::dispatch(Loss { network: self, layout, parameters, lines, weights, gradient })
    }
}

struct TransformerField {
    network: LaneTransformer,
    encoder: Encoder,
    time: TimeLayer,
}

impl LaneField for TransformerField {
    fn velocity(&self, t: f64, x: &[f64], out: &mut [f64]) {
        lanes::dispatch(Velocity { field: self, t, x, out });
    }
}

struct Velocity<'a> {
    field: &'a TransformerField,
    t: f64,
    x: &'a [f64],
    out: &'a mut [f64],
}

impl WithSimd for Velocity<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Velocity { field, t, x, out } = self;
        let network = &field.network;
        let (d, lanes, numbers) = (network.dimension(), block_events::<S>(), network.numbers());
        let mut features = network.scalars().features(lanes);
        let mut work = EncoderWorkspace::new(&network.shape, lanes, false);
        let mut outputs = Slots::new(network.shape.tokens, network.shape.output_rows(), lanes);
        let time = field.time.features(&time::waves(t));
        for (x, out) in x.chunks(lanes * d).zip(out.chunks_mut(lanes * d)) {
            network.set(&mut features, lanes, x, |_| time);
            field.encoder.apply::<S, VECTORS>(simd, (&features, None), &mut work, &mut outputs);
            for token in 0..network.shape.tokens {
                let rows = outputs.numbers_mut(token);
                for (lane, event) in out.chunks_exact_mut(d).enumerate() {
                    for k in 0..numbers {
                        event[token * numbers + k] = f64::from(rows[k * lanes + lane]);
                    }
                }
            }
        }
    }
}

struct Loss<'a> {
    network: &'a LaneTransformer,
    layout: &'a Layout,
    parameters: &'a [f32],
    lines: &'a Lines,
    weights: &'a [f64],
    gradient: &'a mut [f32],
}

impl WithSimd for Loss<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Loss { network, layout, parameters, lines, weights, gradient } = self;
        gradient.fill(0.0);
        let (encoder, backward) = EncoderBackward::new::<S>(&network.shape, layout, parameters);
        let time = TimeLayer::new(layout, parameters);
        let mut pass = Pass { network, encoder, backward, time, by_time: TimeSums::default() };
        // Whole blocks, then the rest register by register: fewer lanes without an event.
        let whole = weights.len() / block_events::<S>() * block_events::<S>();
        let mut loss =
            simd.vectorize(Blocks::<VECTORS> { pass: &mut pass, lines, weights, range: (0, whole) });
        let range = (whole, weights.len());
        loss += simd.vectorize(Blocks::<1> { pass: &mut pass, lines, weights, range });
        pass.backward.finish(simd, layout, gradient);
        pass.by_time.write(layout, gradient);
        loss
    }
}

struct Pass<'a> {
    network: &'a LaneTransformer,
    encoder: Encoder,
    backward: EncoderBackward,
    time: TimeLayer,
    /// Gradients of the time's weight and bias.
    by_time: TimeSums,
}

/// Events in blocks of V registers; a work of its own, so that each V is compiled by itself.
struct Blocks<'a, 'p, const V: usize> {
    pass: &'a mut Pass<'p>,
    lines: &'a Lines,
    weights: &'a [f64],
    range: (usize, usize),
}

impl<const V: usize> WithSimd for Blocks<'_, '_, V> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Blocks { pass, lines, weights, range } = self;
        if range.0 == range.1 {
            return 0.0;
        }
        let network = pass.network;
        let (shape, lanes) = (&network.shape, V * S::F32_LANES);
        let (d, numbers, tokens) = (network.dimension(), network.numbers(), shape.tokens);
        let mut features = network.scalars().features(lanes);
        let mut work = EncoderWorkspace::new(shape, lanes, true);
        let mut back = EncoderBackwardWorkspace::new::<S>(shape, lanes);
        let mut outputs = Slots::new(tokens, shape.output_rows(), lanes);
        let mut by_features = Slots::new(tokens, shape.feature_rows(), lanes);
        let mut loss = 0.0;
        for first in (range.0..range.1).step_by(lanes) {
            let events = lanes.min(range.1 - first);
            let waves: Vec<[f32; FEATURES]> =
                lines.t[first..first + events].iter().map(|t| time::waves(*t)).collect();
            let x = &lines.x[first * d..(first + events) * d];
            network.set(&mut features, lanes, x, |lane| pass.time.features(&waves[lane]));
            pass.encoder.apply::<S, V>(simd, (&features, None), &mut work, &mut outputs);
            for token in 0..tokens {
                let rows = outputs.numbers_mut(token);
                for (k, row) in rows.chunks_exact_mut(lanes).enumerate() {
                    for (lane, out) in row.iter_mut().enumerate() {
                        // Lanes without an event and rows without an output count for nothing.
                        let slope = if lane < events && k < numbers {
                            let event = first + lane;
                            let off = f64::from(*out) - lines.v[event * d + token * numbers + k];
                            let share = weights[event] / d as f64;
                            loss += 0.5 * share * off * off;
                            share * off
                        } else {
                            0.0
                        };
                        *out = slope as f32;
                    }
                }
            }
            let block = (&features, None, events);
            pass.backward.apply::<S, V>(simd, block, &outputs, (&work, &mut back), &mut by_features);
            let mut slopes = vec![[0.0; FEATURES]; events];
            network.scalars().add_times(&by_features, lanes, &mut slopes);
            waves.iter().zip(slopes).for_each(|(waves, slopes)| pass.by_time.add(waves, slopes));
        }
        loss
    }
}
