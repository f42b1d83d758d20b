//! The suite: which tests there are for a component, and one of them run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::outcome::{Outcome, ensure, fail};
use super::subject::{Subject, Test};
use super::{
    accumulator, configuration, dataset, density, event_groups, event_weights, fits, fitted_summary,
    generator, gradients, loss, loss_rows, members, metric, metric_curves, metric_values, null_law, spread,
    summary, summary_events, training_rows, training_sets, uncertainty,
};
use crate::abi::{AbiComponent, Kind, Watch};
use crate::{Context, Error, Result, Seed};

/// The seed of a suite that is given none.
pub const DEFAULT_SEED: u64 = 1;

/// All tests of a kind of component, in the order in which they run.
pub fn tests(kind: Kind) -> Vec<Test> {
    let own: &[&[Test]] = match kind {
        Kind::Dataset => &[
            dataset::TESTS,
            density::DATASET_TESTS,
            event_weights::DATASET_TESTS,
            event_groups::DATASET_TESTS,
        ],
        Kind::Generator => &[
            generator::TESTS,
            fits::TESTS,
            training_sets::TESTS,
            members::TESTS,
            loss::TESTS,
            loss_rows::TESTS,
            gradients::TESTS,
            density::GENERATOR_TESTS,
            event_weights::GENERATOR_TESTS,
        ],
        Kind::Uncertainty => &[uncertainty::TESTS, spread::TESTS, training_rows::TESTS],
        Kind::Summary => &[summary::TESTS, summary_events::TESTS, fitted_summary::TESTS],
        Kind::Metric => &[
            metric::TESTS,
            metric_values::TESTS,
            accumulator::TESTS,
            metric_curves::TESTS,
            null_law::TESTS,
            event_weights::METRIC_TESTS,
            event_groups::METRIC_TESTS,
        ],
    };
    configuration::TESTS.iter().chain(own.concat().iter()).copied().collect()
}

/// Components to be tested, with what the tests need of whoever runs them.
pub struct Suite<'a> {
    components: Vec<AbiComponent>,
    configs: Vec<(String, String)>,
    watch: Arc<dyn Watch>,
    context: &'a dyn Context,
    drop_errors: &'a dyn Fn() -> Vec<String>,
    seed: u64,
}

/// Whether a component has this name, or this kind and name.
fn is_called(component: &AbiComponent, name: &str) -> bool {
    let own = component.name.as_str();
    name == own || name.split_once(' ') == Some((component.kind().table(), own))
}

/// One test of one component under one configuration.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    component: &'a AbiComponent,
    config: Option<(usize, &'a str)>,
    test: Test,
}

impl<'a> Suite<'a> {
    /// A suite; refuses a configuration for a component that is not there. Where components of several kinds have a name in common, the
    /// kind stands before it: `summary python`.
    ///
    /// `context` runs the parallel work of the tests, `drop_errors` gives the panics of destructors since its last call.
    pub fn new(
        components: Vec<AbiComponent>,
        configs: Vec<(String, String)>,
        watch: Arc<dyn Watch>,
        context: &'a dyn Context,
        drop_errors: &'a dyn Fn() -> Vec<String>,
    ) -> Result<Self> {
        if let Some((name, _)) =
            configs.iter().find(|(name, _)| !components.iter().any(|c| is_called(c, name)))
        {
            let names: Vec<&str> = components.iter().map(|c| c.name.as_str()).collect();
            return Err(Error::config(
                "",
                format!("a configuration for `{name}`: expected one of {}", names.join(", ")),
            ));
        }
        Ok(Suite { components, configs, watch, context, drop_errors, seed: DEFAULT_SEED })
    }

    /// The same suite with another seed: of its training sets, of everything that is drawn.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Every test of every component under every configuration.
    pub fn cases(&self) -> Vec<Case<'_>> {
        let mut cases = Vec::new();
        for component in &self.components {
            let given = self.configs.iter().filter(|(name, _)| is_called(component, name));
            let mut configs: Vec<_> =
                given.enumerate().map(|(i, (_, json))| Some((i, json.as_str()))).collect();
            if configs.is_empty() {
                configs.push(None);
            }
            for config in configs {
                cases.extend(tests(component.kind()).into_iter().map(|test| Case {
                    component,
                    config,
                    test,
                }));
            }
        }
        cases
    }

    /// Runs one test.
    pub fn run(&self, case: &Case<'_>) -> Outcome {
        let subject = Subject {
            component: case.component,
            config: case.config.map_or("{}", |(_, json)| json),
            given: case.config.is_some(),
            watch: &self.watch,
            context: self.context,
            seed: Seed::new(self.seed),
        };
        (self.drop_errors)();
        let verdict = catch_unwind(AssertUnwindSafe(|| (case.test.run)(&subject)));
        let verdict = verdict.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("(no message)");
            fail(format!("what the component gave made the test panic: {text}"))
        });
        // Everything that the test made is dropped by now.
        let dropped = (self.drop_errors)();
        let clean = ensure(dropped.is_empty(), || format!("cleaning up panicked: {}", dropped.join("; ")));
        Outcome::from(clean.and(verdict))
    }
}

impl Case<'_> {
    /// The component's name.
    pub fn component(&self) -> &str {
        self.component.name.as_str()
    }

    /// The component's kind.
    pub fn kind(&self) -> Kind {
        self.component.kind()
    }

    /// The configuration that was given; none for the defaults.
    pub fn config(&self) -> Option<&str> {
        self.config.map(|(_, json)| json)
    }

    /// The test.
    pub fn test(&self) -> &Test {
        &self.test
    }

    /// Whether the test makes the component; others ask for its name and configuration alone.
    pub fn makes_component(&self) -> bool {
        !configuration::TESTS.iter().any(|test| test.name == self.test.name)
    }

    /// The component under its configuration: `generator resample`, `metric integral #2`.
    pub fn subject(&self) -> String {
        let number =
            self.config.filter(|(i, _)| *i > 0).map_or_else(String::new, |(i, _)| format!(" #{}", i + 1));
        format!("{} {}{number}", self.kind().table(), self.component.name)
    }

    /// A name of this case alone: `generator resample: seed`.
    pub fn id(&self) -> String {
        format!("{}: {}", self.subject(), self.test.name)
    }
}
