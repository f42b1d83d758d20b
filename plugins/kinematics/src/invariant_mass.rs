//! The invariant mass of a system of particles.

use amplicast_sdk::{Batch, Component, Result, Schema, Summary, SummaryStatistic, config};

use crate::particles::Particles;
use crate::rows::for_each_event;

config! {
    /// The invariant mass of a system of particles.
    pub struct InvariantMassConfig {
        /// Which particles, counted from 0.
        pub particles: Vec<usize>,
    }
}

/// m = sqrt(max(E^2 - px^2 - py^2 - pz^2, 0)) in GeV of the summed four-momentum; label `invariant-mass:0,1,2`.
///
/// The metric is (+, -, -, -). A space-like sum (a generator need not know that E >= |p|, and rounding suffices for a
/// massless particle) has m = 0, never a negative or undefined mass.
#[derive(Debug, Clone)]
pub struct InvariantMass {
    particles: Particles,
}

impl Component for InvariantMass {
    type Config = InvariantMassConfig;
    const NAME: &'static str = "invariant-mass";
    const ABOUT: &'static str = "The invariant mass of a system of particles, in GeV";

    fn new(config: InvariantMassConfig) -> Result<Self> {
        Ok(InvariantMass { particles: Particles::new(config.particles)? })
    }
}

impl SummaryStatistic for InvariantMass {
    fn label(&self) -> String {
        format!("invariant-mass:{}", self.particles.list())
    }

    fn axis(&self) -> String {
        format!("m({}) [GeV]", self.particles.list())
    }

    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        Particles::config_of_arguments(arguments)
    }

    fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>> {
        self.particles.check(schema)?;
        Ok(Box::new(self.clone()))
    }
}

impl Summary for InvariantMass {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        for_each_event(batch, out, |event| {
            let [e, x, y, z] = self.particles.sum(event);
            (e * e - (x * x + y * y + z * z)).max(0.0).sqrt()
        })
    }
}

amplicast_sdk::register_summary!(InvariantMass);

#[cfg(test)]
mod tests {
    use amplicast_sdk::Origin;
    use amplicast_sdk::ndarray::array;

    use super::*;

    fn masses(particles: &[usize]) -> [f64; 2] {
        let events = array![
            // Two massless particles back to back with 50 GeV each, and one at rest with mass 7.
            [50.0, 30.0, 0.0, 40.0, 50.0, -30.0, 0.0, -40.0, 7.0, 0.0, 0.0, 0.0],
            // Space-like; mass 3 in flight; space-like.
            [1.0, 2.0, 0.0, 0.0, 5.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 1.0],
        ];
        let batch = Batch::new(events.view(), Origin::Generated, &[0, 1]);
        let statistic = InvariantMass::new(InvariantMassConfig { particles: particles.to_vec() }).unwrap();
        let mut out = [f64::NAN; 2];
        let summary = statistic.prepare(&Schema::four_momenta(["a", "b", "c"])).unwrap();
        summary.evaluate(&batch, &mut out).unwrap();
        out
    }

    #[test]
    fn known_masses() {
        assert_eq!(masses(&[0, 1]), [100.0, (36.0_f64 - 4.0 - 16.0).sqrt()]);
        assert_eq!(masses(&[2, 0, 1])[0], 107.0);
        assert_eq!(masses(&[1]), [0.0, 3.0]);
        assert_eq!(masses(&[0])[1], 0.0);
    }

    #[test]
    fn label_and_axis() {
        let statistic = InvariantMass::new(InvariantMassConfig { particles: vec![2, 0, 1] }).unwrap();
        assert_eq!(statistic.label(), "invariant-mass:0,1,2");
        assert_eq!(statistic.axis(), "m(0,1,2) [GeV]");
    }
}
