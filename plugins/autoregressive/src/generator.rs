//! The component and its configuration.

use amplicast_nn::{Coordinates, LogPtPhiEtaLogM2, Standardised, check_sizes, parse_device};
use amplicast_sdk::schemars::JsonSchema;
use amplicast_sdk::serde::{Deserialize, Serialize};
use amplicast_sdk::{
    Abilities, Batch, Component, Error, Generator, LossKind, Model, Result, Schema, config, ensure_config,
};

use tch::Device;

use crate::columns::Columns;
use crate::model::AutoregressiveModel;

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
        /// Where training runs: `cpu`, or `cuda:0`, `cuda:1`, ... for a GPU that libtorch can use. Sampling and densities
        /// run on the CPU always. At this size the CPU is fast; no GPU was there to be measured.
        pub device: String = "cpu".into(),
    }
}

/// The generator `autoregressive`.
#[derive(Debug, Clone)]
pub struct Autoregressive {
    config: AutoregressiveConfig,
    device: Device,
}

impl Component for Autoregressive {
    type Config = AutoregressiveConfig;
    const NAME: &'static str = "autoregressive";
    const ABOUT: &'static str =
        "Autoregressive transformer with Gaussian mixtures (Bahl et al. 2025, Eqs 6-8)";

    fn new(config: AutoregressiveConfig) -> Result<Self> {
        check_sizes(&[
            ("width", config.width),
            ("heads", config.heads),
            ("blocks", config.blocks),
            ("mlp_factor", config.mlp_factor),
            ("components", config.components),
        ])?;
        ensure_config(config.width.is_multiple_of(config.heads), "heads", || {
            format!("expected a divisor of the width {}, found {}", config.width, config.heads)
        })?;
        ensure_config(config.pt_min >= 0.0 && config.pt_min.is_finite(), "pt_min", || {
            format!("expected a transverse momentum in GeV, 0 or more, found {}", config.pt_min)
        })?;
        let device = parse_device(&config.device, tch::Cuda::device_count)?;
        Ok(Autoregressive { config, device })
    }
}

impl Generator for Autoregressive {
    fn abilities(&self) -> Abilities {
        Abilities {
            gradients: Some(LossKind::NegativeLogLikelihood),
            fit: true,
            log_density: true,
            own_members: false,
        }
    }

    fn check(&self, schema: &Schema) -> Result<()> {
        if schema.dimension() == 0 {
            return Err(Error::data("expected events of at least one column, found none"));
        }
        let momenta = self.config.coordinates == CoordinateSystem::LogPtPhiEtaLogM2;
        ensure_config(!momenta || !schema.particles().is_empty(), "coordinates", || {
            format!(
                "`log-pt-phi-eta-log-m2` expects events of four-momenta, found the columns {}; use `cartesian`",
                schema.column_names().join(", ")
            )
        })
    }

    fn prepare(&self, training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.model(training, schema)?))
    }
}

impl Autoregressive {
    /// The model prepared on training events, as its own type.
    pub fn model(&self, training: &Batch<'_>, schema: &Schema) -> Result<AutoregressiveModel> {
        self.check(schema)?;
        let events = training.values;
        if events.ncols() != schema.dimension() {
            return Err(Error::data(format!(
                "expected training events of {} columns, found {}",
                schema.dimension(),
                events.ncols()
            )));
        }
        match self.config.coordinates {
            CoordinateSystem::Cartesian => {
                let map = Standardised::fit(events, schema.column_names())?;
                let columns = Columns::plain(map.supports());
                AutoregressiveModel::new((&self.config, self.device), Box::new(map), columns, events)
            }
            CoordinateSystem::LogPtPhiEtaLogM2 => {
                let map = LogPtPhiEtaLogM2::fit(events, schema.particles(), self.config.pt_min)?;
                let columns = Columns::particles(map.supports());
                AutoregressiveModel::new((&self.config, self.device), Box::new(map), columns, events)
            }
        }
    }
}

amplicast_sdk::register_generator!(Autoregressive);
