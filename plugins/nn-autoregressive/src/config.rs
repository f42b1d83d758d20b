//! The configuration.

use amplicast_sdk::config;
use amplicast_sdk::schemars::JsonSchema;
use amplicast_sdk::serde::{Deserialize, Serialize};

/// The coordinates in which the network sees events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "amplicast_sdk::serde", rename_all = "kebab-case")]
#[schemars(crate = "amplicast_sdk::schemars")]
pub enum CoordinateSystem {
    /// The columns as they are, shifted and scaled to mean 0 and standard deviation 1.
    Cartesian,
    /// For four-momenta, particle by particle: log pT above a cut, phi, eta, log m^2.
    LogPtPhiEtaLogM2,
}

config! {
    /// An autoregressive transformer with Gaussian mixtures. The defaults have 19 260 parameters on two columns.
    pub struct AutoregressiveConfig {
        /// Width of the tokens.
        pub width: usize = 32,
        /// Attention heads; must divide the width.
        pub heads: usize = 4,
        /// Transformer blocks.
        pub blocks: usize = 2,
        /// Width of the hidden layer of each block over the width of the tokens.
        pub mlp_factor: usize = 2,
        /// Gaussians in each mixture.
        pub components: usize = 20,
        /// Coordinates in which the network sees events.
        pub coordinates: CoordinateSystem = CoordinateSystem::Cartesian,
        /// Smallest transverse momentum of a particle in GeV, where `log-pt-phi-eta-log-m2` begins; unused otherwise.
        pub pt_min: f64 = 22.0,
        /// Columns, or particles of four-momenta, that are given and not generated: the network learns the density of the others given
        /// these. `log-pt-phi-eta-log-m2` takes whole particles.
        pub condition: Vec<String> = Vec::new(),
        /// Where training runs: `cpu`; with `autoregressive-torch` also `cuda:0`, `cuda:1`, ... for a GPU that libtorch can
        /// use. Sampling and densities run on the CPU always. At this size the CPU is fast; no GPU was there to be measured.
        pub device: String = "cpu".into(),
    }
}
