//! The conformance suite: one set of named tests for every component of every plugin.
//!
//! The same tests run inside an author's own `cargo test` ([`check_all`]) and on a finished library, out of process
//! (`amplicast plugins check FILE`). They know nothing of a component but its contract: that it is deterministic in its
//! seed, that lengths are right and numbers finite, that gradients are those of the loss, that a density is the density
//! of the samples. They bring their own small training sets; a component whose defaults are not enough (a path, a list
//! of regions) is given a configuration, or skipped with the reason.
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

mod configuration;
mod dataset;
mod density;
mod generator;
mod gradients;
mod inputs;
mod members;
mod metric;
mod model;
mod outcome;
mod proposal;
mod stream;
mod suite;
mod summary;
mod threads;
mod uncertainty;

pub use outcome::Outcome;
pub use suite::{Case, Suite, Test, tests};
pub use threads::Threads;

use std::sync::Arc;

use crate::abi::{Unwatched, root_module, take_drop_errors};

/// Runs every test on every component that is registered in this crate.
///
/// `configs` are pairs of a component's name and a configuration in JSON; a component may have several, and is tested
/// with its defaults if it has none.
///
/// # Panics
/// If a test fails, naming all that did.
pub fn check_all(configs: &[(&str, &str)]) {
    let components = (root_module().components())().into_result();
    let components = match components.map_err(crate::Error::from) {
        Ok(components) => components.into_vec(),
        Err(error) => panic!("the components cannot be listed: {error}"),
    };
    assert!(
        !components.is_empty(),
        "expected a registered component (`register_generator!` ...), found none"
    );
    let configs = configs.iter().map(|(name, json)| ((*name).to_string(), (*json).to_string())).collect();
    let suite = Suite::new(components, configs, Arc::new(Unwatched), &Threads, &take_drop_errors);
    let suite = suite.unwrap_or_else(|error| panic!("{error}"));
    let mut failed = String::new();
    for case in suite.cases() {
        let outcome = suite.run(&case);
        println!("{}: {outcome}", case.id());
        if let Outcome::Failed(reason) = outcome {
            failed.push_str(&format!("\n  {} ({}): {reason}", case.id(), case.test().about));
        }
    }
    assert!(failed.is_empty(), "components that break the contract:{failed}");
}
