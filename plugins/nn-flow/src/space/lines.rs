//! Lines between events and the base.

use amplicast_sdk::momenta::wrap_angle;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Seed, Stream};

use super::base::Space;

/// Wraps the numbers of events that are angles.
pub(crate) fn wrap_angles(space: &dyn Space, x: &mut [f64]) {
    for token in x.chunks_exact_mut(space.angles().len()) {
        token
            .iter_mut()
            .zip(space.angles())
            .filter(|(_, angle)| **angle)
            .for_each(|(x, _)| *x = wrap_angle(*x));
    }
}

/// Points on the lines from events to the base: what a step of the training looks at.
pub struct Lines {
    /// Times between 0 (events) and 1, one an event.
    pub t: Vec<f64>,
    /// x_t = x_0 + t v, angles wrapped.
    pub x: Vec<f64>,
    /// v = x_1 - x_0, angles the short way round; 0 of coordinates that are given.
    pub v: Vec<f64>,
}

impl Lines {
    /// From these events (coordinates, one after the other), each with a time and a base point of its own.
    pub(crate) fn new(space: &dyn Space, events: &[f64], seed: Seed) -> Self {
        let (d, given) = (space.dimension(), space.given());
        let mut lines = Lines { t: Vec::new(), x: events.to_vec(), v: vec![0.0; events.len()] };
        let mut stream = seed.stream();
        for (x, v) in lines.x.chunks_exact_mut(d).zip(lines.v.chunks_exact_mut(d)) {
            let t: f64 = stream.random();
            space.draw(&mut stream, v);
            v.iter_mut().zip(&*x).skip(given).for_each(|(v, x)| *v -= x);
            wrap_angles(space, v);
            x.iter_mut().zip(&*v).for_each(|(x, v)| *x += t * v);
            wrap_angles(space, x);
            lines.t.push(t);
        }
        lines
    }
}

/// Base points (coordinates) of `n` events; those that are given are 0.
pub(crate) fn base(space: &dyn Space, n: usize, stream: &mut Stream) -> Vec<f64> {
    let d = space.dimension();
    let mut x = vec![0.0; n * d];
    x.chunks_exact_mut(d).for_each(|x| space.draw(stream, x));
    x
}
