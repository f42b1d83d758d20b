//! Summary statistics across the boundary.

use std::path::PathBuf;

use abi_stable::StableAbi;
use abi_stable::sabi_trait;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RBox, ROption, RSliceMut, RString, RVec};

use super::caller::{Caller, Held};
use super::generator::AbiBatch;
use super::guard::{Guarded, guard};
use super::types::{AbiSchema, Res, paths, read_strings, strings};
use crate::metric::expect_length;
use crate::{Batch, Error, Origin, Result, Schema, Summary, SummaryNeeds, SummaryStatistic};

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiSummaryNeeds {
    log_density: bool,
    true_log_density: bool,
    true_gradient: bool,
}

#[sabi_trait]
pub trait AbiSummaryStatistic: Send + Sync {
    fn label(&self) -> Res<RString>;
    fn axis(&self) -> Res<RString>;
    fn numbers(&self, schema: AbiSchema) -> Res<RVec<RString>>;
    fn needs(&self) -> Res<AbiSummaryNeeds>;
    fn files(&self) -> Res<RVec<RString>>;
    #[sabi(last_prefix_field)]
    fn prepare(&self, schema: AbiSchema) -> Res<SummaryBox>;
}

pub type SummaryStatisticBox = AbiSummaryStatistic_TO<'static, RBox<()>>;

#[sabi_trait]
pub trait AbiSummary: Send + Sync {
    fn evaluate(&self, batch: AbiBatch<'_>, out: RSliceMut<'_, f64>) -> Res<()>;
    #[sabi(last_prefix_field)]
    fn defined(&self, batch: AbiBatch<'_>) -> Res<ROption<RVec<bool>>>;
}

pub type SummaryBox = AbiSummary_TO<'static, RBox<()>>;

pub struct Adapter<S>(pub Guarded<S>);

impl<S: SummaryStatistic> AbiSummaryStatistic for Adapter<S> {
    fn label(&self) -> Res<RString> {
        guard(|| Ok(self.0.label().into()))
    }
    fn axis(&self) -> Res<RString> {
        guard(|| Ok(self.0.axis().into()))
    }
    fn numbers(&self, schema: AbiSchema) -> Res<RVec<RString>> {
        guard(|| Ok(strings(&self.0.numbers(&schema.read()?))))
    }
    fn needs(&self) -> Res<AbiSummaryNeeds> {
        guard(|| {
            let SummaryNeeds { log_density, true_log_density, true_gradient } = self.0.needs();
            Ok(AbiSummaryNeeds { log_density, true_log_density, true_gradient })
        })
    }
    fn files(&self) -> Res<RVec<RString>> {
        guard(|| Ok(paths(self.0.files())))
    }
    fn prepare(&self, schema: AbiSchema) -> Res<SummaryBox> {
        guard(|| Ok(own(self.0.prepare(&schema.read()?)?)))
    }
}

/// An author's function as it crosses the boundary.
pub(super) fn own(summary: Box<dyn Summary>) -> SummaryBox {
    AbiSummary_TO::from_value(SummaryAdapter(Guarded::new("a summary", summary)), TD_Opaque)
}

struct SummaryAdapter(Guarded<Box<dyn Summary>>);

impl AbiSummary for SummaryAdapter {
    fn evaluate(&self, batch: AbiBatch<'_>, out: RSliceMut<'_, f64>) -> Res<()> {
        guard(|| self.0.evaluate(&batch.read()?, out.into_mut_slice()))
    }
    fn defined(&self, batch: AbiBatch<'_>) -> Res<ROption<RVec<bool>>> {
        guard(|| Ok(self.0.defined(&batch.read()?)?.map(RVec::from).into()))
    }
}

/// A summary statistic of a loaded plugin.
pub struct LoadedSummaryStatistic {
    object: Held<SummaryStatisticBox>,
    caller: Caller,
    label: String,
    axis: String,
    needs: SummaryNeeds,
}

impl LoadedSummaryStatistic {
    pub(super) fn new(object: SummaryStatisticBox, caller: Caller) -> Result<Self> {
        let object = Held::new(object, &caller);
        let label = caller.call("label", || object.label())?.into_string();
        let axis = caller.call("axis", || object.axis())?.into_string();
        let AbiSummaryNeeds { log_density, true_log_density, true_gradient } =
            caller.call("needs", || object.needs())?;
        let needs = SummaryNeeds { log_density, true_log_density, true_gradient };
        Ok(LoadedSummaryStatistic { object, caller, label, axis, needs })
    }

