//! Coordinates of events of which some columns are given: those of the given columns first, then those of the others.

use amplicast_sdk::momenta::azimuth;
use amplicast_sdk::ndarray::{ArrayView2, Axis};
use amplicast_sdk::{Result, ensure_config};

use super::log_pt::ROUNDING;
use super::{Coordinates, ETA_MAX, LogPtPhiEtaLogM2, OFFSET, Standardized, UNIT_GEV, moments, rows};
use crate::Support;

/// Spread of a condition, relative to its size, below which it is rounding: what never changes tells nothing.
const LEAST_SPREAD: f64 = 1e-12;

/// x = (coordinates of the given columns, coordinates of the generated ones), each in the order of the event.
///
/// Nothing is generated in the given columns, so that their part needs no inverse and has no domain: a parton may lie below the cut
/// of the jets, and have no mass. [`Coordinates::forward`] and [`Coordinates::inverse`] give the Jacobian of the generated part, and
/// the latter leaves the given columns of an event as they are.
pub struct Conditional {
    given: Vec<usize>,
    generated: Vec<usize>,
    conditions: Conditions,
    coordinates: Box<dyn Coordinates>,
}

impl Conditional {
    /// Columns of any meaning, shifted and scaled ([`Standardized`]), of which `given` are given.
    pub fn plain(training: ArrayView2<'_, f64>, names: &[String], given: &[usize]) -> Result<Self> {
        let generated = others(training.ncols(), given);
        let names: Vec<String> = generated.iter().map(|&column| names[column].clone()).collect();
        let coordinates = Standardized::fit(training.select(Axis(1), &generated).view(), &names)?;
        Ok(Self::new(training, (given, generated), Kind::Plain, Box::new(coordinates)))
    }

    /// Four-momenta of particles ([`LogPtPhiEtaLogM2`], with this cut in GeV for those that are generated), of which some are given, with all
    /// of their columns.
    pub fn momenta(
        training: ArrayView2<'_, f64>,
        particles: &[String],
        given: &[usize],
        pt_min_gev: f64,
    ) -> Result<Self> {
        let whole = given.chunks(4).all(|four| four[0] % 4 == 0 && four.len() == 4 && four[3] == four[0] + 3);
        ensure_config(whole, "condition", || {
            format!(
                "expected whole particles of {} as four-momenta are seen as pT, phi, eta and mass, found some of their columns; use \
                 `coordinates = \"cartesian\"`",
                particles.join(", ")
            )
        })?;
        let generated = others(training.ncols(), given);
        let names: Vec<String> =
            generated.iter().step_by(4).map(|&column| particles[column / 4].clone()).collect();
        let events = training.select(Axis(1), &generated);
        let coordinates = LogPtPhiEtaLogM2::fit(events.view(), &names, pt_min_gev)?;
        Ok(Self::new(training, (given, generated), Kind::Momenta, Box::new(coordinates)))
    }

    fn new(
        training: ArrayView2<'_, f64>,
        (given, generated): (&[usize], Vec<usize>),
        kind: Kind,
        coordinates: Box<dyn Coordinates>,
    ) -> Self {
        let conditions = Conditions::fit(training.select(Axis(1), given).view(), kind);
        Conditional { given: given.to_vec(), generated, conditions, coordinates }
    }
}

/// The columns that are not among these.
fn others(columns: usize, given: &[usize]) -> Vec<usize> {
    (0..columns).filter(|column| !given.contains(column)).collect()
}

impl Coordinates for Conditional {
    fn supports(&self) -> Vec<Support> {
        let mut supports = self.conditions.supports();
        supports.extend(self.coordinates.supports());
        supports
    }

    fn given(&self) -> usize {
        self.given.len()
    }

    fn conditions(&self, event: &[f64], x: &mut [f64]) -> bool {
        for (x, &column) in x.iter_mut().zip(&self.given) {
            *x = event[column];
        }
        self.conditions.apply(x);
        x.iter().all(|x| x.is_finite())
    }

    fn forward(&self, event: &[f64], x: &mut [f64]) -> Option<f64> {
        let (conditions, x) = x.split_at_mut(self.given.len());
        let generated: Vec<f64> = self.generated.iter().map(|&column| event[column]).collect();
        self.conditions(event, conditions).then(|| self.coordinates.forward(&generated, x)).flatten()
    }

    fn inverse(&self, x: &[f64], event: &mut [f64]) -> f64 {
        let mut generated = vec![0.0; self.generated.len()];
        let log_jacobian = self.coordinates.inverse(&x[self.given.len()..], &mut generated);
        self.generated.iter().zip(generated).for_each(|(&column, value)| event[column] = value);
        log_jacobian
    }
}

/// What the given columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Any numbers.
    Plain,
    /// (E, px, py, pz) of particles in GeV.
    Momenta,
}

/// Given columns as inputs of a network: numbers as they are, or log(pT + c), phi, eta within +-5 and log(m^2 + c) in the units of
/// [`LogPtPhiEtaLogM2`]; all but the angles are standardized.
struct Conditions {
    kind: Kind,
    /// Mean and standard deviation of each.
    moments: Vec<(f64, f64)>,
}

