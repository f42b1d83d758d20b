//! The conformance suite: one set of named tests for every component of every plugin.
//!
//! The same tests run inside an author's own `cargo test` ([`check_all`]) and on a finished library, out of process
//! (`amplicast plugins check FILE`). They know nothing of a component but its contract: that it is deterministic in its
//! seed, that lengths are right and numbers finite, that gradients are those of the loss, that a density is the density
//! of the samples, that a null law is the law of the metric on true samples. They bring their own small training sets, of
//! any number of columns and rows, and extreme events; a component whose defaults are not enough (a path, a list of
//! regions) is given a configuration, or skipped with the reason. A test that meets its time before it is through says how
//! far it came ([`Outcome::Partial`]). Everything random comes from one seed, which is printed.
//!
//! ```
//! use amplicast_sdk::*;
//!
//! config! { pub struct ScaledConfig {
//!     /// Factor on the first column.
//!     pub factor: f64,
//! } }
//! struct Scaled(f64);
//!
//! impl Component for Scaled {
//!     type Config = ScaledConfig;
//!     const NAME: &'static str = "scaled";
//!     const ABOUT: &'static str = "The first column of an event, scaled";
//!     fn new(config: ScaledConfig) -> Result<Self> { Ok(Scaled(config.factor)) }
//! }
//! impl SummaryStatistic for Scaled {
//!     fn label(&self) -> String { format!("scaled:{}", self.0) }
//!     fn config_of_arguments(arguments: &[&str]) -> Option<String> {
//!         arguments.first().map(|factor| format!(r#"{{"factor": {factor}}}"#))
//!     }
//!     fn prepare(&self, _: &Schema) -> Result<Box<dyn Summary>> { Ok(Box::new(Scaled(self.0))) }
//! }
//! impl Summary for Scaled {
//!     fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
//!         out.iter_mut().zip(batch.values.column(0)).for_each(|(y, &x)| *y = self.0 * x);
//!         Ok(())
//!     }
//! }
//! register_summary!(Scaled);
//!
//! // In a plugin: inside a function with #[test].
//! testing::check_all(&[("scaled", r#"{"factor": 2.0}"#)]);
//! ```

mod accumulator;
mod check;
mod configuration;
mod dataset;
mod density;
mod derivative;
mod event_groups;
mod event_weights;
mod extremes;
mod fit;
mod fits;
mod fitted_summary;
mod generator;
mod gradients;
mod inputs;
mod loss;
mod loss_rows;
mod many;
mod members;
mod memory;
mod metric;
mod metric_curves;
mod metric_values;
mod model;
mod null_law;
mod outcome;
mod proposal;
mod rows;
mod sampled;
mod seeds;
mod selection;
mod spread;
mod stream;
mod subject;
mod suite;
mod summary;
mod summary_events;
mod tails;
mod threads;
mod training_rows;
mod training_sets;
mod uncertainty;

pub use check::{Check, check_all};
pub use outcome::Outcome;
pub use selection::Selection;
pub use subject::Test;
pub use suite::{Case, DEFAULT_SEED, Suite, tests};
pub use threads::Threads;
