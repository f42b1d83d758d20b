//! The Gaussian ring of the paper (Eq. 5) in two or more dimensions.

use amplicast_sdk::ndarray::{ArrayView2, ArrayViewMut2};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Chunk, Component, Dataset, Density, Result, Schema, Split, config, ensure_config};
use statrs::function::gamma::ln_gamma;

use crate::normal::{LN_SQRT_2PI, exceeded_with, numbered_columns, probability_below};

config! {
    /// A spherical shell with a Gaussian radius.
    pub struct GaussianRingConfig {
        /// Number of columns, at least 2.
        pub dimension: usize = 2,
        /// Mean of the radius before it is cut to positive values.
        pub radius: f64 = 1.0,
        /// Standard deviation of the radius before it is cut to positive values.
        pub width: f64 = 0.1,
    }
}

/// Events on a spherical shell: R ~ N(radius, width^2) cut to R > 0, directions isotropic (Bahl et al. 2025, Eq. 5).
///
/// Columns `x1` ... `xd`. The density is p(x) = p_R(|x|) / (S |x|^(d-1)) with the surface S of the unit sphere; it
/// diverges at the origin.
#[derive(Debug, Clone)]
pub struct GaussianRing {
    dimension: usize,
    radius: f64,
    width: f64,
    /// Probability of R > 0 before the cut.
    positive: f64,
    /// ln of everything in the density that does not depend on x.
    log_constant: f64,
}

impl Component for GaussianRing {
    type Config = GaussianRingConfig;
    const NAME: &'static str = "gaussian-ring";
    const ABOUT: &'static str = "A spherical shell with a Gaussian radius (Bahl et al. 2025, Eq. 5)";

    fn new(config: GaussianRingConfig) -> Result<Self> {
        let GaussianRingConfig { dimension, radius, width } = config;
        ensure_config(dimension >= 2, "dimension", || format!("expected at least 2, found {dimension}"))?;
        // A negative mean would make redrawing until R > 0 ever longer.
        ensure_config(radius >= 0.0 && radius.is_finite(), "radius", || {
            format!("expected 0 or a positive number, found {radius}")
        })?;
        ensure_config(width > 0.0 && width.is_finite(), "width", || {
            format!("expected a positive number, found {width}")
        })?;
        let positive = probability_below(radius / width);
        let half = dimension as f64 / 2.0;
        let log_surface = std::f64::consts::LN_2 + half * std::f64::consts::PI.ln() - ln_gamma(half);
        let log_constant = -LN_SQRT_2PI - width.ln() - positive.ln() - log_surface;
        Ok(GaussianRing { dimension, radius, width, positive, log_constant })
    }
}

impl Dataset for GaussianRing {
    fn schema(&self) -> Schema {
        numbered_columns(self.dimension)
    }

    fn capacity(&self, _split: Split) -> Option<u64> {
        None
    }

    fn read(&self, _split: Split, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let mut stream = chunk.seed.stream();
        let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
        for mut event in out.rows_mut() {
            let radius = loop {
                let radius = self.radius + self.width * normal();
                if radius > 0.0 {
                    break radius;
                }
            };
            // A vector of standard normal numbers has an isotropic direction.
            let mut square = 0.0;
            for x in &mut event {
                *x = normal();
                square += *x * *x;
            }
            let scale = radius / square.sqrt();
            event.iter_mut().for_each(|x| *x *= scale);
        }
        Ok(())
    }

    fn density(&self) -> Option<&dyn Density> {
        Some(self)
    }

    /// Exact for `radius`.
    fn quantile(&self, summary: &str, probability: f64) -> Option<f64> {
        if summary != "radius" || !(0.0..=1.0).contains(&probability) {
            return None;
        }
        Some((self.radius + self.width * exceeded_with((1.0 - probability) * self.positive)).max(0.0))
    }
}

impl Density for GaussianRing {
    fn log_density(&self, events: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
        let power = (self.dimension - 1) as f64;
        for (event, y) in events.rows().into_iter().zip(out) {
            let radius = event.iter().map(|x| x * x).sum::<f64>().sqrt();
            let z = (radius - self.radius) / self.width;
            *y = self.log_constant - 0.5 * z * z - power * radius.ln();
        }
        Ok(())
    }
}

amplicast_sdk::register_dataset!(GaussianRing);
