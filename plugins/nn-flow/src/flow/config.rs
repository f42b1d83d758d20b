//! The settings of a flow.

use amplicast_sdk::schemars::JsonSchema;
use amplicast_sdk::serde::{Deserialize, Serialize};
use amplicast_sdk::{Result, config, ensure_config};

use super::solver::{Solver, SolverKind};

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
        /// `fixed`, `adaptive` or `multistep`.
        pub solver: SolverKind = SolverKind::Fixed,
        /// Steps of the fixed solver, of four calls of the network each.
        pub steps: u64 = 50,
        /// Error that a step of the adaptive solver may have, root mean square over the numbers of a batch, relative to
        /// 1 + |x|; or that events of `multistep` may have, root mean square over their coordinates, which are standardized, and over 95 % of
        /// them.
        pub tolerance: f64 = 1e-3,
        /// `exact` or `hutchinson`, for densities.
        pub divergence: Divergence = Divergence::Exact,
        /// Probes of `hutchinson`: the noise of a trace falls with their root.
        pub probes: u64 = 1,
    }
}

impl FlowConfig {
    /// An error that names the key for values out of range.
    pub(crate) fn check(&self) -> Result<()> {
        ensure_config(self.probes > 0, "flow.probes", || "expected at least 1, found 0".into())?;
        ensure_config(self.steps > 0, "flow.steps", || "expected at least 1, found 0".into())?;
        ensure_config(self.tolerance > 0.0 && self.tolerance.is_finite(), "flow.tolerance", || {
            format!("expected a positive number, found {}", self.tolerance)
        })
    }

    /// The same for events of which so many of all coordinates are generated: an error is a mean over all of them, those that are given
    /// stay without any, and the tolerance is that of the others.
    pub(crate) fn of_generated(&self, generated: usize, all: usize) -> Self {
        FlowConfig { tolerance: self.tolerance * (generated as f64 / all as f64).sqrt(), ..self.clone() }
    }

    /// The solver of densities, and of samples unless these have one of their own.
    pub(crate) fn solver(&self) -> Solver {
        match self.solver {
            SolverKind::Fixed => Solver::Fixed { steps: self.steps },
            SolverKind::Adaptive | SolverKind::Multistep => Solver::Adaptive { tolerance: self.tolerance },
        }
    }
}
