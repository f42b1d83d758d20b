//! A test, and what it is a test of.

use std::sync::Arc;

use super::outcome::{Stop, Verdict};
use crate::abi::{
    AbiComponent, Caller, LoadedDataset, LoadedGenerator, LoadedMetric, LoadedSummary,
    LoadedUncertaintyModel, Watch,
};
use crate::{Context, ErrorKind, Result, Seed};

/// A named test.
#[derive(Clone, Copy)]
pub struct Test {
    /// Its name: lower case, words joined by `-`.
    pub name: &'static str,
    /// What it shows, in one line.
    pub about: &'static str,
    /// Runs it.
    pub(super) run: fn(&Subject<'_>) -> Verdict,
}

impl Test {
    pub(super) const fn new(
        name: &'static str,
        about: &'static str,
        run: fn(&Subject<'_>) -> Verdict,
    ) -> Self {
        Test { name, about, run }
    }
}

/// A component under test.
pub struct Subject<'a> {
    pub component: &'a AbiComponent,
    pub config: &'a str,
    pub(super) given: bool,
    pub(super) watch: &'a Arc<dyn Watch>,
    pub(super) seed: Seed,
    pub context: &'a dyn Context,
}

macro_rules! creators {
    ($($create:ident $loaded:ident)*) => {
        impl Subject<'_> {
            $(
                /// The component, made with its configuration.
                pub fn $create(&self) -> Verdict<$loaded> {
                    self.usable(self.component.$create(self.config, self.caller()))
                }
            )*
        }
    };
}

creators! {
    dataset LoadedDataset
    generator LoadedGenerator
    uncertainty LoadedUncertaintyModel
    summary LoadedSummary
    metric LoadedMetric
}

impl Subject<'_> {
    /// The seed of this number.
    pub fn seed(&self, number: u64) -> Seed {
        self.seed.index(number)
    }

    /// A caller of the component.
    pub fn caller(&self) -> Caller {
        Caller::new(&self.component.name, self.watch.clone())
    }

    /// Makes the component and drops it.
    pub fn create(&self, config: &str) -> Result<()> {
        self.component.try_config(config, self.caller())
    }

    /// A component whose defaults are not enough is skipped unless a configuration was given.
    pub fn usable<T>(&self, made: Result<T>) -> Verdict<T> {
        match made {
            Err(error) if error.kind() == ErrorKind::Config && !self.given => Err(Stop::Skipped(format!(
                "the defaults are not enough, and no configuration was given: {error}"
            ))),
            other => Ok(other?),
        }
    }
}
