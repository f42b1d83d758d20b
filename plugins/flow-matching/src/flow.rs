//! The flow between events and the base: its settings, its loss, its integration.

use amplicast_nn::wrap_angle;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::schemars::JsonSchema;
use amplicast_sdk::serde::{Deserialize, Serialize};
use amplicast_sdk::{Result, Seed, Stream, config, ensure_config};

use crate::solver::{Solver, SolverKind};
use crate::space::Space;

/// How the divergence of the velocity, which a density needs, is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "amplicast_sdk::serde", rename_all = "kebab-case")]
#[schemars(crate = "amplicast_sdk::schemars")]
pub enum Divergence {
    /// Exactly: as many backward passes as an event has numbers.
    Exact,
    /// By random probes of +-1 (Hutchinson), one backward pass each: a log density has the noise of the traces' estimates,
    /// which no number of events averages away in its exponential.
    Hutchinson,
}

config! {
    /// How a flow is integrated.
    pub struct FlowConfig {
        /// `fixed` or `adaptive`.
        pub solver: SolverKind = SolverKind::Fixed,
        /// Steps of the fixed solver, of four calls of the network each.
        pub steps: u64 = 50,
        /// Error that a step of the adaptive solver may have: root mean square over the numbers of a batch, relative to
        /// 1 + |x|.
        pub tolerance: f64 = 1e-3,
        /// `exact` or `hutchinson`, for densities.
        pub divergence: Divergence = Divergence::Exact,
        /// Probes of `hutchinson`: the noise of a trace falls with their root.
        pub probes: u64 = 1,
    }
}

impl FlowConfig {
    /// The solver; an error that names the key for values out of range.
    pub(crate) fn solver(&self) -> Result<Solver> {
        ensure_config(self.probes > 0, "flow.probes", || "expected at least 1, found 0".into())?;
        Solver::new(self.solver, self.steps, self.tolerance)
    }
}

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
pub(crate) struct Lines {
    /// Times between 0 (events) and 1, one an event.
    pub t: Vec<f64>,
    /// x_t = x_0 + t v, angles wrapped.
    pub x: Vec<f64>,
    /// v = x_1 - x_0, angles the short way round.
    pub v: Vec<f64>,
}

impl Lines {
    /// From these events (coordinates, one after the other), each with a time and a base point of its own.
    pub fn new(space: &dyn Space, events: &[f64], seed: Seed) -> Self {
        let d = space.dimension();
        let mut lines = Lines { t: Vec::new(), x: events.to_vec(), v: vec![0.0; events.len()] };
        let mut stream = seed.stream();
        for (x, v) in lines.x.chunks_exact_mut(d).zip(lines.v.chunks_exact_mut(d)) {
            let t: f64 = stream.random();
            space.draw(&mut stream, v);
            v.iter_mut().zip(&*x).for_each(|(v, x)| *v -= x);
            wrap_angles(space, v);
            x.iter_mut().zip(&*v).for_each(|(x, v)| *x += t * v);
            wrap_angles(space, x);
            lines.t.push(t);
        }
        lines
    }
}

/// Base points (coordinates) of `n` events.
pub(crate) fn base(space: &dyn Space, n: usize, stream: &mut Stream) -> Vec<f64> {
    let d = space.dimension();
    let mut x = vec![0.0; n * d];
    x.chunks_exact_mut(d).for_each(|x| space.draw(stream, x));
    x
}