impl Conditions {
    fn fit(training: ArrayView2<'_, f64>, kind: Kind) -> Self {
        let mut conditions = Conditions { kind, moments: vec![(0.0, 1.0); training.ncols()] };
        let events: Vec<Vec<f64>> = rows(training)
            .map(|mut event| {
                conditions.apply(&mut event);
                event
            })
            .collect();
        for (column, of_column) in conditions.moments.iter_mut().enumerate() {
            let angle = kind == Kind::Momenta && (column % 4 == 1 || column % 4 == 2);
            let (mean, std) = moments(events.iter().map(|event| event[column]));
            if !angle && mean.is_finite() {
                *of_column = (mean, if std > LEAST_SPREAD * mean.abs() { std } else { 1.0 });
            }
        }
        conditions
    }

    fn supports(&self) -> Vec<Support> {
        let of = |column| match self.kind {
            Kind::Momenta if column % 4 == 1 => Support::Circle,
            _ => Support::Line,
        };
        (0..self.moments.len()).map(of).collect()
    }

    /// From numbers of the given columns to coordinates, in place.
    fn apply(&self, x: &mut [f64]) {
        if self.kind == Kind::Momenta {
            for momentum in x.chunks_exact_mut(4) {
                let [energy, px, py, pz] = [0, 1, 2, 3].map(|i| momentum[i] / UNIT_GEV);
                let pt = px.hypot(py);
                let m2 = (energy * energy - pt * pt - pz * pz).abs();
                // Of a fast light particle rounding is all that is seen of it.
                let m2 = if m2 > ROUNDING * energy * energy { m2 } else { 0.0 };
                momentum.copy_from_slice(&[
                    (pt + OFFSET).ln(),
                    azimuth([energy, px, py, pz]),
                    (pz / pt).asinh().clamp(-ETA_MAX, ETA_MAX),
                    (m2 + OFFSET).ln(),
                ]);
            }
        }
        x.iter_mut().zip(&self.moments).for_each(|(x, (mean, std))| *x = (*x - mean) / std);
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::{Array2, arr2};

    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_string()).collect()
    }

    #[test]
    fn given_columns_come_first_and_stay() {
        let events = arr2(&[[1.0, 5.0, 10.0], [3.0, 5.0, 30.0], [2.0, 5.0, 50.0]]);
        // The second column never changes.
        let map = Conditional::plain(events.view(), &names(&["a", "b", "c"]), &[1, 2]).unwrap();
        assert_eq!((map.given(), map.supports().len()), (2, 3));
        let mut x = [0.0; 3];
        let jacobian = map.forward(&[3.0, 5.0, 10.0], &mut x).unwrap();
        assert_eq!(x, [0.0, -1.0, 1.0]);
        // That of `a` alone, whose standard deviation is 1.
        assert_eq!(jacobian, 0.0);
        let mut event = [f64::NAN, 0.1, 0.2];
        map.inverse(&x, &mut event);
        assert_eq!(event, [3.0, 0.1, 0.2]);
        let mut conditions = [0.0; 2];
        assert!(map.conditions(&[f64::NAN, 6.0, 50.0], &mut conditions));
        assert_eq!(conditions, [1.0, 1.0]);
        assert!(!map.conditions(&[0.0, f64::NAN, 50.0], &mut conditions));
    }

    /// Partons below the cut of the jets, without a mass, and along the beam; the jets have the coordinates that they have alone.
    #[test]
    fn given_momenta_have_no_domain() {
        let parton =
            |pt: f64, eta: f64, phi: f64| [pt * eta.cosh(), pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()];
        let jet = |pt: f64, mass: f64| [mass.hypot(pt * 0.5_f64.cosh()), 0.0, pt, pt * 0.5_f64.sinh()];
        let list: Vec<f64> =
            [(3.0, 0.0, 1.0, 30.0, 5.0), (90.0, 7.0, -3.0, 80.0, 9.0), (40.0, -1.0, 0.0, 50.0, 4.0)]
                .into_iter()
                .flat_map(|(pt, eta, phi, of_jet, mass)| [parton(pt, eta, phi), jet(of_jet, mass)].concat())
                .collect();
        let events = Array2::from_shape_vec((3, 8), list).unwrap();
        let map = Conditional::momenta(events.view(), &names(&["q", "j"]), &[0, 1, 2, 3], 22.0).unwrap();
        let jets = events.slice(amplicast_sdk::ndarray::s![.., 4..]);
        let alone = LogPtPhiEtaLogM2::fit(jets, &names(&["j"]), 22.0).unwrap();
        let phi_and_eta = [(1.0, 0.0), (-3.0, ETA_MAX), (0.0, -1.0)];
        for (event, (phi, eta)) in events.rows().into_iter().zip(phi_and_eta) {
            let event = event.to_vec();
            let (mut x, mut of_jet) = ([0.0; 8], [0.0; 4]);
            let jacobian = map.forward(&event, &mut x).unwrap();
            assert_eq!((Some(jacobian), &x[4..]), (alone.forward(&event[4..], &mut of_jet), &of_jet[..]));
            assert!((x[1] - phi).abs() < 1e-12 && (x[2] - eta).abs() < 1e-12, "{x:?}");
            // All are without mass.
            assert!(x[0].abs() < 1.5 && x[3].abs() < 1e-9, "{x:?}");
        }
        assert_eq!((map.supports()[1], map.supports()[2]), (Support::Circle, Support::Line));
        let error = Conditional::momenta(events.view(), &names(&["q", "j"]), &[0, 1], 22.0).err().unwrap();
        assert!(error.to_string().starts_with("condition: expected whole particles of q, j"), "{error}");
    }
}
