//! What a classifier sees of an event.

use amplicast_sdk::ndarray::{Array2, ArrayView2};
use amplicast_sdk::{Batch, Error, Result, Schema, Summary, SummaryFit, ensure_config, momenta};

/// Pseudorapidities are cut off here: a momentum along the beam would outweigh all others.
const MAX_ETA: f64 = 10.0;

/// What a classifier sees of an event.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    amplicast_sdk::serde::Serialize,
    amplicast_sdk::serde::Deserialize,
    amplicast_sdk::schemars::JsonSchema,
)]
#[serde(crate = "amplicast_sdk::serde", rename_all = "kebab-case")]
#[schemars(crate = "amplicast_sdk::schemars")]
pub enum FeatureKind {
    /// Its columns.
    Columns,
    /// pT, phi, eta and m of each particle, Delta R of each pair of particles, and pT, phi, eta and m of each of `systems`.
    Kinematics,
}

/// Features of events.
#[derive(Debug, Clone)]
pub struct Features {
    kind: FeatureKind,
    /// Particles whose four-momenta are added.
    systems: Vec<Vec<usize>>,
}

impl Features {
    /// Refuses systems where no features are made, and empty ones.
    pub fn new(kind: FeatureKind, systems: &[Vec<usize>]) -> Result<Self> {
        ensure_config(kind == FeatureKind::Kinematics || systems.is_empty(), "systems", || {
            "expected none without `features = \"kinematics\"`".into()
        })?;
        for (i, system) in systems.iter().enumerate() {
            ensure_config(!system.is_empty(), &format!("systems[{i}]"), || {
                "expected at least one particle, found none".into()
            })?;
        }
        Ok(Features { kind, systems: systems.to_vec() })
    }

    /// Refuses events that do not have the particles.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        if self.kind == FeatureKind::Columns {
            return Ok(());
        }
        let particles = schema.particles();
        ensure_config(!particles.is_empty(), "features", || {
            format!(
                "expected `columns` for events without particles, found `kinematics`; the columns are: {}",
                schema.column_names().join(", ")
            )
        })?;
        for (i, system) in self.systems.iter().enumerate() {
            if let Some(missing) = system.iter().find(|particle| **particle >= particles.len()) {
                return Err(Error::config(
                    format!("systems[{i}]"),
                    format!("expected particles from 0 to {}, found {missing}", particles.len() - 1),
                ));
            }
        }
        Ok(())
    }

    /// The features' names.
    pub fn schema(&self, schema: &Schema) -> Schema {
        if self.kind == FeatureKind::Columns {
            return schema.clone();
        }
        let particles = schema.particles();
        let sums = self.systems.iter().map(|system| {
            let names: Vec<&str> = system.iter().map(|particle| particles[*particle].as_str()).collect();
            names.join("+")
        });
        let four = |name: String| ["pT", "phi", "eta", "m"].map(|quantity| format!("{quantity}({name})"));
        let mut names: Vec<String> = particles.iter().cloned().chain(sums).flat_map(four).collect();
        names.extend(pairs(particles.len()).map(|(i, j)| format!("dR({}, {})", particles[i], particles[j])));
        Schema::columns(names)
    }

    /// The features of events, one a row.
    fn of(&self, events: ArrayView2<'_, f64>) -> Array2<f64> {
        let particles = events.ncols() / 4;
        let count = 4 * (particles + self.systems.len()) + pairs(particles).count();
        let mut features = Array2::zeros((events.nrows(), count));
        for (event, mut features) in events.rows().into_iter().zip(features.rows_mut()) {
            let momentum = |i: usize| [0, 1, 2, 3].map(|k| event[4 * i + k]);
            let sums = self.systems.iter().map(|system| {
                system.iter().fold([0.0; 4], |sum, i| {
                    let p = momentum(*i);
                    [0, 1, 2, 3].map(|k| sum[k] + p[k])
                })
            });
            let four = |p| {
                let eta = momenta::pseudorapidity(p).clamp(-MAX_ETA, MAX_ETA);
                [momenta::transverse_momentum(p), momenta::azimuth(p), eta, momenta::mass(p)]
            };
            let distances = pairs(particles).map(|(i, j)| momenta::delta_r(momentum(i), momentum(j)));
            let all = (0..particles).map(momentum).chain(sums).flat_map(four);
            let all = all.chain(distances.map(|distance| distance.min(2.0 * MAX_ETA)));
            features.iter_mut().zip(all).for_each(|(feature, value)| *feature = value);
        }
        features
    }

    /// Calls with a fit whose events are their features.
    pub fn with<T>(&self, fit: &SummaryFit<'_>, call: impl FnOnce(&SummaryFit<'_>) -> T) -> T {
        if self.kind == FeatureKind::Columns {
            return call(fit);
        }
        let [training, unseen, generated] =
            [fit.training, fit.unseen, fit.generated].map(|batch| self.of(batch.values));
        call(&SummaryFit {
            schema: &self.schema(fit.schema),
            training: Batch { values: training.view(), ..fit.training },
            unseen: Batch { values: unseen.view(), ..fit.unseen },
            generated: Batch { values: generated.view(), ..fit.generated },
            ..*fit
        })
    }

    /// A summary of events from one of their features.
    pub fn before(&self, summary: impl Summary + 'static) -> Box<dyn Summary> {
        match self.kind {
            FeatureKind::Columns => Box::new(summary),
            FeatureKind::Kinematics => Box::new(OfFeatures { features: self.clone(), summary }),
        }
    }
}

