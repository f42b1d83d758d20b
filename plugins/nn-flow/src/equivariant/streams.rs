//! What goes into a network and comes out.

use amplicast_nn::lanes::Slots;

use super::channels::input_channels;
use crate::space::{Kinematics, Particle, REFERENCES};
use crate::time::FEATURES;

/// Vectors (four registers each) and scalars of each token, on blocks of one register of events.
pub(super) struct Streams {
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
    pub fn inputs(particles: usize, events: usize) -> Self {
        let mut inputs = Streams::new(particles, input_channels(particles), events);
        for token in 0..particles {
            let components = inputs.vectors.numbers_mut(token)[4 * events..].chunks_exact_mut(events);
            for (row, component) in components.zip(REFERENCES.concat()) {
                row.fill(component as f32);
            }
            inputs.scalars.numbers_mut(token)[token * events..][..events].fill(1.0);
        }
        inputs
    }

    /// Zeros of the same shape.
    pub fn gradients_of_inputs(particles: usize, events: usize) -> Self {
        Streams::new(particles, input_channels(particles), events)
    }

    /// A vector and two scalars of each particle.
    pub fn outputs(particles: usize, events: usize) -> Self {
        Streams::new(particles, [1, 2], events)
    }

    /// Writes the momenta and times of events; returns the particles, event by event.
    pub fn set(
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

    /// The vector (without its first component) and the scalars of a token in a lane.
    pub fn of(&self, (token, lane): (usize, usize), events: usize) -> ([f64; 3], [f64; 2]) {
        let (vectors, scalars) = (self.vectors.numbers(token), self.scalars.numbers(token));
        let vector = [1, 2, 3].map(|k| f64::from(vectors[k * events + lane]));
        (vector, [0, 1].map(|k| f64::from(scalars[k * events + lane])))
    }

    /// Writes them.
    pub fn set_of(
        &mut self,
        (token, lane): (usize, usize),
        events: usize,
        (vector, scalars): ([f64; 3], [f64; 2]),
    ) {
        let numbers = self.vectors.numbers_mut(token)[events..].iter_mut().skip(lane).step_by(events);
        numbers.zip(vector).for_each(|(out, number)| *out = number as f32);
        let numbers = self.scalars.numbers_mut(token).iter_mut().skip(lane).step_by(events);
        numbers.zip(scalars).for_each(|(out, number)| *out = number as f32);
    }

    /// The first vector of a token in a lane: a momentum, or its gradient.
    pub fn first(&self, (token, lane): (usize, usize), events: usize) -> [f64; 4] {
        let vectors = self.vectors.numbers(token);
        [0, 1, 2, 3].map(|k| f64::from(vectors[k * events + lane]))
    }

    /// Makes all numbers zero.
    pub fn clear(&mut self) {
        self.vectors.clear();
        self.scalars.clear();
    }
}
