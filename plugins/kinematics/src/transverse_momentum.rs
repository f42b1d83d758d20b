//! The transverse momentum of a system of particles.

use amplicast_sdk::{Batch, Component, Result, Schema, Summary, SummaryStatistic, config};

use crate::particles::Particles;
use crate::rows::for_each_event;

config! {
    /// The transverse momentum of a system of particles.
    pub struct TransverseMomentumConfig {
        /// Which particles, counted from 0.
        pub particles: Vec<usize>,
    }
}

/// pT = sqrt(px^2 + py^2) in GeV of the summed four-momentum; label `transverse-momentum:0`.
#[derive(Debug, Clone)]
pub struct TransverseMomentum {
    particles: Particles,
}

impl Component for TransverseMomentum {
    type Config = TransverseMomentumConfig;
    const NAME: &'static str = "transverse-momentum";
    const ABOUT: &'static str = "The transverse momentum of a system of particles, in GeV";

    fn new(config: TransverseMomentumConfig) -> Result<Self> {
        Ok(TransverseMomentum { particles: Particles::new(config.particles)? })
    }
}

impl SummaryStatistic for TransverseMomentum {
    fn label(&self) -> String {
        format!("transverse-momentum:{}", self.particles.list())
    }

    fn axis(&self) -> String {
        format!("pT({}) [GeV]", self.particles.list())
    }

    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        Particles::config_of_arguments(arguments)
    }

    fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>> {
        self.particles.check(schema)?;
        Ok(Box::new(self.clone()))
    }
}

impl Summary for TransverseMomentum {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        for_each_event(batch, out, |event| {
            let [_, x, y, _] = self.particles.sum(event);
            (x * x + y * y).sqrt()
        })
    }
}

amplicast_sdk::register_summary!(TransverseMomentum);

#[cfg(test)]
mod tests {
    use amplicast_sdk::Origin;
    use amplicast_sdk::ndarray::array;

    use super::*;

    #[test]
    fn the_sum_of_two_particles() {
        let events = array![[9.0, 1.0, 2.0, 7.0, 9.0, 2.0, 2.0, -3.0]];
        let batch = Batch::new(events.view(), Origin::Generated, &[0]);
        let statistic = TransverseMomentum::new(TransverseMomentumConfig { particles: vec![0, 1] }).unwrap();
        let mut out = [0.0];
        let summary = statistic.prepare(&Schema::four_momenta(["a", "b"])).unwrap();
        summary.evaluate(&batch, &mut out).unwrap();
        assert_eq!(out, [5.0]);
        assert_eq!(statistic.label(), "transverse-momentum:0,1");
        assert_eq!(statistic.axis(), "pT(0,1) [GeV]");
    }
}