    /// See [`SummaryStatistic::label`].
    pub fn label(&self) -> &str {
        &self.label
    }

    /// See [`SummaryStatistic::axis`].
    pub fn axis(&self) -> &str {
        &self.axis
    }

    /// See [`SummaryStatistic::numbers`].
    pub fn numbers(&self, schema: &Schema) -> Result<Vec<String>> {
        named(&self.caller, self.caller.call("numbers", || self.object.numbers(schema.into()))?)
    }

    /// See [`SummaryStatistic::needs`].
    pub fn needs(&self) -> SummaryNeeds {
        self.needs
    }

    /// See [`SummaryStatistic::files`].
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let files = self.caller.call("files", || self.object.files())?;
        Ok(read_strings(files).into_iter().map(Into::into).collect())
    }

    /// See [`SummaryStatistic::prepare`].
    pub fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>> {
        let object = self.caller.call("prepare", || self.object.prepare(schema.into()))?;
        Ok(loaded(object, &self.caller, self.needs, self.numbers(schema)?.len()))
    }
}

/// The names of a summary's numbers, of which there is at least one.
pub(super) fn named(caller: &Caller, numbers: RVec<RString>) -> Result<Vec<String>> {
    if numbers.is_empty() {
        return Err(Error::plugin(format!(
            "`{}`, call numbers: expected the name of at least one number, found none",
            caller.component()
        )));
    }
    Ok(read_strings(numbers))
}

/// A function of a loaded plugin, of so many numbers.
pub(super) fn loaded(
    object: SummaryBox,
    caller: &Caller,
    needs: SummaryNeeds,
    numbers: usize,
) -> Box<dyn Summary> {
    let object = Held::new(object, caller);
    Box::new(LoadedFunction { object, caller: caller.clone(), needs, numbers })
}

struct LoadedFunction {
    object: Held<SummaryBox>,
    caller: Caller,
    needs: SummaryNeeds,
    numbers: usize,
}

impl Summary for LoadedFunction {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        expect_length("summaries", self.numbers * batch.values.nrows(), out.len())?;
        let (events, columns) = batch.values.dim();
        for (what, needed, found, length) in [
            ("log densities", self.needs.log_density, batch.log_density, events),
            ("log densities", self.needs.true_log_density, batch.true_log_density, events),
            ("gradients of log densities", self.needs.true_gradient, batch.true_gradient, events * columns),
        ] {
            if needed {
                expect_length(what, length, found.map_or(0, <[f64]>::len))?;
            }
        }
        let crossing = AbiBatch::new(batch)?;
        self.caller.call("evaluate", || self.object.evaluate(crossing, RSliceMut::from_mut_slice(out)))?;
        let event = match batch.origin {
            Origin::Training => "the summary of training event",
            Origin::Generated => "the summary of generated event",
            Origin::LeftOut => "the summary of left-out event",
            Origin::Holdout => "the summary of holdout event",
            Origin::Truth => "the summary of true event",
        };
        match out.iter().position(|x| !x.is_finite()) {
            None => Ok(()),
            Some(i) => {
                let (event_in_batch, n) = (i / self.numbers, self.numbers);
                let numbers = &out[event_in_batch * n..(event_in_batch + 1) * n];
                self.caller.expect_finite("evaluate", event, batch.rows[event_in_batch], numbers, n)
            }
        }
    }

    fn defined(&self, batch: &Batch<'_>) -> Result<Option<Vec<bool>>> {
        let crossing = AbiBatch::new(batch)?;
        let defined = self.caller.call("defined", || self.object.defined(crossing))?;
        let defined = defined.into_option().map(RVec::into_vec);
        if let Some(list) = &defined {
            expect_length("events with or without the summary", batch.values.nrows(), list.len())?;
        }
        Ok(defined)
    }
}
