//! The choice of coordinates.

use amplicast_sdk::schemars::JsonSchema;
use amplicast_sdk::serde::{Deserialize, Serialize};
use amplicast_sdk::{Error, Result, Schema, ensure_config};
use ndarray::ArrayView2;

use super::base::Space;
use super::conditional::Given;
use super::momenta::{Cuts, Momenta};
use super::plain::Plain;

/// The coordinates in which events flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "amplicast_sdk::serde", rename_all = "kebab-case")]
#[schemars(crate = "amplicast_sdk::schemars")]
pub enum CoordinateSystem {
    /// `log-pt-phi-eta-log-m2` for events of four-momenta, `cartesian` for all others.
    Automatic,
    /// The columns as they are, shifted and scaled to mean 0 and standard deviation 1; the base is a standard normal
    /// distribution.
    Cartesian,
    /// For four-momenta, particle by particle: log pT above a cut, phi, eta, log m^2. The base has normal momenta, with the
    /// cuts of the events.
    LogPtPhiEtaLogM2,
}

impl CoordinateSystem {
    /// Whether events of this schema are taken as four-momenta; an error if they cannot be.
    pub(crate) fn momenta(self, schema: &Schema) -> Result<bool> {
        if schema.dimension() == 0 {
            return Err(Error::data("expected events of at least one column, found none"));
        }
        let particles = !schema.particles().is_empty();
        ensure_config(self != CoordinateSystem::LogPtPhiEtaLogM2 || particles, "coordinates", || {
            format!(
                "`log-pt-phi-eta-log-m2` expects events of four-momenta, found the columns {}; use `cartesian`",
                schema.column_names().join(", ")
            )
        })?;
        Ok(particles && self != CoordinateSystem::Cartesian)
    }

    /// The space of these training events, whose columns `given` are given.
    pub(crate) fn space(
        self,
        training: ArrayView2<'_, f64>,
        schema: &Schema,
        given: &[usize],
        cuts: Cuts,
    ) -> Result<Box<dyn Space>> {
        check_columns(training, schema)?;
        let momenta = self.momenta(schema)?;
        Ok(if !given.is_empty() {
            Box::new(Given::fit(training, schema, given, (momenta, cuts))?)
        } else if momenta {
            Box::new(Momenta::fit(training, schema.particles(), cuts)?)
        } else {
            Box::new(Plain::fit(training, schema.column_names())?)
        })
    }
}

/// Refuses training events that are not of this schema.
pub(crate) fn check_columns(training: ArrayView2<'_, f64>, schema: &Schema) -> Result<()> {
    let (expected, found) = (schema.dimension(), training.ncols());
    if found == expected {
        return Ok(());
    }
    Err(Error::data(format!("expected training events of {expected} columns, found {found}")))
}
