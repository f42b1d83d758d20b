//! The loss of a batch and its gradient.

use amplicast_nn::lanes::{self, Backward, Decoder, VECTORS};
use amplicast_nn::pulp::{Simd, WithSimd};
use amplicast_sdk::Layout;

use crate::memory::{Memories, Memory, Pool};
use crate::network::Network;

/// The loss of Eq. 8, -sum_e w_e log p(x_e), of events in the network's coordinates, and its gradient; of columns that are given there are no
/// terms.
pub struct Loss<'a> {
    /// The network.
    pub network: &'a Network,
    /// Memory that is used, and given back.
    pub memories: &'a Pool,
    /// The segments of the parameters.
    pub layout: &'a Layout,
    /// The parameters.
    pub parameters: &'a [f32],
    /// Events, one after the other.
    pub x: &'a [f64],
    /// Weights w of the events.
    pub weights: &'a [f64],
    /// Gets the gradient.
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
        let Memories { start, block, .. } = &mut memory;
        start.prepare();
        let Memory { work, features, raw, .. } = &mut *start;
        pass.decoder.step::<S, VECTORS>(simd, 0, features.numbers(0), work, raw.numbers_mut());

        let blocks = Blocks { pass: &mut pass, memory: block, start, x, weights };
        let loss = simd.vectorize(blocks);
        let Memory { work, back, outputs, .. } = start;
        pass.backward.step_start::<S, VECTORS>(simd, outputs.numbers(0), (work, back));
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

/// The loss of events in blocks; a work of its own, so that it is compiled by itself.
struct Blocks<'a, 'n> {
    pass: &'a mut Pass<'n>,
    memory: &'a mut Memory,
    /// Of the start token: its raw outputs, and the sum of what comes back to them.
    start: &'a mut Memory,
    x: &'a [f64],
    weights: &'a [f64],
}

impl WithSimd for Blocks<'_, '_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Blocks { pass, memory, start, x, weights } = self;
        let (d, lanes) = (pass.network.columns.dimension(), lanes::block_events::<S>());
        let given = pass.network.coordinates.given();
        memory.work.set_start::<S, VECTORS>(&start.work);
        let mut loss = 0.0;
        for (x, weights) in x.chunks(lanes * d).zip(weights.chunks(lanes)) {
            for position in 0..d {
                if position == 0 {
                    start.raw_in_all_lanes::<S>(memory);
                } else {
                    pass.forward(simd, position, x, memory);
                }
                // The outputs' gradients of given positions stay zero, as the memory was made.
                if position >= given {
                    loss += pass.loss(simd, position, (x, weights), memory);
                }
            }
            pass.backward(simd, weights.len(), memory, start);
        }
        loss
    }
}

impl Memory {
    /// Copies the start token's raw outputs to all events of a block.
    #[inline(always)]
    fn raw_in_all_lanes<S: Simd>(&self, block: &mut Memory) {
        for (to, from) in block.raw.rows_mut::<S, VECTORS>().iter_mut().zip(self.raw.rows::<S, VECTORS>()) {
            *to = [from[0]; VECTORS];
        }
    }
}

impl Pass<'_> {
    /// The raw outputs at a position, from the number before it.
    #[inline(always)]
    fn forward<S: Simd>(&self, simd: S, position: usize, x: &[f64], memory: &mut Memory) {
        let Memory { work, features, raw, .. } = memory;
        let (columns, lanes) = (&self.network.columns, lanes::block_events::<S>());
        for (lane, event) in x.chunks_exact(columns.dimension()).enumerate() {
            let numbers = &mut features.numbers_mut(position)[lane..];
            columns.write(position - 1, event[position - 1], numbers, lanes);
        }
        let (features, outputs) = (features.numbers(position), raw.numbers_mut());
        self.decoder.step::<S, VECTORS>(simd, position, features, work, outputs);
    }

    /// The loss of the column at a position, from the raw outputs there; keeps the gradient with respect to them.
    #[inline(always)]
    fn loss<S: Simd>(
        &self,
        simd: S,
        position: usize,
        (x, weights): (&[f64], &[f64]),
        memory: &mut Memory,
    ) -> f64 {
        let Memory { raw, outputs, scratch, pair, .. } = memory;
        let (columns, lanes) = (&self.network.columns, lanes::block_events::<S>());
        // Lanes without an event keep the coordinates of an earlier one, with weight 0.
        let numbers = pair.numbers_mut();
        numbers[lanes..].fill(0.0);
        for (lane, (event, weight)) in x.chunks_exact(columns.dimension()).zip(weights).enumerate() {
            numbers[lane] = event[position] as f32;
            numbers[lanes + lane] = -*weight as f32;
        }
        let rows = pair.rows_mut::<S, VECTORS>();
        let (exponent, factor) = lanes::log_density_and_gradient(
            simd,
            &columns.supports()[position],
            raw.rows::<S, VECTORS>(),
            (rows[0], rows[1]),
            outputs.at_mut::<S, VECTORS>(position),
            scratch.rows_mut::<S, VECTORS>(),
        );
        rows.copy_from_slice(&[exponent, factor]);
        let (exponents, factors) = pair.numbers().split_at(lanes);
        let events = weights.iter().zip(exponents.iter().zip(factors));
        -events.map(|(weight, (exponent, factor))| weight * lanes::log_of(*exponent, *factor)).sum::<f64>()
    }

    /// Adds the gradient of a block, and to the start token's outputs what it sends back to them.
    #[inline(always)]
    fn backward<S: Simd>(&mut self, simd: S, events: usize, memory: &mut Memory, start: &mut Memory) {
        let Memory { work, back, features, outputs, .. } = memory;
        back.clear();
        for position in (1..self.network.columns.dimension()).rev() {
            let (features, outputs) = (features.numbers(position), outputs.numbers(position));
            self.backward.step::<S, VECTORS>(simd, (position, events), features, outputs, (work, back));
        }
        self.backward.end_block::<S, VECTORS>(simd, back);
        let sums = start.outputs.numbers_mut(0).iter_mut().step_by(lanes::block_events::<S>());
        for (sum, row) in sums.zip(outputs.at::<S, VECTORS>(0)) {
            *sum += lanes::total(simd, *row);
        }
    }
}
