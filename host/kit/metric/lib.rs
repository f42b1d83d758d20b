//! A metric: the distance of two medians, told by events that count the less the farther out they are.
//!
//! Each value x is mapped to tanh((x - m) / s), where m and s are the median and the width of the reference. The metric is the
//! difference of the means of these between a sample and the reference, in units of their width: tails do not decide it.

use amplicast_sdk::*;

config! {
    /// The distance of medians.
    pub struct MediansConfig {
        /// Factor on the width s of the reference: with a large one, the metric is the distance of the means.
        pub softness: f64 = 1.0,
    }
}

struct Medians {
    softness: f64,
}

impl Component for Medians {
    type Config = MediansConfig;
    const NAME: &'static str = "my-plugin";
    const ABOUT: &'static str = "The distance of the medians of sample and reference";

    fn new(config: MediansConfig) -> Result<Self> {
        let softness = config.softness;
        ensure_config(softness > 0.0 && softness.is_finite(), "softness", || {
            format!("expected a positive number, found {softness}")
        })?;
        Ok(Medians { softness })
    }
}

impl Metric for Medians {
    /// The axis of its figures; symbols stand between two `$`.
    fn shown(&self) -> Shown {
        Shown::value("distance of medians $δ$")
    }

    fn compare(&self, reference: &Reference<'_>) -> Result<Box<dyn Comparison>> {
        let mut values = reference.values.one()?.to_vec();
        if values.len() < 4 {
            return Err(Error::data(format!(
                "expected a reference of 4 events or more, found {}",
                values.len()
            )));
        }
        values.sort_by(f64::total_cmp);
        let quantile = |p: f64| values[(p * (values.len() - 1) as f64) as usize];
        let width = self.softness * (quantile(0.75) - quantile(0.25)) / 2.0;
        if !(width > 0.0) {
            return Err(Error::data(
                "expected a reference of different values, found half of them alike",
            ));
        }
        let map = Map {
            median: quantile(0.5),
            width,
        };
        let n = values.len() as f64;
        let mean = values.iter().map(|x| map.of(*x)).sum::<f64>() / n;
        let variance = values
            .iter()
            .map(|x| (map.of(*x) - mean).powi(2))
            .sum::<f64>()
            / n;
        Ok(Box::new(Against {
            map,
            n,
            mean,
            width: variance.sqrt(),
        }))
    }
}

/// From a value to a number between -1 and 1.
#[derive(Clone, Copy)]
struct Map {
    median: f64,
    width: f64,
}

impl Map {
    fn of(self, x: f64) -> f64 {
        ((x - self.median) / self.width).tanh()
    }
}

/// A comparison with one reference: its events, and mean and width of what they are mapped to.
struct Against {
    map: Map,
    n: f64,
    mean: f64,
    width: f64,
}

impl Comparison for Against {
    fn value_names(&self) -> Vec<String> {
        vec!["mean".into()]
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Mean {
            map: self.map,
            events: 0.0,
            sum: 0.0,
        })
    }

    /// The mean over members at checkpoint `k`.
    fn measure(&self, curves: &Curves<'_>, k: usize) -> Result<Measured> {
        let one = |i: usize| (curves.values[[i, k, 0]] - self.mean).abs() / self.width;
        let value = (0..curves.members()).map(one).sum::<f64>() / curves.members() as f64;
        Ok(Measured {
            value,
            statistical: None,
            model: None,
        })
    }

    /// What it tends to for n_gen -> infinity: that of the last checkpoint, as `extrapolated` says.
    fn limit(&self, curves: &Curves<'_>, _level: f64) -> Result<Limit> {
        let value = self.measure(curves, curves.checkpoints() - 1)?.value;
        Ok(Limit {
            value,
            low: value,
            high: value,
            extrapolated: false,
        })
    }

    /// The law for a true sample of n events: |N(0, 1/n + 1/m)|, since the m events of the reference fluctuate as well.
    fn null(&self, _: &Curves<'_>, n: f64, probabilities: &[f64]) -> Result<NullLaw> {
        let width = (1.0 / n + 1.0 / self.n).sqrt();
        Ok(NullLaw {
            mean: width * (2.0 / std::f64::consts::PI).sqrt(),
            quantiles: probabilities
                .iter()
                .map(|p| width * normal_quantile(0.5 + 0.5 * p))
                .collect(),
        })
    }
}

/// The standard normal quantile for p of a half or more, to 4.5e-4 (Abramowitz & Stegun 1964, 26.2.23).
fn normal_quantile(p: f64) -> f64 {
    let t = (-2.0 * (1.0 - p).ln()).sqrt();
    let above = 2.515517 + t * (0.802853 + t * 0.010328);
    let below = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308));
    if p < 1.0 {
        (t - above / below).max(0.0)
    } else {
        f64::INFINITY
    }
}

/// A stream's mean, in memory that does not grow with it.
struct Mean {
    map: Map,
    events: f64,
    sum: f64,
}

impl Accumulator for Mean {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let values = values.one()?;
        self.events += values.len() as f64;
        self.sum += values.iter().map(|x| self.map.of(*x)).sum::<f64>();
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(vec![self.events, self.sum])
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        expect_length("number and sum", 2, state.len())?;
        self.events += state[0];
        self.sum += state[1];
        Ok(())
    }

    fn values(&self) -> Result<Vec<f64>> {
        Ok(vec![self.sum / self.events.max(1.0)])
    }
}

register_metric!(Medians);
export_plugin!();

/// The conformance suite, on the defaults and on another configuration.
#[test]
fn conforms() {
    testing::check_all(&[("my-plugin", "{}"), ("my-plugin", r#"{"softness": 3.0}"#)]);
}
