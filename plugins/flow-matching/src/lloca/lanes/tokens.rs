//! The transformer over particles in their frames, and the velocity that comes out of it.

use std::ops::Range;

use amplicast_nn::lanes::{
    Encoder, EncoderBackward, EncoderBackwardWorkspace, EncoderShape, EncoderWorkspace, FRAME, Slots, Work,
};
use amplicast_nn::pulp::Simd;

use crate::lanes::{Loss, Scalars, get, put};
use crate::space::Angles;
use crate::time::FEATURES;

/// Numbers of a particle's vectors.
pub const VECTOR: usize = 4;

/// What the transformer's lanes need of a particle: its coordinates in its frame, the frame, and the derivatives of phi
/// and eta by a vector in its frame.
pub const SEEN: usize = VECTOR + FRAME + 2 * VECTOR;

/// What the transformer reads of a block of events, and its outputs: a vector and two scalars for each particle.
struct Tokens {
    lanes: usize,
    scalars: Scalars,
    features: Slots,
    frames: Slots,
    outputs: Slots,
}

/// Where [`SEEN`] has the derivatives of phi and eta.
const ANGLES: usize = VECTOR + FRAME;

impl Tokens {
    fn new(shape: &EncoderShape, lanes: usize) -> Self {
        let scalars = Scalars { first: VECTOR, tokens: shape.tokens };
        Tokens {
            lanes,
            scalars,
            features: scalars.features(lanes),
            frames: Slots::new(shape.tokens, FRAME, lanes),
            outputs: Slots::new(shape.tokens, shape.output_rows(), lanes),
        }
    }

    fn set(&mut self, times: &[[f32; FEATURES]], seen: &[f64]) {
        self.scalars.set_times(&mut self.features, self.lanes, times);
        put(&mut self.features, self.lanes, (seen, SEEN), 0..VECTOR);
        put(&mut self.frames, self.lanes, (seen, SEEN), VECTOR..ANGLES);
    }

    /// The outputs of a particle of the event in this lane: a vector and two scalars.
    fn output(&self, token: usize, lane: usize) -> ([f64; VECTOR], [f64; 2]) {
        let rows = self.outputs.numbers(token);
        let number = |k: usize| f64::from(rows[k * self.lanes + lane]);
        (std::array::from_fn(number), [number(VECTOR), number(VECTOR + 1)])
    }
}

/// How phi and eta of a particle move with its vector.
fn angles(seen: &[f64]) -> Angles<VECTOR> {
    let [phi, eta] = [ANGLES, ANGLES + VECTOR].map(|first| std::array::from_fn(|k| seen[first + k]));
    Angles { phi, eta }
}

/// Velocities of events.
pub(super) struct Move<'a> {
    pub shape: &'a EncoderShape,
    pub encoder: &'a Encoder,
    pub times: &'a [[f32; FEATURES]],
    pub seen: &'a [f64],
    pub velocity: &'a mut [f64],
}

impl Work for Move<'_> {
    #[inline(always)]
    fn run<S: Simd, const V: usize>(&mut self, simd: S, events: Range<usize>) {
        let (count, lanes) = (self.shape.tokens, V * S::F32_LANES);
        let mut tokens = Tokens::new(self.shape, lanes);
        let mut work = EncoderWorkspace::new(self.shape, lanes, false);
        for first in events.clone().step_by(lanes) {
            let block = first..events.end.min(first + lanes);
            let particles = block.start * count..block.end * count;
            let seen = &self.seen[particles.start * SEEN..particles.end * SEEN];
            tokens.set(&self.times[block], seen);
            let read = (&tokens.features, Some(&tokens.frames));
            self.encoder.apply::<S, V>(simd, read, &mut work, &mut tokens.outputs);
            let out = &mut self.velocity[particles.start * VECTOR..particles.end * VECTOR];
            let particles = out.chunks_exact_mut(VECTOR).zip(seen.chunks_exact(SEEN));
            for (particle, (out, seen)) in particles.enumerate() {
                let (vector, scalars) = tokens.output(particle % count, particle / count);
                out.copy_from_slice(&angles(seen).velocity(vector, scalars));
            }
        }
    }
}

