//! Events of which some columns are given.

use amplicast_nn::{Conditional, Coordinates};
use amplicast_sdk::{Result, Schema, Stream};
use ndarray::{ArrayView2, Axis};

use super::base::Space;
use super::momenta::{Cuts, Momenta};
use super::plain::Plain;

/// The space of the generated columns, after the coordinates of the given ones, at which an event stays for all times.
///
/// The base distribution, with its cuts, is that of the generated columns alone: partons may lie beside jets.
pub(crate) struct Given {
    coordinates: Conditional,
    generated: Box<dyn Space>,
    /// Conditions of some training events, in coordinates, one after the other.
    some: Vec<f64>,
}

/// Training events whose conditions are kept.
const KEPT: usize = 256;

impl Given {
    /// Fitted to training events, whose columns `given` are given; as four-momenta if these are seen as such.
    pub fn fit(
        training: ArrayView2<'_, f64>,
        schema: &Schema,
        given: &[usize],
        (momenta, cuts): (bool, Cuts),
    ) -> Result<Self> {
        let columns: Vec<usize> = (0..training.ncols()).filter(|column| !given.contains(column)).collect();
        let events = training.select(Axis(1), &columns);
        let named = |names: &[String], width: usize| -> Vec<String> {
            columns.iter().step_by(width).map(|column| names[column / width].clone()).collect()
        };
        let (coordinates, generated): (_, Box<dyn Space>) = if momenta {
            let particles = schema.particles();
            let coordinates = Conditional::momenta(training, particles, given, cuts.pt_min)?;
            (coordinates, Box::new(Momenta::fit(events.view(), &named(particles, 4), cuts)?))
        } else {
            let names = schema.column_names();
            let coordinates = Conditional::plain(training, names, given)?;
            (coordinates, Box::new(Plain::fit(events.view(), &named(names, 1))?))
        };
        let step = training.nrows().div_ceil(KEPT).max(1);
        let mut some = Vec::new();
        for event in training.rows().into_iter().step_by(step) {
            let mut x = vec![0.0; given.len()];
            // What is not finite is refused with its event.
            if coordinates.conditions(&event.to_vec(), &mut x) {
                some.extend(x);
            }
        }
        Ok(Given { coordinates, generated, some })
    }
}

impl Space for Given {
    fn shape(&self) -> [usize; 2] {
        let [tokens, numbers] = self.generated.shape();
        [tokens + self.coordinates.given() / numbers, numbers]
    }

    fn angles(&self) -> &'static [bool] {
        self.generated.angles()
    }

    fn coordinates(&self) -> &dyn Coordinates {
        &self.coordinates
    }

    fn some_conditions(&self) -> &[f64] {
        &self.some
    }

    fn draw(&self, stream: &mut Stream, x: &mut [f64]) {
        self.generated.draw(stream, &mut x[self.coordinates.given()..]);
    }

    fn base_log_density(&self, x: &[f64]) -> f64 {
        self.generated.base_log_density(&x[self.coordinates.given()..])
    }
}
