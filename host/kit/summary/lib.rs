//! A summary: how far an event is from the origin, in the norm of your choice.

use amplicast_sdk::*;

config! {
    /// The distance of an event from the origin.
    pub struct NormConfig {
        /// The power p of (|x_1|^p + |x_2|^p + ...)^(1/p): 2 is the radius, 1 the sum of magnitudes.
        pub power: f64 = 2.0,
    }
}

#[derive(Clone)]
struct Norm {
    power: f64,
}

impl Component for Norm {
    type Config = NormConfig;
    const NAME: &'static str = "my-plugin";
    const ABOUT: &'static str = "The distance of an event from the origin";

    fn new(config: NormConfig) -> Result<Self> {
        let power = config.power;
        ensure_config((1.0..=100.0).contains(&power), "power", || {
            format!("expected a number from 1 to 100, found {power}")
        })?;
        Ok(Norm { power })
    }
}

impl SummaryStatistic for Norm {
    /// The spelling of columns and of the command line, with every setting: `my-plugin:2`.
    fn label(&self) -> String {
        format!("my-plugin:{}", self.power)
    }

    /// The text of axes. What has a unit says so, such as `m [GeV]`.
    fn axis(&self) -> String {
        format!("norm of power {}", self.power)
    }

    /// The configuration that a label's arguments stand for, as JSON.
    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        match arguments {
            [] => Some("{}".into()),
            [power] => Some(format!(r#"{{"power": {power}}}"#)),
            _ => None,
        }
    }

    /// Refuses events that it knows nothing of, before anything runs; this one takes all.
    fn prepare(&self, _: &Schema) -> Result<Box<dyn Summary>> {
        Ok(Box::new(self.clone()))
    }
}

impl Summary for Norm {
    /// A finite number for every event, whatever stands beside it in the batch.
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        for (event, y) in batch.values.rows().into_iter().zip(out) {
            // Powers of the largest number would overflow.
            let largest = event.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
            let power = |x: &f64| (x.abs() / largest).powf(self.power);
            *y = match largest > 0.0 {
                true => largest * event.iter().map(power).sum::<f64>().powf(1.0 / self.power),
                false => 0.0,
            };
        }
        Ok(())
    }
}

register_summary!(Norm);
export_plugin!();

/// The conformance suite, on the defaults and on another configuration.
#[test]
fn conforms() {
    testing::check_all(&[("my-plugin", "{}"), ("my-plugin", r#"{"power": 1.0}"#)]);
}
