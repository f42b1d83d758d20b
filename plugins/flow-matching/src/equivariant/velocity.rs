//! Velocities of events and their loss.

use amplicast_nn::lanes::{self, Segments, SegmentsMut, Slots};
use amplicast_nn::pulp::{Simd, WithSimd};

use super::algebra::Algebra;
use super::backward::Backward;
use super::forward::{Forward, Work};
use super::maps::Maps;
use super::shape::Shape;
use super::streams::Streams;
use crate::lanes::{LaneField, LaneNetwork, Loss, TimeLayer, TimeSums};
use crate::space::{Kinematics, Lines};
use crate::time::{self, FEATURES, scalar_count};

/// A network of momenta and scalars that gives a vector and two scalars of each particle, over lanes.
pub(crate) struct LaneEquivariant<A> {
    kinematics: Kinematics,
    shape: Shape<A>,
}

impl<A: Algebra> LaneEquivariant<A> {
    /// With these channels, vectors and scalars each, between blocks, in a head, and in a hidden layer.
    pub fn new(kinematics: &Kinematics, [blocks, heads]: [usize; 2], channels: [[usize; 2]; 3]) -> Self {
        let shape = Shape::new([kinematics.particles(), blocks, heads], channels);
        LaneEquivariant { kinematics: kinematics.clone(), shape }
    }
}

impl<A: Algebra> LaneNetwork for LaneEquivariant<A> {
    fn field(&self, mut parameters: Segments<'_>) -> LaneField {
        let time = TimeLayer::new(&mut parameters);
        let matrices = Maps::read::<A>(self.shape.blocks, &mut parameters);
        let (kinematics, forward) = (self.kinematics.clone(), Forward::new(&self.shape, &matrices));
        Box::new(move |t, x, out| {
            let time = time.features(&time::waves(t));
            lanes::dispatch(Velocity { kinematics: &kinematics, forward: &forward, time, x, out });
        })
    }

    fn loss_and_gradient(
        &self,
        parameters: Segments<'_>,
        lines: &Lines,
        weights: &[f64],
        gradient: SegmentsMut<'_>,
    ) -> f64 {
        lanes::dispatch(Step { network: self, parameters, lines, weights, gradient })
    }
}

struct Velocity<'a, A> {
    kinematics: &'a Kinematics,
    forward: &'a Forward<A>,
    time: [f32; FEATURES],
    x: &'a [f64],
    out: &'a mut [f64],
}

impl<A: Algebra> WithSimd for Velocity<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Velocity { kinematics, forward, time, x, out } = self;
        let (n, lanes) = (kinematics.particles(), S::F32_LANES);
        let mut inputs = Streams::inputs(n, lanes);
        let mut outputs = Streams::outputs(n, lanes);
        let mut work = Work::new(&forward.shape, lanes, false);
        for (x, out) in x.chunks(4 * n * lanes).zip(out.chunks_mut(4 * n * lanes)) {
            let particles = inputs.set(kinematics, lanes, x, |_| time);
            forward.apply(simd, &inputs, &mut work, &mut outputs);
            for (i, (particle, out)) in particles.iter().zip(out.chunks_exact_mut(4)).enumerate() {
                let (w, scalars) = outputs.of((i % n, i / n), lanes);
                out.copy_from_slice(&particle.angles.velocity(w, scalars));
            }
        }
    }
}

struct Step<'a, A> {
    network: &'a LaneEquivariant<A>,
    parameters: Segments<'a>,
    lines: &'a Lines,
    weights: &'a [f64],
    gradient: SegmentsMut<'a>,
}

impl<A: Algebra> WithSimd for Step<'_, A> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Step { network, mut parameters, lines, weights, mut gradient } = self;
        let LaneEquivariant { kinematics, shape } = network;
        let (n, lanes) = (kinematics.particles(), S::F32_LANES);
        let d = 4 * n;
        let (time, mut by_time) = (TimeLayer::new(&mut parameters), TimeSums::default());
        let matrices = Maps::read::<A>(shape.blocks, &mut parameters);
        let forward = Forward::new(shape, &matrices);
        let mut backward = Backward::new::<S>(shape, &matrices);
        let mut work = Work::new(shape, lanes, true);
        let mut inputs = Streams::inputs(n, lanes);
        let mut outputs = Streams::outputs(n, lanes);
        let mut slopes = Streams::outputs(n, lanes);
        let mut by_scalars = Slots::new(n, scalar_count(n), lanes);
        let mut loss = Loss::new(weights, d);
        for first in (0..weights.len()).step_by(lanes) {
            let last = weights.len().min(first + lanes);
            let waves: Vec<_> = lines.t[first..last].iter().map(|t| time::waves(*t)).collect();
            let (x, v) = (&lines.x[first * d..last * d], &lines.v[first * d..last * d]);
            let particles = inputs.set(kinematics, lanes, x, |lane| time.features(&waves[lane]));
            forward.apply(simd, &inputs, &mut work, &mut outputs);
            // Lanes without an event count for nothing.
            slopes.clear();
            for (i, (particle, v)) in particles.iter().zip(v.chunks_exact(4)).enumerate() {
                let (token, lane) = (i % n, i / n);
                let (w, scalars) = outputs.of((token, lane), lanes);
                let found = particle.angles.velocity(w, scalars);
                let slope = loss.add_particle(first + lane, std::array::from_fn(|k| found[k] - v[k]));
                slopes.set_of((token, lane), lanes, particle.angles.gradient(slope));
            }
            backward.add(simd, &work, &slopes, &mut by_scalars);
            for token in 0..n {
                let rows = &by_scalars.numbers(token)[n * lanes..];
                for (lane, waves) in waves.iter().enumerate() {
                    by_time.add(waves, std::array::from_fn(|o| rows[o * lanes + lane]));
                }
            }
        }
        by_time.write(&mut gradient);
        backward.finish(simd, &mut gradient);
        loss.sum
    }
}
