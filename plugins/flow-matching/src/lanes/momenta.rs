//! Velocities and their loss for networks of momenta and scalars that give a vector and two scalars of each particle.

use amplicast_nn::lanes::{self, Slots};
use amplicast_nn::pulp::{Simd, WithSimd};
use amplicast_sdk::Layout;

use super::time::{TimeLayer, TimeSums};
use super::{LaneField, LaneNetwork};
use crate::flow::Lines;
use crate::kinematics::{Kinematics, Particle};
use crate::lorentz::{REFERENCES, scalar_count};
use crate::time::{self, FEATURES};

/// Vectors (four registers each) and scalars of each token, on blocks of one register of events.
pub(crate) struct Streams {
    pub vectors: Slots,
    pub scalars: Slots,
}

impl Streams {
    fn new(tokens: usize, [vectors, scalars]: [usize; 2], events: usize) -> Self {
        Streams {
            vectors: Slots::new(tokens, vectors, 4 * events),
            scalars: Slots::new(tokens, scalars, events),
        }
    }

    /// Momenta and references, identities and times.
    fn inputs(particles: usize, events: usize) -> Self {
        let mut inputs = Streams::new(particles, [1 + REFERENCES.len(), scalar_count(particles)], events);
        for token in 0..particles {
            let components = inputs.vectors.numbers_mut(token)[4 * events..].chunks_exact_mut(events);
            for (row, component) in components.zip(REFERENCES.concat()) {
                row.fill(component as f32);
            }
            inputs.scalars.numbers_mut(token)[token * events..][..events].fill(1.0);
        }
        inputs
    }

    /// A vector and two scalars of each particle.
    fn outputs(particles: usize, events: usize) -> Self {
        Streams::new(particles, [1, 2], events)
    }

    /// Writes the momenta and times of events; returns the particles, event by event.
    fn set(
        &mut self,
        kinematics: &Kinematics,
        events: usize,
        x: &[f64],
        times: impl Fn(usize) -> [f32; FEATURES],
    ) -> Vec<Particle> {
        let particles = kinematics.particles();
        let mut out = Vec::with_capacity(x.len() / 4);
        for (lane, event) in x.chunks_exact(4 * particles).enumerate() {
            let time = times(lane);
            for (token, x) in event.chunks_exact(4).enumerate() {
                let particle = kinematics.particle(token, x);
                let numbers = self.vectors.numbers_mut(token);
                for (k, component) in particle.momentum.iter().enumerate() {
                    numbers[k * events + lane] = *component as f32;
                }
                let numbers = self.scalars.numbers_mut(token);
                for (k, feature) in time.iter().enumerate() {
                    numbers[(particles + k) * events + lane] = *feature;
                }
                out.push(particle);
            }
        }
        out
    }
}

/// Such a network, in plain Rust.
pub(crate) trait Momenta: Clone + 'static {
    /// It with its weights.
    type Forward: 'static;
    /// Activations of one block of events.
    type Work;
    /// The gradient of the weights.
    type Gradient: Gradient<Self::Work>;

    fn kinematics(&self) -> &Kinematics;

    fn forward(&self, layout: &Layout, parameters: &[f32]) -> Self::Forward;

    /// Memory for blocks of `events`; with `keep` for what the gradient needs.
    fn work(&self, events: usize, keep: bool) -> Self::Work;

    /// The outputs of a block of events.
    fn apply<S: Simd>(
        simd: S,
        forward: &Self::Forward,
        inputs: &Streams,
        work: &mut Self::Work,
        outputs: &mut Streams,
    );

    fn gradient<S: Simd>(&self, layout: &Layout, parameters: &[f32]) -> Self::Gradient;
}

/// The sum of a network's gradients over events.
pub(crate) trait Gradient<Work> {
    /// Adds that of a block of events from the gradient of its outputs, which is zero in lanes without an event; writes
    /// that of the scalars that entered. `work` holds what the forward pass left.
    fn add<S: Simd>(&mut self, simd: S, work: &Work, outputs: &Streams, scalars: &mut Slots);

    /// Writes the gradient of the parameters, and leaves the time's as they are.
    fn finish<S: Simd>(self, simd: S, layout: &Layout, gradient: &mut [f32]);
}

/// The network over lanes.
pub(crate) struct LaneMomenta<N>(pub N);

impl<N: Momenta> LaneNetwork for LaneMomenta<N> {
    fn field(&self, layout: &Layout, parameters: &[f32]) -> Box<dyn LaneField> {
        let time = TimeLayer::new(layout, parameters);
        Box::new(Field { network: self.0.clone(), forward: self.0.forward(layout, parameters), time })
    }

    fn loss_and_gradient(
        &self,
        layout: &Layout,
        parameters: &[f32],
        lines: &Lines,
        weights: &[f64],
        gradient: &mut [f32],
    ) -> f64 {
        lanes::dispatch(Loss { network: &self.0, layout, parameters, lines, weights, gradient })
    }
}

