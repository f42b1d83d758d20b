//! A generator that knows nothing of correlations: a Gaussian for each column.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::*;

config! {
    /// A Gaussian for each column.
    pub struct GaussiansConfig {
        /// Factor on the fitted widths: above 1 the events are too wide.
        pub stretch: f64 = 1.0,
    }
}

#[derive(Clone)]
struct Gaussians {
    stretch: f64,
}

impl Component for Gaussians {
    type Config = GaussiansConfig;
    const NAME: &'static str = "my-plugin";
    const ABOUT: &'static str = "A Gaussian for each column, fitted to its mean and its width";

    fn new(config: GaussiansConfig) -> Result<Self> {
        let stretch = config.stretch;
        ensure_config(stretch > 0.0 && stretch.is_finite(), "stretch", || {
            format!("expected a positive number, found {stretch}")
        })?;
        Ok(Gaussians { stretch })
    }
}

impl SimpleGenerator for Gaussians {
    const LOG_DENSITY: bool = true;

    /// Mean and width of one column after the other.
    fn fit(&self, events: ArrayView2<'_, f64>) -> Result<Vec<f32>> {
        let mut parameters = Vec::new();
        for column in events.columns() {
            let n = column.len() as f64;
            let mean = column.sum() / n;
            let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            // A column of equal numbers must have a width, too: a density cannot be infinite.
            let least = 1e-6 * (1.0 + mean.abs());
            let width = (self.stretch * variance.sqrt()).max(least);
            parameters.extend([mean as f32, width as f32]);
        }
        Ok(parameters)
    }

    /// Writes one event; all that is random comes from the stream.
    fn sample(&self, parameters: &[f32], stream: &mut Stream, event: &mut [f64]) {
        for (x, gaussian) in event.iter_mut().zip(parameters.chunks_exact(2)) {
            let normal: f64 = StandardNormal.sample(stream);
            *x = f64::from(gaussian[0]) + f64::from(gaussian[1]) * normal;
        }
    }

    /// The natural logarithm of the density at an event.
    fn log_density(&self, parameters: &[f32], event: &[f64]) -> f64 {
        let normalization = 0.5 * (2.0 * std::f64::consts::PI).ln();
        let column = |(x, gaussian): (&f64, &[f32])| {
            let (mean, width) = (f64::from(gaussian[0]), f64::from(gaussian[1]));
            -0.5 * ((x - mean) / width).powi(2) - width.ln() - normalization
        };
        event
            .iter()
            .zip(parameters.chunks_exact(2))
            .map(column)
            .sum()
    }
}

register_generator!(Gaussians);
export_plugin!();

/// The conformance suite, on the defaults and on another configuration.
#[test]
fn conforms() {
    testing::check_all(&[("my-plugin", "{}"), ("my-plugin", r#"{"stretch": 1.5}"#)]);
}
