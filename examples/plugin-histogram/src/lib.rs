//! A generator that knows nothing of correlations: the product of one histogram per column.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::*;

config! { pub struct HistogramConfig {
    /// Bins of each column, between the least and the greatest training event.
    pub bins: usize = 20,
} }
#[derive(Clone)]
struct Histogram(usize);

impl Component for Histogram {
    type Config = HistogramConfig;
    const NAME: &'static str = "histogram";
    const ABOUT: &'static str = "The product of one histogram per column";
    fn new(config: HistogramConfig) -> Result<Self> {
        ensure_config(config.bins > 0, "bins", || "expected at least 1, found 0".into())?;
        Ok(Histogram(config.bins))
    }
}

impl SimpleGenerator for Histogram {
    /// For each column the least and the greatest number, then the fraction of events in each bin.
    fn fit(&self, events: ArrayView2<'_, f64>) -> Result<Vec<f32>> {
        let mut parameters = Vec::new();
        for column in events.columns() {
            let low = column.fold(f64::INFINITY, |a, x| a.min(*x));
            let high = column.fold(f64::NEG_INFINITY, |a, x| a.max(*x));
            let mut fractions = vec![0.0; self.0];
            for x in column {
                let bin = (x - low) / (high - low) * self.0 as f64;
                fractions[(bin as usize).min(self.0 - 1)] += 1.0 / column.len() as f32;
            }
            parameters.extend([low as f32, high as f32]);
            parameters.extend(fractions);
        }
        Ok(parameters)
    }
    fn sample(&self, parameters: &[f32], stream: &mut Stream, event: &mut [f64]) {
        for (x, column) in event.iter_mut().zip(parameters.chunks_exact(2 + self.0)) {
            let (low, width) = (column[0], (column[1] - column[0]) / self.0 as f32);
            let mut left: f32 = stream.random();
            let chosen = |fraction: &f32| {
                left -= fraction;
                left < 0.0
            };
            let bin = column[2..].iter().position(chosen).unwrap_or(self.0 - 1);
            *x = f64::from(low) + (bin as f64 + stream.random::<f64>()) * f64::from(width);
        }
    }
}

register_generator!(Histogram);
export_plugin!();

/// `cargo test` runs the conformance suite on every component of this library.
#[test]
fn conforms() {
    amplicast_sdk::testing::check_all(&[("histogram", r#"{"bins": 5}"#)]);
}
