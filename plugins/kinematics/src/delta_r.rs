//! The angular distance of two particles, or of two systems of particles.

use amplicast_sdk::{
    Batch, Component, Result, Schema, Summary, SummaryStatistic, config, momenta, serde_json,
};

use crate::arguments::value;
use crate::particles::Particles;
use crate::rows::{for_each_event, where_defined};

config! {
    /// The angular distance of two systems of particles.
    pub struct DeltaRConfig {
        /// The particles of the first system, counted from 0; their four-momenta are added.
        pub first: Vec<usize>,
        /// The particles of the second.
        pub second: Vec<usize>,
    }
}

/// Delta R = sqrt(Delta eta^2 + Delta phi^2) of two systems of particles, with Delta phi in [-pi, pi); label
/// `delta-r:0,3` of two particles, `delta-r:0+1+2,3+4+5` of two systems.
#[derive(Debug, Clone)]
pub struct DeltaR {
    first: Particles,
    second: Particles,
}

impl Component for DeltaR {
    type Config = DeltaRConfig;
    const NAME: &'static str = "delta-r";
    const ABOUT: &'static str = "The distance in pseudorapidity and azimuth of two systems of particles";

    fn new(config: DeltaRConfig) -> Result<Self> {
        let first = Particles::new("first", config.first)?;
        Ok(DeltaR { first, second: Particles::new("second", config.second)? })
    }
}

impl SummaryStatistic for DeltaR {
    fn label(&self) -> String {
        format!("delta-r:{},{}", self.first.list("+"), self.second.list("+"))
    }

    fn axis(&self) -> String {
        format!("Delta R({}, {})", self.first.list("+"), self.second.list("+"))
    }

    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        let system = |argument: &str| argument.split('+').map(value).collect::<Vec<_>>();
        match arguments {
            [first, second] => {
                Some(serde_json::json!({ "first": system(first), "second": system(second) }).to_string())
            }
            _ => None,
        }
    }

    fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>> {
        self.first.check(schema)?;
        self.second.check(schema)?;
        Ok(Box::new(self.clone()))
    }
}

impl Summary for DeltaR {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        for_each_event(batch, out, |event| momenta::delta_r(self.first.sum(event), self.second.sum(event)))
    }

    fn defined(&self, batch: &Batch<'_>) -> Result<Option<Vec<bool>>> {
        where_defined(batch, |event| {
            [&self.first, &self.second].iter().all(|system| momenta::moves_across(system.sum(event)))
        })
    }
}

amplicast_sdk::register_summary!(DeltaR);

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::array;
    use amplicast_sdk::{Origin, read_config};

    use super::*;

    fn new(arguments: &[&str]) -> Result<DeltaR> {
        DeltaR::new(read_config(&DeltaR::config_of_arguments(arguments).unwrap())?)
    }

    #[test]
    fn two_particles_and_two_systems() {
        let events = array![[200.0, 60.0, -45.0, 120.0, 150.0, -30.0, 40.0, -80.0, 9.0, 0.0, 3.0, 0.0]];
        let batch = Batch::new(events.view(), Origin::Training, &[0]);
        let schema = Schema::four_momenta(["a", "b", "c"]);
        let distance = |arguments: &[&str]| {
            let mut out = [f64::NAN];
            new(arguments).unwrap().prepare(&schema).unwrap().evaluate(&batch, &mut out).unwrap();
            out[0]
        };
        assert!((distance(&["0", "1"]) - 3.79563).abs() < 1e-5);
        // (30, -5, 40) and (0, 3, 0).
        let eta = (40.0 / 925.0_f64.sqrt()).asinh();
        let phi = std::f64::consts::FRAC_PI_2 + (5.0_f64 / 30.0).atan();
        assert!((distance(&["1+0", "2"]) - eta.hypot(phi)).abs() < 1e-12);
    }

    #[test]
    fn a_particle_that_is_not_there_has_no_distance() {
        let events =
            array![[5.0, 3.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0], [5.0, 3.0, 0.0, 4.0, 5.0, 0.0, 4.0, 3.0]];
        let batch = Batch::new(events.view(), Origin::Training, &[0, 1]);
        let summary = new(&["0", "1"]).unwrap().prepare(&Schema::four_momenta(["a", "b"])).unwrap();
        assert_eq!(summary.defined(&batch).unwrap(), Some(vec![false, true]));
    }

    #[test]
    fn label_axis_and_arguments() {
        let statistic = new(&["2+0", "1"]).unwrap();
        assert_eq!(statistic.label(), "delta-r:0+2,1");
        assert_eq!(statistic.axis(), "Delta R(0+2, 1)");
        assert_eq!(DeltaR::config_of_arguments(&["0"]), None);
        let error = new(&["b", "1"]).unwrap_err().to_string();
        assert!(error.starts_with(r#"first[0]: invalid type: string "b""#), "{error}");
    }

    #[test]
    fn a_missing_particle_is_refused_at_its_key() {
        let error = new(&["0", "1+2"]).unwrap().prepare(&Schema::four_momenta(["b", "q"])).err().unwrap();
        assert_eq!(
            error.to_string(),
            "second[1]: expected a particle from 0 to 1, found 2; the particles are: 0 b, 1 q"
        );
        let error = DeltaR::new(DeltaRConfig { first: vec![0], second: vec![] }).unwrap_err().to_string();
        assert_eq!(error, "second: expected at least one particle, found none");
    }
}
