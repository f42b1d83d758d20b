//! Summaries that are a function of the summed four-momentum of some particles.

use std::fmt::Debug;
use std::marker::PhantomData;

use amplicast_sdk::{Batch, Component, Result, Schema, Summary, SummaryStatistic, config};

use crate::particles::Particles;
use crate::rows::{for_each_event, where_defined};

config! {
    /// A system of particles.
    pub struct SystemConfig {
        /// Which particles, counted from 0; their four-momenta are added.
        pub particles: Vec<usize>,
    }
}

/// A function of one four-momentum.
pub trait Quantity: Debug + Clone + Send + Sync + 'static {
    /// The summary's name.
    const NAME: &'static str;
    /// One line on it.
    const ABOUT: &'static str;

    /// The symbol for axes, with its unit, of a list of particles.
    fn axis(particles: &str) -> String;

    /// Its value for E, px, py, pz.
    fn of(momentum: [f64; 4]) -> f64;

    /// Whether such a four-momentum has it; `None` if any has.
    const DEFINED: Option<fn([f64; 4]) -> bool>;
}

/// A quantity of the sum of some particles; label `NAME:0,1,2`.
#[derive(Debug, Clone)]
pub struct OfSystem<Q> {
    particles: Particles,
    quantity: PhantomData<Q>,
}

impl<Q: Quantity> Component for OfSystem<Q> {
    type Config = SystemConfig;
    const NAME: &'static str = Q::NAME;
    const ABOUT: &'static str = Q::ABOUT;

    fn new(config: SystemConfig) -> Result<Self> {
        Ok(OfSystem { particles: Particles::new("particles", config.particles)?, quantity: PhantomData })
    }
}

impl<Q: Quantity> SummaryStatistic for OfSystem<Q> {
    fn label(&self) -> String {
        format!("{}:{}", Q::NAME, self.particles.list(","))
    }

    fn axis(&self) -> String {
        Q::axis(&self.particles.list(","))
    }

    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        Particles::config_of_arguments(arguments)
    }

    fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>> {
        self.particles.check(schema)?;
        Ok(Box::new(self.clone()))
    }
}

impl<Q: Quantity> Summary for OfSystem<Q> {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        for_each_event(batch, out, |event| Q::of(self.particles.sum(event)))
    }

    fn defined(&self, batch: &Batch<'_>) -> Result<Option<Vec<bool>>> {
        match Q::DEFINED {
            None => Ok(None),
            Some(defined) => where_defined(batch, |event| defined(self.particles.sum(event))),
        }
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Origin;
    use amplicast_sdk::ndarray::array;

    use super::*;
    use crate::{Azimuth, InvariantMass, Pseudorapidity, TransverseMomentum};

    fn of<S: SummaryStatistic<Config = SystemConfig>>(particles: &[usize]) -> (String, String, [f64; 2]) {
        let events = array![
            // Two massless particles back to back with 50 GeV each, and one at rest with mass 7.
            [50.0, 30.0, 0.0, 40.0, 50.0, -30.0, 0.0, -40.0, 7.0, 0.0, 0.0, 0.0],
            // Space-like; mass 3 in flight; space-like.
            [1.0, 2.0, 0.0, 0.0, 5.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 1.0],
        ];
        let batch = Batch::new(events.view(), Origin::Generated, &[0, 1]);
        let statistic = S::new(SystemConfig { particles: particles.to_vec() }).unwrap();
        let mut out = [f64::NAN; 2];
        let summary = statistic.prepare(&Schema::four_momenta(["a", "b", "c"])).unwrap();
        summary.evaluate(&batch, &mut out).unwrap();
        (statistic.label(), statistic.axis(), out)
    }

    #[test]
    fn any_subset_has_a_mass() {
        let masses = |particles: &[usize]| of::<InvariantMass>(particles).2;
        assert_eq!(masses(&[0, 1]), [100.0, (36.0_f64 - 4.0 - 16.0).sqrt()]);
        assert_eq!(masses(&[2, 0, 1])[0], 107.0);
        assert_eq!(masses(&[0, 2])[0], (57.0_f64 * 57.0 - 2500.0).sqrt());
        assert_eq!(masses(&[1]), [0.0, 3.0]);
        assert_eq!(masses(&[0])[1], 0.0);
    }

    #[test]
    fn quantities_of_sums() {
        assert_eq!(of::<TransverseMomentum>(&[0, 1]).2, [0.0, 20.0_f64.sqrt()]);
        assert_eq!(of::<Pseudorapidity>(&[1, 2]).2, [-(4.0_f64 / 3.0).asinh(), 0.25_f64.asinh()]);
        assert_eq!(of::<Azimuth>(&[1, 0]).2, [0.0, 2.0_f64.atan()]);
    }

    /// A padded particle, one along the beam, one at rest, and an ordinary one.
    #[test]
    fn directions_need_a_momentum() {
        let events =
            array![[0.0, 0.0, 0.0, 0.0], [5.0, 0.0, 0.0, -5.0], [7.0, 0.0, 0.0, 0.0], [5.0, 3.0, 0.0, 4.0]];
        let batch = Batch::new(events.view(), Origin::Generated, &[0, 1, 2, 3]);
        fn defined<S: SummaryStatistic<Config = SystemConfig>>(batch: &Batch<'_>) -> Option<Vec<bool>> {
            let statistic = S::new(SystemConfig { particles: vec![0] }).unwrap();
            statistic.prepare(&Schema::four_momenta(["a"])).unwrap().defined(batch).unwrap()
        }
        // Along the beam the pseudorapidity is infinite, and there is no azimuth.
        assert_eq!(defined::<Pseudorapidity>(&batch), Some(vec![false, true, false, true]));
        assert_eq!(defined::<Azimuth>(&batch), Some(vec![false, false, false, true]));
        assert_eq!(defined::<InvariantMass>(&batch), None);
        assert_eq!(defined::<TransverseMomentum>(&batch), None);
    }

    #[test]
    fn labels_and_axes() {
        let names = |(label, axis, _): (String, String, _)| [label, axis];
        assert_eq!(names(of::<InvariantMass>(&[2, 0, 1])), ["invariant-mass:0,1,2", "m(0,1,2) [GeV]"]);
        assert_eq!(names(of::<TransverseMomentum>(&[0])), ["transverse-momentum:0", "pT(0) [GeV]"]);
        assert_eq!(names(of::<Pseudorapidity>(&[1])), ["pseudorapidity:1", "eta(1)"]);
        assert_eq!(names(of::<Azimuth>(&[1, 0])), ["azimuth:0,1", "phi(0,1)"]);
    }
}