/// The loss of events, its gradient by the transformer's parameters, and that by what it saw.
pub(super) struct Learn<'a> {
    pub shape: &'a EncoderShape,
    pub encoder: &'a Encoder,
    pub backward: &'a mut EncoderBackward,
    pub times: &'a [[f32; FEATURES]],
    pub seen: &'a [f64],
    /// The velocities that there should be.
    pub v: &'a [f64],
    pub loss: Loss<'a>,
    pub by_seen: &'a mut [f64],
    /// The gradient of the time's features, which is added to.
    pub by_times: &'a mut [[f32; FEATURES]],
}

impl Work for Learn<'_> {
    #[inline(always)]
    fn run<S: Simd, const V: usize>(&mut self, simd: S, events: Range<usize>) {
        let (shape, count, lanes) = (self.shape, self.shape.tokens, V * S::F32_LANES);
        let mut tokens = Tokens::new(shape, lanes);
        let mut work = EncoderWorkspace::new(shape, lanes, true);
        let mut back_work = EncoderBackwardWorkspace::new::<S>(shape, lanes);
        let mut by_outputs = Slots::new(count, shape.output_rows(), lanes);
        let mut by_features = Slots::new(count, shape.feature_rows(), lanes);
        let mut by_frames = Slots::new(count, FRAME, lanes);
        for first in events.clone().step_by(lanes) {
            let block = first..events.end.min(first + lanes);
            let particles = block.start * count..block.end * count;
            let seen = &self.seen[particles.start * SEEN..particles.end * SEEN];
            let by_seen = &mut self.by_seen[particles.start * SEEN..particles.end * SEEN];
            let v = &self.v[particles.start * VECTOR..particles.end * VECTOR];
            tokens.set(&self.times[block.clone()], seen);
            let read = (&tokens.features, Some(&tokens.frames));
            self.encoder.apply::<S, V>(simd, read, &mut work, &mut tokens.outputs);
            // Lanes without an event count for nothing.
            by_outputs.clear();
            let particles = seen.chunks_exact(SEEN).zip(by_seen.chunks_exact_mut(SEEN));
            for (particle, ((seen, by_seen), v)) in particles.zip(v.chunks_exact(VECTOR)).enumerate() {
                let (token, lane) = (particle % count, particle / count);
                let ((vector, scalars), angles) = (tokens.output(token, lane), angles(seen));
                let found = angles.velocity(vector, scalars);
                let slope = std::array::from_fn(|k| self.loss.add(first + lane, found[k] - v[k]));
                let (by_phi, by_eta) = by_seen[ANGLES..SEEN].split_at_mut(VECTOR);
                for k in 0..VECTOR {
                    by_phi[k] = slope[1] * vector[k];
                    by_eta[k] = slope[2] * vector[k];
                }
                let (by_vector, by_scalars) = angles.gradient(slope);
                let rows = by_outputs.numbers_mut(token);
                for (k, by_output) in by_vector.iter().chain(&by_scalars).enumerate() {
                    rows[k * lanes + lane] = *by_output as f32;
                }
            }
            let frames = Some((&tokens.frames, &mut by_frames));
            let read = (&tokens.features, frames, block.len());
            let work = (&work, &mut back_work);
            self.backward.apply::<S, V>(simd, read, &by_outputs, work, &mut by_features);
            get(&by_features, lanes, (by_seen, SEEN), 0..VECTOR);
            get(&by_frames, lanes, (by_seen, SEEN), VECTOR..ANGLES);
            tokens.scalars.add_times(&by_features, lanes, &mut self.by_times[block]);
        }
    }
}
