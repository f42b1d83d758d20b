//! The distance of two means, over the width of the reference: |N(0, 1/n + 1/m)| for true samples of n and m events.

use std::sync::Arc;

use amplicast_sdk::*;

/// What may be wrong in it.
pub trait MetricFault: Clone + Default + Send + Sync + 'static {
    const NAME: &'static str;
    const ABOUT: &'static str;

    /// The width of the null law for samples of `n` and `m` events.
    fn width(&self, n: f64, m: f64) -> f64 {
        (1.0 / n + 1.0 / m).sqrt()
    }

    /// What a quantile of the null law is, from what it should be.
    fn quantile(&self, quantile: f64, _probability: f64) -> f64 {
        quantile
    }

    /// What the limit is, from what it should be.
    fn limit(&self, limit: f64) -> f64 {
        limit
    }

    /// An accumulator, which gives number and sum of the values.
    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Sums::default())
    }

    /// How many numbers it takes.
    fn takes(&self) -> Takes {
        Takes::One
    }

    /// How it is shown, from how it should be.
    fn shown(&self, shown: Shown) -> Shown {
        shown
    }

    /// Whether it says that it takes groups of events, of which it counts every event.
    fn says_groups(&self) -> bool {
        false
    }

    /// How much of the pseudo-experiments is used.
    fn of_simulated(&self) -> f64 {
        1.0
    }
}

#[derive(Clone)]
pub struct Distance<F>(pub F);

super::component!(Distance, MetricFault);

/// Mean and width.
fn moments(values: Values<'_>) -> (f64, f64) {
    let (x, m) = (values.x.column(0), values.events() as f64);
    let mean = x.iter().sum::<f64>() / m;
    (mean, (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / m).sqrt())
}

impl<F: MetricFault> Metric for Distance<F> {
    fn takes(&self) -> Takes {
        self.0.takes()
    }

    fn shown(&self) -> Shown {
        self.0.shown(Shown::value("distance of the means"))
    }

    fn groups(&self) -> bool {
        self.0.says_groups()
    }

    /// The distance, over the width that it has for independent samples.
    fn simulate(&self, training: Values<'_>, generated: Values<'_>) -> Result<Option<f64>> {
        let ((one, width), (other, _)) = (moments(training), moments(generated));
        let [n, m] = [generated.events(), training.events()].map(|events| events as f64);
        Ok(Some((one - other).abs() / width / (1.0 / n + 1.0 / m).sqrt()))
    }

    fn compare(&self, reference: &Reference<'_>) -> Result<Box<dyn Comparison>> {
        let m = reference.values.events() as f64;
        let (mean, width) = moments(reference.values);
        if reference.values.events() < 2 || width <= 0.0 {
            return Err(Error::data("expected a reference of different values, found one value"));
        }
        // The mean of |N(0, 1)| is sqrt(2 / pi).
        let count = reference.simulated.len().max(1) as f64;
        let simulated = reference.simulated.iter().sum::<f64>() / count * (std::f64::consts::PI / 2.0).sqrt();
        let part = if reference.simulated.is_empty() { 0.0 } else { self.0.of_simulated() };
        let scale = 1.0 + part * (simulated - 1.0);
        Ok(Box::new(Against { fault: Arc::new(self.0.clone()), mean, width, m, scale }))
    }
}

struct Against<F> {
    fault: Arc<F>,
    mean: f64,
    width: f64,
    m: f64,
    /// Of the law, from pseudo-experiments.
    scale: f64,
}

/// The standard normal quantile at a probability of a half or more, to three digits.
fn normal_quantile(p: f64) -> f64 {
    5.5556 * (1.0 - ((1.0 - p) / p).powf(0.1186))
}

impl<F: MetricFault> Comparison for Against<F> {
    fn value_names(&self) -> Vec<String> {
        vec!["events".into(), "sum".into()]
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        self.fault.accumulator()
    }

    fn effective_events(&self, events: Values<'_>) -> Result<f64> {
        Ok(if self.fault.says_groups() { events.events() as f64 } else { events.effective_size() })
    }

    fn measure(&self, curves: &Curves<'_>, k: usize) -> Result<Measured> {
        let one = |i: usize| {
            let mean = curves.values[[i, k, 1]] / curves.values[[i, k, 0]].max(1.0);
            (mean - self.mean).abs() / self.width
        };
        let value = (0..curves.members()).map(one).sum::<f64>() / curves.members() as f64;
        Ok(Measured { value, statistical: None, model: None })
    }

    fn limit(&self, curves: &Curves<'_>, _: f64) -> Result<Limit> {
        let value = self.fault.limit(self.measure(curves, curves.checkpoints() - 1)?.value);
        Ok(Limit { value, low: value, high: value, extrapolated: false })
    }

    fn null(&self, _: &Curves<'_>, n: f64, probabilities: &[f64]) -> Result<NullLaw> {
        let width = self.scale * self.fault.width(n, self.m);
        let quantile = |&p: &f64| self.fault.quantile(width * normal_quantile(0.5 + 0.5 * p).max(0.0), p);
        Ok(NullLaw {
            mean: width * (2.0 / std::f64::consts::PI).sqrt(),
            quantiles: probabilities.iter().map(quantile).collect(),
        })
    }
}

/// Number and sum of the values so far.
#[derive(Default, Clone)]
pub struct Sums {
    pub events: f64,
    pub sum: f64,
}

impl Accumulator for Sums {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let values = values.one()?;
        self.events += values.len() as f64;
        self.sum += values.iter().sum::<f64>();
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(vec![self.events, self.sum])
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        expect_length("sums", 2, state.len())?;
        self.events += state[0];
        self.sum += state[1];
        Ok(())
    }

    fn values(&self) -> Result<Vec<f64>> {
        self.state()
    }
}
