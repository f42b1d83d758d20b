//! Where a flow lives: the coordinates of events, and the base distribution at the other end of time.

mod momenta;
mod plain;

use amplicast_sdk::schemars::JsonSchema;
use amplicast_sdk::serde::{Deserialize, Serialize};
use amplicast_sdk::{Error, Result, Schema, Stream, ensure_config};
use ndarray::ArrayView2;

pub(crate) use momenta::Momenta;
pub(crate) use plain::Plain;

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

/// The events' coordinates x and the base distribution.
pub(crate) trait Space: Send + Sync {
    /// Tokens of an event (particles, columns), and numbers of each.
    fn shape(&self) -> [usize; 2];

    /// Numbers of an event.
    fn dimension(&self) -> usize {
        self.shape().into_iter().product()
    }

    /// Which numbers of a token are angles, on a circle of 2 pi.
    fn angles(&self) -> &'static [bool];

    /// Writes an event's coordinates; returns log|dx/d(event)|, or `None` for an event outside of the domain.
    fn forward(&self, event: &[f64], x: &mut [f64]) -> Option<f64>;

    /// Writes the event at these coordinates; returns log|dx/d(event)| there.
    fn inverse(&self, x: &[f64], event: &mut [f64]) -> f64;

    /// Draws the coordinates of a point of the base distribution.
    fn draw(&self, stream: &mut Stream, x: &mut [f64]);

    /// The base's log density over the coordinates x.
    fn base_log_density(&self, x: &[f64]) -> f64;
}

/// Cuts of events of four-momenta.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cuts {
    /// Smallest transverse momentum of a particle in GeV.
    pub pt_min: f64,
    /// Smallest distance of two particles in the plane of eta and phi.
    pub delta_r_min: f64,
}

impl Cuts {
    pub fn check(self) -> Result<Self> {
        for (name, value) in [("pt_min", self.pt_min), ("delta_r_min", self.delta_r_min)] {
            ensure_config(value >= 0.0 && value.is_finite(), name, || {
                format!("expected a finite number, 0 or more, found {value}")
            })?;
        }
        Ok(self)
    }
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

    /// The space of these training events.
    pub(crate) fn space(
        self,
        training: ArrayView2<'_, f64>,
        schema: &Schema,
        cuts: Cuts,
    ) -> Result<Box<dyn Space>> {
        if training.ncols() != schema.dimension() {
            return Err(Error::data(format!(
                "expected training events of {} columns, found {}",
                schema.dimension(),
                training.ncols()
            )));
        }
        Ok(if self.momenta(schema)? {
            Box::new(Momenta::fit(training, schema.particles(), cuts)?)
        } else {
            Box::new(Plain::fit(training, schema.column_names())?)
        })
    }
}
