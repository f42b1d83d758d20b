//! The scalar sum of transverse momenta.

use amplicast_sdk::{
    Batch, Component, Result, Schema, Summary, SummaryStatistic, config, momenta, serde_json,
};

use crate::arguments::value;
use crate::particles::Particles;
use crate::rows::for_each_event;

config! {
    /// The scalar sum of transverse momenta.
    pub struct HtConfig {
        /// Which particles, counted from 0; all by default.
        pub particles: Vec<usize> = Vec::new(),
    }
}

/// HT = sum of pT over some particles in GeV, or over all of them; label `ht:0,1,2` or `ht`.
#[derive(Debug, Clone)]
pub struct Ht {
    /// `None` for all.
    particles: Option<Particles>,
}

impl Component for Ht {
    type Config = HtConfig;
    const NAME: &'static str = "ht";
    const ABOUT: &'static str = "The scalar sum of the particles' transverse momenta, in GeV";

    fn new(config: HtConfig) -> Result<Self> {
        let some = !config.particles.is_empty();
        Ok(Ht { particles: some.then(|| Particles::new("particles", config.particles)).transpose()? })
    }
}

impl SummaryStatistic for Ht {
    fn label(&self) -> String {
        self.particles.as_ref().map_or("ht".into(), |particles| format!("ht:{}", particles.list(",")))
    }

    fn axis(&self) -> String {
        self.particles
            .as_ref()
            .map_or("HT [GeV]".into(), |particles| format!("HT({}) [GeV]", particles.list(",")))
    }

    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        let numbers: Vec<_> = arguments.iter().map(|a| value(a)).collect();
        Some(serde_json::json!({ "particles": numbers }).to_string())
    }

    fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>> {
        let particles = match &self.particles {
            Some(particles) => particles.clone(),
            None => Particles::all(schema),
        };
        particles.check(schema)?;
        Ok(Box::new(PreparedHt(particles)))
    }
}

/// The sum over these particles.
struct PreparedHt(Particles);

impl Summary for PreparedHt {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        for_each_event(batch, out, |event| self.0.momenta(event).map(momenta::transverse_momentum).sum())
    }
}

amplicast_sdk::register_summary!(Ht);

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::array;
    use amplicast_sdk::{Origin, read_config};

    use super::*;

    fn new(arguments: &[&str]) -> Ht {
        Ht::new(read_config(&Ht::config_of_arguments(arguments).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn of_all_and_of_some() {
        let events = array![[200.0, 60.0, -45.0, 120.0, 150.0, -30.0, 40.0, -80.0, 9.0, 0.0, 3.0, 0.0]];
        let batch = Batch::new(events.view(), Origin::Training, &[0]);
        let schema = Schema::four_momenta(["a", "b", "c"]);
        for (arguments, expected, label, axis) in
            [(&[][..], 128.0, "ht", "HT [GeV]"), (&["1", "0"], 125.0, "ht:0,1", "HT(0,1) [GeV]")]
        {
            let statistic = new(arguments);
            let mut out = [f64::NAN];
            statistic.prepare(&schema).unwrap().evaluate(&batch, &mut out).unwrap();
            assert_eq!(out, [expected]);
            assert_eq!((statistic.label(), statistic.axis()), (label.into(), axis.into()));
        }
    }

    #[test]
    fn events_without_particles_are_refused() {
        let error = new(&[]).prepare(&Schema::columns(["x1", "x2"])).err().unwrap().to_string();
        assert_eq!(
            error,
            "particles: expected events of four-momenta, found events without particles; the columns are: x1, x2; if they are \
             components of particles, name these with the dataset's `particles` (`--particles`)"
        );
        let error = new(&["5"]).prepare(&Schema::four_momenta(["b"])).err().unwrap().to_string();
        assert_eq!(error, "particles[0]: expected a particle from 0 to 0, found 5; the particles are: 0 b");
    }
}