struct Field<N: Momenta> {
    network: N,
    forward: N::Forward,
    time: TimeLayer,
}

impl<N: Momenta> LaneField for Field<N> {
    fn velocity(&self, t: f64, x: &[f64], out: &mut [f64]) {
        lanes::dispatch(Velocity { field: self, t, x, out });
    }
}

struct Velocity<'a, N: Momenta> {
    field: &'a Field<N>,
    t: f64,
    x: &'a [f64],
    out: &'a mut [f64],
}

impl<N: Momenta> WithSimd for Velocity<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Velocity { field, t, x, out } = self;
        let (kinematics, lanes) = (field.network.kinematics(), S::F32_LANES);
        let n = kinematics.particles();
        let mut inputs = Streams::inputs(n, lanes);
        let mut outputs = Streams::outputs(n, lanes);
        let mut work = field.network.work(lanes, false);
        let time = field.time.features(&time::waves(t));
        for (x, out) in x.chunks(4 * n * lanes).zip(out.chunks_mut(4 * n * lanes)) {
            let particles = inputs.set(kinematics, lanes, x, |_| time);
            N::apply(simd, &field.forward, &inputs, &mut work, &mut outputs);
            for (i, (particle, out)) in particles.iter().zip(out.chunks_exact_mut(4)).enumerate() {
                out.copy_from_slice(&velocity(&mut outputs, particle, (i % n, i / n, lanes)));
            }
        }
    }
}

/// Of a particle, by the outputs of its token in a lane.
fn velocity(
    outputs: &mut Streams,
    particle: &Particle,
    (token, lane, lanes): (usize, usize, usize),
) -> [f64; 4] {
    let number = |numbers: &[f32], row: usize| f64::from(numbers[row * lanes + lane]);
    let numbers = outputs.vectors.numbers_mut(token);
    let w = [1, 2, 3].map(|k| number(numbers, k));
    let numbers = outputs.scalars.numbers_mut(token);
    particle.velocity(w, [number(numbers, 0), number(numbers, 1)])
}

struct Loss<'a, N> {
    network: &'a N,
    layout: &'a Layout,
    parameters: &'a [f32],
    lines: &'a Lines,
    weights: &'a [f64],
    gradient: &'a mut [f32],
}

impl<N: Momenta> WithSimd for Loss<'_, N> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Loss { network, layout, parameters, lines, weights, gradient } = self;
        let (kinematics, lanes) = (network.kinematics(), S::F32_LANES);
        let n = kinematics.particles();
        let d = 4 * n;
        let forward = network.forward(layout, parameters);
        let mut sums = network.gradient::<S>(layout, parameters);
        let mut work = network.work(lanes, true);
        let (time, mut time_sums) = (TimeLayer::new(layout, parameters), TimeSums::default());
        let mut inputs = Streams::inputs(n, lanes);
        let mut outputs = Streams::outputs(n, lanes);
        let mut slopes = Streams::outputs(n, lanes);
        let mut by_scalars = Slots::new(n, scalar_count(n), lanes);
        let mut loss = 0.0;
        for first in (0..weights.len()).step_by(lanes) {
            let last = weights.len().min(first + lanes);
            let waves: Vec<_> = lines.t[first..last].iter().map(|t| time::waves(*t)).collect();
            let (x, v) = (&lines.x[first * d..last * d], &lines.v[first * d..last * d]);
            let particles = inputs.set(kinematics, lanes, x, |lane| time.features(&waves[lane]));
            N::apply(simd, &forward, &inputs, &mut work, &mut outputs);
            // Lanes without an event count for nothing.
            slopes.vectors.clear();
            slopes.scalars.clear();
            for (i, (particle, v)) in particles.iter().zip(v.chunks_exact(4)).enumerate() {
                let (token, lane) = (i % n, i / n);
                let found = velocity(&mut outputs, particle, (token, lane, lanes));
                let share = weights[first + lane] / d as f64;
                let off: [f64; 4] = std::array::from_fn(|k| found[k] - v[k]);
                loss += 0.5 * share * off.iter().map(|off| off * off).sum::<f64>();
                let (w, scalars) = particle.velocity_gradient(off.map(|off| share * off));
                let numbers = slopes.vectors.numbers_mut(token);
                for (k, slope) in w.iter().enumerate() {
                    numbers[(1 + k) * lanes + lane] = *slope as f32;
                }
                let numbers = slopes.scalars.numbers_mut(token);
                for (k, slope) in scalars.iter().enumerate() {
                    numbers[k * lanes + lane] = *slope as f32;
                }
            }
            sums.add(simd, &work, &slopes, &mut by_scalars);
            for token in 0..n {
                let rows = &by_scalars.numbers_mut(token)[n * lanes..];
                for (lane, waves) in waves.iter().enumerate() {
                    time_sums.add(waves, std::array::from_fn(|o| rows[o * lanes + lane]));
                }
            }
        }
        sums.finish(simd, layout, gradient);
        time_sums.write(layout, gradient);
        loss
    }
}