/// The pairs i < j of n particles.
fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |i| (i + 1..n).map(move |j| (i, j)))
}

struct OfFeatures<S> {
    features: Features,
    summary: S,
}

impl<S: Summary> Summary for OfFeatures<S> {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        let features = self.features.of(batch.values);
        self.summary.evaluate(&Batch { values: features.view(), ..*batch }, out)
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::arr2;

    use super::*;

    fn kinematics(systems: &[&[usize]]) -> Features {
        let systems: Vec<Vec<usize>> = systems.iter().map(|system| system.to_vec()).collect();
        Features::new(FeatureKind::Kinematics, &systems).unwrap()
    }

    /// The published numbers of two jets (pT, phi, eta, m), their distance, and their sum by hand.
    #[test]
    fn golden_numbers() {
        let events = arr2(&[[200.0, 60.0, -45.0, 120.0, 150.0, -30.0, 40.0, -80.0]]);
        let features = kinematics(&[&[0, 1]]);
        let schema = features.schema(&Schema::four_momenta(["a", "b"]));
        let names =
            "pT(a) phi(a) eta(a) m(a) pT(b) phi(b) eta(b) m(b) pT(a+b) phi(a+b) eta(a+b) m(a+b) dR(a, b)";
        assert_eq!(schema.column_names().join(" "), names);
        // The sum is (350, 30, -5, 40).
        let (square, phi) = (925.0_f64, -(5.0_f64 / 30.0).atan());
        let sum = [
            square.sqrt(),
            phi,
            (40.0 / square.sqrt()).asinh(),
            (350.0_f64 * 350.0 - square - 1600.0).sqrt(),
        ];
        let expected = [[75.0, -0.64350, 1.24898, 141.33294], [50.0, 2.21430, -1.24898, 116.61904], sum];
        let expected = [expected.concat(), vec![3.79563]].concat();
        let found = features.of(events.view());
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(&expected).all(|(f, e)| (f - e).abs() < 1e-5), "{found} {expected:?}");
    }

    /// The published inputs: 59 for six jets, 105 for ten.
    #[test]
    fn the_published_counts() {
        let features = kinematics(&[&[0, 1, 2, 3, 4, 5], &[0, 1, 2], &[3, 4, 5], &[1, 2], &[4, 5]]);
        for (particles, count) in [(6, 59), (10, 105)] {
            let schema = Schema::four_momenta((0..particles).map(|i| i.to_string()));
            features.check(&schema).unwrap();
            assert_eq!(features.schema(&schema).dimension(), count);
            assert_eq!(features.of(Array2::ones((1, 4 * particles)).view()).ncols(), count);
        }
    }

    #[test]
    fn a_jet_along_the_beam_is_finite() {
        let events = arr2(&[[1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0]]);
        let found = kinematics(&[]).of(events.view());
        assert_eq!((found[[0, 2]], found[[0, 8]]), (10.0, 20.0));
    }

    #[test]
    fn refusals() {
        let error = Features::new(FeatureKind::Columns, &[vec![0]]).unwrap_err().to_string();
        assert_eq!(error, "systems: expected none without `features = \"kinematics\"`");
        let error = Features::new(FeatureKind::Kinematics, &[vec![0], vec![]]).unwrap_err().to_string();
        assert_eq!(error, "systems[1]: expected at least one particle, found none");
        let error = kinematics(&[&[0, 2]]).check(&Schema::four_momenta(["a", "b"])).unwrap_err().to_string();
        assert_eq!(error, "systems[0]: expected particles from 0 to 1, found 2");
        let error = kinematics(&[]).check(&Schema::columns(["x"])).unwrap_err().to_string();
        assert!(error.starts_with("features: expected `columns` for events without particles"), "{error}");
    }
}
