//! The loss of a batch and its gradient, without libtorch.

use amplicast_nn::lanes::{self, Backward, Decoder};
use amplicast_nn::pulp::{Simd, WithSimd};
use amplicast_sdk::Layout;

use crate::memory::{Memories, Memory, Pool};
use crate::model::Network;

/// The loss of Eq. 8, -sum_e w_e log p(x_e), of events in the network's coordinates, and its gradient.
pub(crate) struct Loss<'a> {
    pub network: &'a Network,
    pub memories: &'a Pool,
    pub layout: &'a Layout,
    pub parameters: &'a [f32],
    /// Events, one after the other.
    pub x: &'a [f64],
    /// Weights w of the events.
    pub weights: &'a [f64],
    pub gradient: &'a mut [f32],
}

impl WithSimd for Loss<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Loss { network, memories, layout, parameters, x, weights, gradient } = self;
        let (decoder, backward) = Backward::new::<S>(&network.shape, layout, parameters);
        let mut pass = Pass { network, decoder, backward };
        let mut memory = memories.take::<S>(network);
        let Memories { start, whole, rest, .. } = &mut *memory;
        start.prepare();
        let Memory { work, features, raw, .. } = &mut *start;
        pass.decoder.step(simd, 0, features.at::<S, 1>(0), work, raw.rows_mut::<S, 1>());

        // Whole blocks, then the rest register by register: fewer lanes without an event.
        let (d, lanes) = (network.columns.len(), lanes::block_events::<S>());
        let events = weights.len() / lanes * lanes;
        let (x, rest_x) = x.split_at(events * d);
        let (weights, rest_weights) = weights.split_at(events);
        let blocks = Blocks { pass: &mut pass, memory: whole, start, x, weights };
        let mut loss = simd.vectorize(blocks);
        let blocks = Blocks { pass: &mut pass, memory: rest, start, x: rest_x, weights: rest_weights };
        loss += simd.vectorize(blocks);
        let Memory { work, back, outputs, .. } = start;
        pass.backward.step_start(simd, outputs.at::<S, 1>(0), work, back);
        pass.backward.finish(simd, layout, parameters, gradient);
        memories.put(memory);
        loss
    }
}

/// The network's two passes.
struct Pass<'a> {
    network: &'a Network,
    decoder: Decoder,
    backward: Backward,
}

/// The loss of events in blocks of V registers.
struct Blocks<'a, 'n, const V: usize> {
    pass: &'a mut Pass<'n>,
    memory: &'a mut Memory<V>,
    /// Of the start token: its raw outputs, and the sum of what comes back to them.
    start: &'a mut Memory<1>,
    x: &'a [f64],
    weights: &'a [f64],
}

impl<const V: usize> WithSimd for Blocks<'_, '_, V> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Blocks { pass, memory, start, x, weights } = self;
        let lanes = V * S::F32_LANES;
        let d = pass.network.columns.len();
        memory.work.set_start::<S, V, 1>(&start.work);
        let mut loss = 0.0;
        for (x, weights) in x.chunks(lanes * d).zip(weights.chunks(lanes)) {
            loss += block(simd, pass, memory, start, x, weights);
        }
        loss
    }
}

#[inline(always)]
fn block<S: Simd, const V: usize>(
    simd: S,
    pass: &mut Pass<'_>,
    memory: &mut Memory<V>,
    start: &mut Memory<1>,
    x: &[f64],
    weights: &[f64],
) -> f64 {
    let Memory { work, back, features, raw, outputs, scratch, pair } = memory;
    let (columns, lanes) = (&pass.network.columns, V * S::F32_LANES);
    let d = columns.len();
    back.clear();
    let mut loss = 0.0;
    for position in 0..d {
        if position == 0 {
            for (to, from) in raw.rows_mut::<S, V>().iter_mut().zip(start.raw.rows::<S, 1>()) {
                *to = [from[0]; V];
            }
        } else {
            for (lane, event) in x.chunks_exact(d).enumerate() {
                let numbers = &mut features.numbers_mut(position)[lane..];
                columns.write(position - 1, event[position - 1], numbers, lanes);
            }
            let features = features.at::<S, V>(position);
            pass.decoder.step(simd, position, features, work, raw.rows_mut::<S, V>());
        }
        // Lanes without an event keep an earlier one's coordinates, with weight 0.
        let numbers = pair.numbers_mut();
        numbers[lanes..].fill(0.0);
        for (lane, (event, weight)) in x.chunks_exact(d).zip(weights).enumerate() {
            numbers[lane] = event[position] as f32;
            numbers[lanes + lane] = -*weight as f32;
        }
        let pair_rows = pair.rows_mut::<S, V>();
        let (exponent, factor) = lanes::log_density_and_gradient(
            simd,
            &columns.supports()[position],
            raw.rows::<S, V>(),
            (pair_rows[0], pair_rows[1]),
            outputs.at_mut::<S, V>(position),
            scratch.rows_mut::<S, V>(),
        );
        pair_rows.copy_from_slice(&[exponent, factor]);
        let (exponents, factors) = pair.numbers().split_at(lanes);
        for ((weight, exponent), factor) in weights.iter().zip(exponents).zip(factors) {
            loss -= weight * lanes::log_of(*exponent, *factor);
        }
    }
    let events = weights.len();
    for position in (1..d).rev() {
        let (features, outputs) = (features.at::<S, V>(position), outputs.at::<S, V>(position));
        pass.backward.step(simd, (position, events), features, outputs, work, back);
    }
    pass.backward.end_block::<S, V>(simd, back);
    let sums = start.outputs.numbers_mut(0).iter_mut().step_by(S::F32_LANES);
    for (sum, row) in sums.zip(outputs.at::<S, V>(0)) {
        *sum += lanes::total(simd, *row);
    }
    loss
}
