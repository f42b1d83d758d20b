//! The loss of a batch and its gradient, without libtorch.

use amplicast_nn::lanes::{self, Backward, BackwardWorkspace, Decoder, Rows, Slots, VECTORS, Workspace};
use amplicast_nn::pulp::{Simd, WithSimd};
use amplicast_sdk::Layout;

use crate::model::Network;

/// The loss of Eq. 8, -sum_e w_e log p(x_e), of events in the network's coordinates, and its gradient.
pub(crate) struct Loss<'a> {
    pub network: &'a Network,
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
        let Loss { network, layout, parameters, x, weights, gradient } = self;
        let (decoder, backward) = Backward::new::<S>(&network.shape, layout, parameters);
        let mut pass = Pass { network, decoder, backward };
        let mut start = Memory::<1>::new::<S>(&pass);
        let Memory { work, features, raw, .. } = &mut start;
        pass.decoder.step(simd, 0, features.at::<S, 1>(0), work, raw.rows_mut::<S, 1>());

        // Whole blocks, then the rest register by register: fewer lanes without an event.
        let d = network.columns.len();
        let whole = x.len() / d / lanes::block_events::<S>() * lanes::block_events::<S>();
        let (x, rest) = x.split_at(whole * d);
        let (weights, rest_weights) = weights.split_at(whole);
        let mut loss = 0.0;
        if whole > 0 {
            let (mut memory, start) = (Memory::<VECTORS>::new::<S>(&pass), &mut start);
            loss += simd.vectorize(Blocks { pass: &mut pass, memory: &mut memory, start, x, weights });
        }
        if !rest.is_empty() {
            let (mut memory, start) = (Memory::<1>::new::<S>(&pass), &mut start);
            let (x, weights) = (rest, rest_weights);
            loss += simd.vectorize(Blocks { pass: &mut pass, memory: &mut memory, start, x, weights });
        }
        let Memory { work, back, outputs, .. } = &mut start;
        pass.backward.step_start(simd, outputs.at::<S, 1>(0), work, back);
        pass.backward.finish(simd, layout, parameters, gradient);
        loss
    }
}

/// The network's two passes.
struct Pass<'a> {
    network: &'a Network,
    decoder: Decoder,
    backward: Backward,
}

/// The memory for blocks of V registers.
struct Memory<const V: usize> {
    work: Workspace,
    back: BackwardWorkspace,
    /// For each position the inputs.
    features: Slots,
    /// The outputs at a position.
    raw: Rows,
    /// For each position the gradient of the outputs.
    outputs: Slots,
    scratch: Rows,
    /// Rows that go between lanes and scalars.
    pair: Rows,
}

impl<const V: usize> Memory<V> {
    fn new<S: Simd>(pass: &Pass<'_>) -> Self {
        let events = V * S::F32_LANES;
        let (positions, output_rows) = (pass.network.columns.len(), pass.decoder.output_rows());
        let (work, back) = pass.backward.workspaces::<S>(events);
        Memory {
            work,
            back,
            features: Slots::new(positions, pass.network.columns.features(), events),
            raw: Rows::new(output_rows, events),
            outputs: Slots::new(positions, output_rows, events),
            scratch: Rows::new(2 * pass.network.components, events),
            pair: Rows::new(2, events),
        }
    }
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
        *sum += row.iter().map(|register| simd.reduce_sum_f32s(*register)).sum::<f32>();
    }
    loss
}
