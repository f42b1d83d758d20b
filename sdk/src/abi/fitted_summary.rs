//! Fitted summaries across the boundary.

use abi_stable::StableAbi;
use abi_stable::sabi_trait;
use abi_stable::std_types::{RBox, RSlice, RString, RVec};

use super::caller::{Caller, Held};
use super::context::{ContextRef, Offered, Received, offer};
use super::generator::AbiBatch;
use super::guard::{Guarded, guard};
use super::summary::{SummaryBox, loaded, named, own};
use super::types::{AbiSchema, AbiSeed, Res, read_diagnostics, strings, write_diagnostics};
use super::values::AbiNumbers;
use crate::metric::expect_length;
use crate::{
    Error, FitNeeds, Fitted, FittedSummary, PseudoExperiment, PseudoExperiments, Result, Schema, Summary,
    SummaryFit, SummaryNeeds, TrainingUse,
};

#[repr(u8)]
#[derive(StableAbi, Clone, Copy)]
pub enum AbiTrainingUse {
    Held { training_fraction: f64 },
    CrossFitted,
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiFitNeeds {
    training: AbiTrainingUse,
    generated: u64,
    pooled: bool,
    weights: bool,
}

impl From<FitNeeds> for AbiFitNeeds {
    fn from(needs: FitNeeds) -> Self {
        let training = match needs.training {
            TrainingUse::Held { training_fraction } => AbiTrainingUse::Held { training_fraction },
            TrainingUse::CrossFitted => AbiTrainingUse::CrossFitted,
        };
        AbiFitNeeds { training, generated: needs.generated, pooled: needs.pooled, weights: needs.weights }
    }
}

impl From<AbiFitNeeds> for FitNeeds {
    fn from(needs: AbiFitNeeds) -> Self {
        let training = match needs.training {
            AbiTrainingUse::Held { training_fraction } => TrainingUse::Held { training_fraction },
            AbiTrainingUse::CrossFitted => TrainingUse::CrossFitted,
        };
        FitNeeds { training, generated: needs.generated, pooled: needs.pooled, weights: needs.weights }
    }
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

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiPseudoExperiment {
    training: AbiNumbers,
    generated: AbiNumbers,
}

#[sabi_trait]
pub trait AbiFittedSummary: Send + Sync {
    fn label(&self) -> Res<RString>;
    fn axis(&self) -> Res<RString>;
    fn numbers(&self, schema: AbiSchema) -> Res<RVec<RString>>;
    fn needs(&self) -> Res<AbiFitNeeds>;
    fn check(&self, schema: AbiSchema) -> Res<()>;
    fn fit(&self, fit: AbiSummaryFit<'_>) -> Res<AbiFitted>;
    fn fitted(&self, schema: AbiSchema, parameters: RSlice<'_, f32>) -> Res<SummaryBox>;
    fn pseudo_experiments(&self) -> Res<u64>;
    #[sabi(last_prefix_field)]
    fn pseudo_experiment(&self, fit: AbiSummaryFit<'_>, number: u64) -> Res<AbiPseudoExperiment>;
}

pub type FittedSummaryBox = AbiFittedSummary_TO<'static, RBox<()>>;

pub struct Adapter<S>(pub Guarded<S>);

impl<S: FittedSummary> AbiFittedSummary for Adapter<S> {
    fn label(&self) -> Res<RString> {
        guard(|| Ok(self.0.label().into()))
    }
    fn axis(&self) -> Res<RString> {
        guard(|| Ok(self.0.axis().into()))
    }
    fn numbers(&self, schema: AbiSchema) -> Res<RVec<RString>> {
        guard(|| Ok(strings(&self.0.numbers(&schema.read()?))))
    }
    fn needs(&self) -> Res<AbiFitNeeds> {
        guard(|| Ok(self.0.needs().into()))
    }
    fn check(&self, schema: AbiSchema) -> Res<()> {
        guard(|| self.0.check(&schema.read()?))
    }
    fn fit(&self, fit: AbiSummaryFit<'_>) -> Res<AbiFitted> {
        guard(|| {
            let fitted = fit.read(|fit| self.0.fit(fit))?;
            let diagnostics = write_diagnostics(&fitted.diagnostics)?;
            Ok(AbiFitted { parameters: fitted.parameters.into(), diagnostics })
        })
    }
    fn fitted(&self, schema: AbiSchema, parameters: RSlice<'_, f32>) -> Res<SummaryBox> {
        guard(|| Ok(own(self.0.fitted(&schema.read()?, parameters.as_slice())?)))
    }
    fn pseudo_experiments(&self) -> Res<u64> {
        guard(|| Ok(self.0.pseudo_experiments().map_or(0, PseudoExperiments::count)))
    }
    fn pseudo_experiment(&self, fit: AbiSummaryFit<'_>, number: u64) -> Res<AbiPseudoExperiment> {
        guard(|| {
            let none = || Error::unsupported("this summary has no pseudo-experiments");
            let experiments = self.0.pseudo_experiments().ok_or_else(none)?;
            let found = fit.read(|fit| experiments.draw(fit, number))?;
            Ok(AbiPseudoExperiment { training: found.training.into(), generated: found.generated.into() })
        })
    }
}

/// A fitted summary of a loaded plugin.
pub struct LoadedFittedSummary {
    object: Held<FittedSummaryBox>,
    caller: Caller,
    label: String,
    axis: String,
    needs: FitNeeds,
    pseudo_experiments: u64,
}

impl LoadedFittedSummary {
    pub(super) fn new(object: FittedSummaryBox, caller: Caller) -> Result<Self> {
        let object = Held::new(object, &caller);
        let label = caller.call("label", || object.label())?.into_string();
        let axis = caller.call("axis", || object.axis())?.into_string();
        let needs = caller.call("needs", || object.needs())?.into();
        let pseudo_experiments = caller.call("pseudo_experiments", || object.pseudo_experiments())?;
        Ok(LoadedFittedSummary { object, caller, label, axis, needs, pseudo_experiments })
    }

    /// See [`FittedSummary::label`].
    pub fn label(&self) -> &str {
        &self.label
    }

    /// See [`FittedSummary::axis`].
    pub fn axis(&self) -> &str {
        &self.axis
    }

    /// See [`FittedSummary::numbers`].
    pub fn numbers(&self, schema: &Schema) -> Result<Vec<String>> {
        named(&self.caller, self.caller.call("numbers", || self.object.numbers(schema.into()))?)
    }

    /// See [`FittedSummary::needs`].
    pub fn needs(&self) -> FitNeeds {
        self.needs
    }

    /// See [`FittedSummary::check`].
    pub fn check(&self, schema: &Schema) -> Result<()> {
        self.caller.call("check", || self.object.check(schema.into()))
    }

    /// See [`FittedSummary::fit`].
    pub fn fit(&self, fit: &SummaryFit<'_>) -> Result<Fitted> {
        let offered = Offered(fit.context);
        let crossing = AbiSummaryFit::new(fit, &offered)?;
        let fitted = self.caller.call("fit", || self.object.fit(crossing))?;
        let diagnostics = read_diagnostics(&fitted.diagnostics)?;
        Ok(Fitted { parameters: fitted.parameters.into_vec(), diagnostics })
    }

    /// See [`FittedSummary::fitted`].
    pub fn fitted(&self, schema: &Schema, parameters: &[f32]) -> Result<Box<dyn Summary>> {
        let object = self.caller.call("fitted", || self.object.fitted(schema.into(), parameters.into()))?;
        Ok(loaded(object, &self.caller, SummaryNeeds::default(), self.numbers(schema)?.len()))
    }

    /// How many pseudo-experiments it has: see [`PseudoExperiments::count`].
    pub fn pseudo_experiments(&self) -> u64 {
        self.pseudo_experiments
    }

    /// See [`PseudoExperiments::draw`].
    pub fn pseudo_experiment(&self, fit: &SummaryFit<'_>, number: u64) -> Result<PseudoExperiment> {
        let offered = Offered(fit.context);
        let crossing = AbiSummaryFit::new(fit, &offered)?;
        let call = "pseudo_experiment";
        let found = self.caller.call(call, || self.object.pseudo_experiment(crossing, number))?;
        let found = PseudoExperiment { training: found.training.read()?, generated: found.generated.read()? };
        let numbers = self.numbers(fit.schema)?.len();
        for (what, list, events) in [
            ("pseudo-true event", &found.training, Some(fit.training.rows.len())),
            ("generated event", &found.generated, None),
        ] {
            let place = format!("`{}`, call {call}", self.caller.component());
            let of_events = |e: Error| e.at(place.clone());
            expect_length(&format!("numbers of each {what}"), numbers, list.ncols()).map_err(of_events)?;
            if let Some(events) = events {
                expect_length(&format!("{what}s"), events, list.nrows()).map_err(of_events)?;
            }
            let values = list.as_slice().unwrap_or_default();
            self.caller.expect_finite(call, &format!("the summary of {what}"), 0, values, numbers)?;
        }
        Ok(found)
    }
}
