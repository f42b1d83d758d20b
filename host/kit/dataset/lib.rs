//! A dataset whose truth is known: exponential numbers, such as times of decay.

use amplicast_sdk::ndarray::{ArrayView2, ArrayViewMut2};
use amplicast_sdk::rand_distr::{Distribution, Exp1};
use amplicast_sdk::*;

config! {
    /// Exponential numbers.
    pub struct ExponentialConfig {
        /// Their mean.
        pub mean: f64 = 1.0,
    }
}

struct Exponential {
    mean: f64,
}

impl Component for Exponential {
    type Config = ExponentialConfig;
    const NAME: &'static str = "my-plugin";
    const ABOUT: &'static str = "Exponential numbers, such as times of decay";

    fn new(config: ExponentialConfig) -> Result<Self> {
        let mean = config.mean;
        ensure_config(mean > 0.0 && mean.is_finite(), "mean", || {
            format!("expected a positive number, found {mean}")
        })?;
        Ok(Exponential { mean })
    }
}

impl Dataset for Exponential {
    /// The columns of an event.
    fn schema(&self) -> Schema {
        Schema::columns(["time"])
    }

    /// A sampler has no end; a file says how many events it has for training and as holdout.
    fn capacity(&self, _: Split) -> Option<u64> {
        None
    }

    /// The events `chunk.first_event ..` of a split, from the chunk's seed alone: chunks are read in any order.
    fn read(&self, split: Split, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let name = if split == Split::Training {
            "training"
        } else {
            "holdout"
        };
        let mut stream = chunk.seed.split(name).stream();
        for x in &mut out {
            let one: f64 = Exp1.sample(&mut stream);
            *x = self.mean * one;
        }
        Ok(())
    }

    /// The true density. Leave this out if you do not know it.
    fn density(&self) -> Option<&dyn Density> {
        Some(self)
    }

    /// The true quantile of a summary, by its label. Leave this out if you do not know any.
    fn quantile(&self, summary: &str, probability: f64) -> Option<f64> {
        let known =
            ["radius", "coordinate:0"].contains(&summary) && (0.0..1.0).contains(&probability);
        known.then(|| -self.mean * (-probability).ln_1p())
    }
}

impl Density for Exponential {
    /// The natural logarithm of the density; -inf where there are no events.
    fn log_density(&self, events: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
        for (event, y) in events.rows().into_iter().zip(out) {
            let inside = -self.mean.ln() - event[0] / self.mean;
            *y = if event[0] < 0.0 {
                f64::NEG_INFINITY
            } else {
                inside
            };
        }
        Ok(())
    }
}

register_dataset!(Exponential);
export_plugin!();

/// The conformance suite, on the defaults and on another configuration.
#[test]
fn conforms() {
    testing::check_all(&[("my-plugin", "{}"), ("my-plugin", r#"{"mean": 20.0}"#)]);
}
