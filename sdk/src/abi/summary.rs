//! Summary statistics across the boundary.

use abi_stable::StableAbi;
use abi_stable::sabi_trait;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RBox, ROption, RSlice, RSliceMut, RString, RVec};

use super::caller::{Caller, Held};
use super::context::{ContextRef, Offered, Received, offer};
use super::generator::AbiBatch;
use super::guard::{Guarded, guard};
use super::types::{AbiSchema, AbiSeed, Res, read_diagnostics, write_diagnostics};
use crate::metric::expect_length;
use crate::{
    Batch, FitNeeds, Fitted, Origin, Result, Schema, Summary, SummaryFit, SummaryNeeds, SummaryStatistic,
};

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiSummaryNeeds {
    log_density: bool,
    true_log_density: bool,
    fit: ROption<AbiFitNeeds>,
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiFitNeeds {
    training_fraction: f64,
    cross_fitted: bool,
    generated: u64,
    pooled: bool,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiSummaryFit<'a> {
    schema: AbiSchema,
    training: AbiBatch<'a>,
    unseen: AbiBatch<'a>,
    generated: AbiBatch<'a>,
    seed: AbiSeed,
    context: ContextRef<'a>,
}

impl<'a> AbiSummaryFit<'a> {
    fn new(fit: &'a SummaryFit<'_>, context: &'a Offered<'a>) -> Result<Self> {
        Ok(AbiSummaryFit {
            schema: fit.schema.into(),
            training: AbiBatch::new(&fit.training)?,
            unseen: AbiBatch::new(&fit.unseen)?,
            generated: AbiBatch::new(&fit.generated)?,
            seed: fit.seed.into(),
            context: offer(context),
        })
    }

    fn read<T>(self, call: impl FnOnce(&SummaryFit<'_>) -> Result<T>) -> Result<T> {
        let AbiSummaryFit { schema, training, unseen, generated, seed, context } = self;
        let (schema, context) = (schema.read()?, Received(context));
        call(&SummaryFit {
            schema: &schema,
            training: training.read()?,
            unseen: unseen.read()?,
            generated: generated.read()?,
            seed: seed.into(),
            context: &context,
        })
    }
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiFitted {
    parameters: RVec<f32>,
    diagnostics: RString,
}

impl From<SummaryNeeds> for AbiSummaryNeeds {
    fn from(needs: SummaryNeeds) -> Self {
        let fit = |f: FitNeeds| AbiFitNeeds {
            training_fraction: f.training_fraction,
            cross_fitted: f.cross_fitted,
            generated: f.generated,
            pooled: f.pooled,
        };
        let SummaryNeeds { log_density, true_log_density, .. } = needs;
        AbiSummaryNeeds { log_density, true_log_density, fit: needs.fit.map(fit).into() }
    }
}

impl From<AbiSummaryNeeds> for SummaryNeeds {
    fn from(needs: AbiSummaryNeeds) -> Self {
        let fit = |f: AbiFitNeeds| FitNeeds {
            training_fraction: f.training_fraction,
            cross_fitted: f.cross_fitted,
            generated: f.generated,
            pooled: f.pooled,
        };
        let AbiSummaryNeeds { log_density, true_log_density, .. } = needs;
        SummaryNeeds { log_density, true_log_density, fit: needs.fit.into_option().map(fit) }
    }
}

#[sabi_trait]
pub trait AbiSummaryStatistic: Send + Sync {
    fn label(&self) -> Res<RString>;
    fn axis(&self) -> Res<RString>;
    fn needs(&self) -> Res<AbiSummaryNeeds>;
    fn prepare(&self, schema: AbiSchema) -> Res<SummaryBox>;
    fn fit(&self, fit: AbiSummaryFit<'_>) -> Res<AbiFitted>;
    fn simulated_null(&self, fit: AbiSummaryFit<'_>) -> Res<RVec<f64>>;
    #[sabi(last_prefix_field)]
    fn fitted(&self, schema: AbiSchema, parameters: RSlice<'_, f32>) -> Res<SummaryBox>;
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
    fn needs(&self) -> Res<AbiSummaryNeeds> {
        guard(|| Ok(self.0.needs().into()))
    }
    fn prepare(&self, schema: AbiSchema) -> Res<SummaryBox> {
        guard(|| Ok(own(self.0.prepare(&schema.read()?)?)))
    }
    fn fit(&self, fit: AbiSummaryFit<'_>) -> Res<AbiFitted> {
        guard(|| {
            let fitted = fit.read(|fit| self.0.fit(fit))?;
            let diagnostics = write_diagnostics(&fitted.diagnostics)?;
            Ok(AbiFitted { parameters: fitted.parameters.into(), diagnostics })
        })
    }
    fn simulated_null(&self, fit: AbiSummaryFit<'_>) -> Res<RVec<f64>> {
        guard(|| Ok(fit.read(|fit| self.0.simulated_null(fit))?.into()))
    }
    fn fitted(&self, schema: AbiSchema, parameters: RSlice<'_, f32>) -> Res<SummaryBox> {
        guard(|| Ok(own(self.0.fitted(&schema.read()?, parameters.as_slice())?)))
    }
}

fn own(summary: Box<dyn Summary>) -> SummaryBox {
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
        let needs = SummaryNeeds::from(caller.call("needs", || object.needs())?);
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

    /// See [`SummaryStatistic::needs`].
    pub fn needs(&self) -> SummaryNeeds {
        self.needs
    }

    /// See [`SummaryStatistic::prepare`].
    pub fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>> {
        Ok(self.loaded(self.caller.call("prepare", || self.object.prepare(schema.into()))?))
    }

    /// See [`SummaryStatistic::fit`].
    pub fn fit(&self, fit: &SummaryFit<'_>) -> Result<Fitted> {
        let offered = Offered(fit.context);
        let crossing = AbiSummaryFit::new(fit, &offered)?;
        let fitted = self.caller.call("fit", || self.object.fit(crossing))?;
        let diagnostics = read_diagnostics(&fitted.diagnostics)?;
        Ok(Fitted { parameters: fitted.parameters.into_vec(), diagnostics })
    }

    /// See [`SummaryStatistic::simulated_null`].
    pub fn simulated_null(&self, fit: &SummaryFit<'_>) -> Result<Vec<f64>> {
        let offered = Offered(fit.context);
        let crossing = AbiSummaryFit::new(fit, &offered)?;
        Ok(self.caller.call("simulated_null", || self.object.simulated_null(crossing))?.into_vec())
    }

    /// See [`SummaryStatistic::fitted`].
    pub fn fitted(&self, schema: &Schema, parameters: &[f32]) -> Result<Box<dyn Summary>> {
        let object = self.caller.call("fitted", || self.object.fitted(schema.into(), parameters.into()))?;
        Ok(self.loaded(object))
    }

    fn loaded(&self, object: SummaryBox) -> Box<dyn Summary> {
        let object = Held::new(object, &self.caller);
        Box::new(LoadedSummary { object, caller: self.caller.clone(), needs: self.needs })
    }
}

struct LoadedSummary {
    object: Held<SummaryBox>,
    caller: Caller,
    needs: SummaryNeeds,
}

impl Summary for LoadedSummary {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        expect_length("summaries", batch.values.nrows(), out.len())?;
        for (needed, found) in [
            (self.needs.log_density, batch.log_density),
            (self.needs.true_log_density, batch.true_log_density),
        ] {
            if needed {
                expect_length("log densities", batch.values.nrows(), found.map_or(0, <[f64]>::len))?;
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
            Some(i) => self.caller.expect_finite("evaluate", event, batch.rows[i], &out[i..=i], 1),
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
