//! The transformer's side of a block of events.

use amplicast_nn::lanes::{
    Encoder, EncoderBackward, EncoderBackwardWorkspace, EncoderShape, EncoderWorkspace, FRAME, Slots,
};
use amplicast_nn::pulp::Simd;

use super::super::event::{ANGLES, SEEN, VECTOR};
use crate::lanes::{Scalars, get, put};
use crate::space::Angles;
use crate::time::FEATURES;

/// What the transformer reads of a block of events, and its outputs: a vector and two scalars for each particle.
pub(super) struct Tokens {
    lanes: usize,
    pub scalars: Scalars,
    features: Slots,
    frames: Slots,
    outputs: Slots,
    work: EncoderWorkspace,
}

/// Gradients by all that.
pub(super) struct TokensBack {
    pub features: Slots,
    frames: Slots,
    outputs: Slots,
    work: EncoderBackwardWorkspace,
}

/// What the transformer says of a particle: how its vector moves, and the scalars.
pub(super) type Output = ([f64; VECTOR], [f64; 2]);

impl Tokens {
    /// With `keep` for a backward pass.
    pub fn new(shape: &EncoderShape, lanes: usize, keep: bool) -> Self {
        let scalars = Scalars { first: VECTOR, tokens: shape.tokens };
        Tokens {
            lanes,
            scalars,
            features: scalars.features(lanes),
            frames: Slots::new(shape.tokens, FRAME, lanes),
            outputs: Slots::new(shape.tokens, shape.outputs, lanes),
            work: EncoderWorkspace::new(shape, lanes, keep),
        }
    }

    /// The outputs of all particles, event by event, from the time's features and what the particles see.
    #[inline(always)]
    pub fn forward<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        encoder: &Encoder,
        times: &[[f32; FEATURES]],
        seen: &[f64],
    ) -> Vec<Output> {
        self.scalars.set_times(&mut self.features, self.lanes, times);
        put(&mut self.features, self.lanes, (seen, SEEN), 0..VECTOR);
        put(&mut self.frames, self.lanes, (seen, SEEN), VECTOR..ANGLES);
        let read = (&self.features, Some(&self.frames));
        encoder.apply::<S, V>(simd, read, &mut self.work, &mut self.outputs);
        let (count, particles) = (self.outputs.count(), seen.len() / SEEN);
        let output = |particle: usize| {
            let (rows, lane) = (self.outputs.numbers(particle % count), particle / count);
            let number = |k: usize| f64::from(rows[k * self.lanes + lane]);
            (std::array::from_fn(number), [number(VECTOR), number(VECTOR + 1)])
        };
        (0..particles).map(output).collect()
    }

    /// Writes the gradient by what the particles see from that by their outputs, both event by event.
    #[inline(always)]
    pub fn backward<S: Simd, const V: usize>(
        &self,
        simd: S,
        backward: &mut EncoderBackward,
        back: &mut TokensBack,
        by_outputs: &[Output],
        by_seen: &mut [f64],
    ) {
        let (count, lanes) = (self.outputs.count(), self.lanes);
        // Lanes without an event count for nothing.
        back.outputs.clear();
        for (particle, (vector, scalars)) in by_outputs.iter().enumerate() {
            let (rows, lane) = (back.outputs.numbers_mut(particle % count), particle / count);
            for (k, by_output) in vector.iter().chain(scalars).enumerate() {
                rows[k * lanes + lane] = *by_output as f32;
            }
        }
        let frames = Some((&self.frames, &mut back.frames));
        let read = (&self.features, frames, by_outputs.len() / count);
        let work = (&self.work, &mut back.work);
        backward.apply::<S, V>(simd, read, &back.outputs, work, &mut back.features);
        get(&back.features, lanes, (by_seen, SEEN), 0..VECTOR);
        get(&back.frames, lanes, (by_seen, SEEN), VECTOR..ANGLES);
    }
}

impl TokensBack {
    pub fn new<S: Simd>(shape: &EncoderShape, lanes: usize) -> Self {
        TokensBack {
            features: Slots::new(shape.tokens, shape.features, lanes),
            frames: Slots::new(shape.tokens, FRAME, lanes),
            outputs: Slots::new(shape.tokens, shape.outputs, lanes),
            work: EncoderBackwardWorkspace::new::<S>(shape, lanes),
        }
    }
}

/// How phi and eta of a particle move with its vector.
pub(super) fn angles(seen: &[f64]) -> Angles<VECTOR> {
    let [phi, eta] = [ANGLES, ANGLES + VECTOR].map(|first| std::array::from_fn(|k| seen[first + k]));
    Angles { phi, eta }
}
