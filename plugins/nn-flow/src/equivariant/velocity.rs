//! Velocities of events and their loss.

use amplicast_nn::lanes::{self, Segments, SegmentsMut};
use amplicast_nn::pulp::{Simd, WithSimd};
use amplicast_sdk::Result;

use super::algebra::Algebra;
use super::backward::{BackWork, Backward};
use super::forward::{Forward, Work};
use super::maps::Maps;
use super::shape::Shape;
use super::streams::Streams;
use crate::flow::{DivergenceField, Field, Network, Parameters, Probes, add_products};
use crate::lanes::{Loss, TimeLayer, TimeSums};
use crate::space::{Angles, Kinematics, Lines};
use crate::time::{self, FEATURES};

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

impl<A: Algebra> Network for LaneEquivariant<A> {
    fn field(&self, (layout, parameters): Parameters<'_>) -> Result<Field> {
        let mut parameters = Segments::new(layout, parameters);
        let time = TimeLayer::new(&mut parameters);
        let matrices = Maps::read::<A>(self.shape.blocks, &mut parameters);
        let (kinematics, forward) = (self.kinematics.clone(), Forward::new(&self.shape, &matrices));
        Ok(Box::new(move |t, x, out| {
            let time = time.features(&time::waves(t));
            lanes::dispatch(Velocity { kinematics: &kinematics, forward: &forward, time, x, out });
            Ok(())
        }))
    }

    fn divergence(&self, (layout, parameters): Parameters<'_>) -> Result<DivergenceField> {
        let mut parameters = Segments::new(layout, parameters);
        let time = TimeLayer::new(&mut parameters);
        let matrices = Maps::read::<A>(self.shape.blocks, &mut parameters);
        let (kinematics, forward) = (self.kinematics.clone(), Forward::new(&self.shape, &matrices));
        let mut backward = Backward::of_inputs(&self.shape, &matrices);
        Ok(Box::new(move |t, x, probes, out| {
            let networks = (&forward, &mut backward);
            let time = time.features(&time::waves(t));
            lanes::dispatch(Divergence { kinematics: &kinematics, networks, time, x, probes, out });
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

struct Divergence<'a, A> {
    kinematics: &'a Kinematics,
    networks: (&'a Forward<A>, &'a mut Backward<A>),
    time: [f32; FEATURES],
    x: &'a [f64],
    probes: &'a Probes,
    out: (&'a mut [f64], &'a mut [f64]),
}

impl<A: Algebra> WithSimd for Divergence<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Divergence { kinematics, networks: (forward, backward), time, x, probes, out } = self;
        let (n, lanes) = (kinematics.particles(), S::F32_LANES);
        let mut inputs = Streams::inputs(n, lanes);
        let mut by_inputs = Streams::gradients_of_inputs(n, lanes);
        let mut outputs = Streams::outputs(n, lanes);
        let mut slopes = Streams::outputs(n, lanes);
        let mut work = Work::new(&forward.shape, lanes, true);
        let mut back = BackWork::new::<S>(&forward.shape);
        for first in (0..x.len()).step_by(4 * n * lanes) {
            let all = first..x.len().min(first + 4 * n * lanes);
            let particles = inputs.set(kinematics, lanes, &x[all.clone()], |_| time);
            forward.apply(simd, &inputs, &mut work, &mut outputs);
            for (i, (particle, v)) in particles.iter().zip(out.0[all.clone()].chunks_exact_mut(4)).enumerate()
            {
                let (w, scalars) = outputs.of((i % n, i / n), lanes);
                v.copy_from_slice(&particle.angles.velocity(w, scalars));
            }
            // Lanes without an event count for nothing.
            slopes.clear();
            for direction in 0..probes.count() {
                let e = probes.of(direction, all.clone());
                let seeds = || particles.iter().zip(e.as_chunks().0).enumerate();
                for (i, (particle, e)) in seeds() {
                    slopes.set_of((i % n, i / n), lanes, particle.angles.gradient(*e));
                }
                backward.add(simd, (&work, &mut back), &slopes, &mut by_inputs);
                let mut slope = Vec::with_capacity(e.len());
                for (i, (particle, e)) in seeds() {
                    let place = (i % n, i / n);
                    let by_angles = Angles::own_gradient(*e, outputs.of(place, lanes).0);
                    slope.extend(particle.gradient(by_inputs.first(place, lanes), &by_angles));
                }
                add_products(&e, &slope, &mut out.1[all.start / (4 * n)..all.end / (4 * n)]);
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
        let mut back = BackWork::new::<S>(shape);
        let mut inputs = Streams::inputs(n, lanes);
        let mut by_inputs = Streams::gradients_of_inputs(n, lanes);
        let mut outputs = Streams::outputs(n, lanes);
        let mut slopes = Streams::outputs(n, lanes);
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
            backward.add(simd, (&work, &mut back), &slopes, &mut by_inputs);
            for token in 0..n {
                let rows = &by_inputs.scalars.numbers(token)[n * lanes..];
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
