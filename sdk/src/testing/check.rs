//! The suite inside an author's own `cargo test`.

use std::sync::Arc;

use super::outcome::Outcome;
use super::selection::Selection;
use super::suite::{DEFAULT_SEED, Suite};
use super::threads::Threads;
use crate::abi::{Unwatched, root_module, take_drop_errors};

/// Runs every test on every component that is registered in this crate: [`Check`] with all of its defaults.
///
/// `configs` are pairs of a component's name and a configuration in JSON; a component may have several, and is tested
/// with its defaults if it has none.
///
/// # Panics
/// If a test fails, naming all that did.
pub fn check_all(configs: &[(&str, &str)]) {
    Check::new(configs).run();
}

/// A run of the suite on the components that are registered in this crate, with a choice of tests and of the seed.
///
/// ```no_run
/// use amplicast_sdk::testing::Check;
/// // Inside a function with #[test].
/// Check::new(&[("scaled", r#"{"factor": 2.0}"#)]).exclude("scaled:extreme-*").seed(7).run();
/// ```
#[derive(Debug, Clone)]
pub struct Check {
    configs: Vec<(String, String)>,
    selection: Selection,
    seed: u64,
}

impl Check {
    /// Every test, with these configurations (see [`check_all`]).
    pub fn new(configs: &[(&str, &str)]) -> Self {
        let configs = configs.iter().map(|(name, json)| ((*name).to_string(), (*json).to_string())).collect();
        Check { configs, selection: Selection::default(), seed: DEFAULT_SEED }
    }

    /// Only tests that this pattern fits (see [`Selection`]), or another one that is given.
    #[must_use]
    pub fn include(mut self, pattern: &str) -> Self {
        self.selection.include.push(pattern.into());
        self
    }

    /// No test that this pattern fits.
    #[must_use]
    pub fn exclude(mut self, pattern: &str) -> Self {
        self.selection.exclude.push(pattern.into());
        self
    }

    /// With another seed than usual.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Runs the tests and prints what each found.
    ///
    /// # Panics
    /// If a test fails, naming all that did.
    pub fn run(self) {
        let components = (root_module().components())().into_result();
        let components = match components.map_err(crate::Error::from) {
            Ok(components) => components.into_vec(),
            Err(error) => panic!("the components cannot be listed: {error}"),
        };
        assert!(
            !components.is_empty(),
            "expected a registered component (`register_generator!` ...), found none"
        );
        let suite = Suite::new(components, self.configs, Arc::new(Unwatched), &Threads, &take_drop_errors);
        let suite = suite.unwrap_or_else(|error| panic!("{error}")).with_seed(self.seed);
        let cases = self.selection.of(suite.cases()).unwrap_or_else(|error| panic!("{error}"));
        println!("seed {}", self.seed);
        let mut failed = String::new();
        for case in cases {
            let outcome = suite.run(&case);
            println!("{}: {outcome}", case.id());
            if let Outcome::Failed(reason) = outcome {
                failed.push_str(&format!("\n  {} ({}): {reason}", case.id(), case.test().about));
            }
        }
        assert!(failed.is_empty(), "components that break the contract (seed {}):{failed}", self.seed);
    }
}
