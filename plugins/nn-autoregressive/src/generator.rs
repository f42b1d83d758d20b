//! The component.

use amplicast_nn::{
    Conditional, Coordinates, LogPtPhiEtaLogM2, Standardized, check_cpu, check_heads, check_sizes, lanes,
};
use amplicast_sdk::{
    Abilities, Batch, Component, Error, Generator, LossKind, Model, Result, Schema, ensure_config,
    given_columns,
};

use crate::columns::Columns;
use crate::config::{AutoregressiveConfig, CoordinateSystem};
use crate::model::{AutoregressiveModel, Step};

/// The generator `autoregressive`.
#[derive(Debug, Clone)]
pub struct Autoregressive {
    config: AutoregressiveConfig,
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
        check_heads(config.width, config.heads)?;
        ensure_config(config.pt_min >= 0.0 && config.pt_min.is_finite(), "pt_min", || {
            format!("expected a transverse momentum in GeV, 0 or more, found {}", config.pt_min)
        })?;
        check_cpu(&config.device, Autoregressive::NAME)?;
        Ok(Autoregressive { config })
    }
}

impl Generator for Autoregressive {
    fn abilities(&self) -> Abilities {
        Abilities {
            gradients: Some(LossKind::NegativeLogLikelihood),
            fit: true,
            // Of whole events, which a conditional one does not generate.
            log_density: self.config.condition.is_empty(),
            own_members: false,
            weights: true,
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
        })?;
        self.conditions(schema).map(drop)
    }

    fn conditions(&self, schema: &Schema) -> Result<Vec<usize>> {
        given_columns(&self.config.condition, schema)
    }

    fn prepare(&self, training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.model(training, schema, Box::new(|loss| Ok(lanes::dispatch(loss))))?))
    }
}

impl Autoregressive {
    /// The model prepared on training events, with a way to compute loss and gradient.
    pub fn model(&self, training: &Batch<'_>, schema: &Schema, step: Step) -> Result<AutoregressiveModel> {
        self.check(schema)?;
        let events = training.values;
        if events.ncols() != schema.dimension() {
            return Err(Error::data(format!(
                "expected training events of {} columns, found {}",
                schema.dimension(),
                events.ncols()
            )));
        }
        let (names, given) = (schema.column_names(), self.conditions(schema)?);
        match self.config.coordinates {
            CoordinateSystem::Cartesian if !given.is_empty() => {
                let map = Conditional::plain(events, names, &given)?;
                let columns = Columns::plain(map.supports());
                AutoregressiveModel::new((&self.config, step), Box::new(map), columns, training)
            }
            CoordinateSystem::LogPtPhiEtaLogM2 if !given.is_empty() => {
                let map = Conditional::momenta(events, schema.particles(), &given, self.config.pt_min)?;
                let columns = Columns::particles(map.supports());
                AutoregressiveModel::new((&self.config, step), Box::new(map), columns, training)
            }
            CoordinateSystem::Cartesian => {
                let map = Standardized::fit(events, names)?;
                let columns = Columns::plain(map.supports());
                AutoregressiveModel::new((&self.config, step), Box::new(map), columns, training)
            }
            CoordinateSystem::LogPtPhiEtaLogM2 => {
                let map = LogPtPhiEtaLogM2::fit(events, schema.particles(), self.config.pt_min)?;
                let columns = Columns::particles(map.supports());
                AutoregressiveModel::new((&self.config, step), Box::new(map), columns, training)
            }
        }
    }
}
