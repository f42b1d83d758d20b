//! Generators, models and members across the boundary.

use abi_stable::sabi_trait;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RBox, ROption, RSlice, RSliceMut, RString, RVec};
use abi_stable::{RRef, StableAbi};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::caller::{Caller, Held};
use super::context::{ContextRef, Offered, Received, offer};
use super::dataset::{not_row_major, rows_of, rows_of_mut, slice_of};
use super::guard::{Guarded, guard};
use super::types::{
    AbiChunk, AbiOrigin, AbiSchema, AbiSeed, AbiSegment, Res, layout, paths, read_layout, read_strings,
};
use crate::metric::expect_length;
use crate::{
    Abilities, Batch, Chunk, Context, Differentiable, Error, Generator, Layout, LossKind, Member, Model,
    Result, Schema, Seed, TrainingSettings,
};

#[repr(u8)]
#[derive(StableAbi, Clone, Copy)]
pub enum AbiLossKind {
    NegativeLogLikelihood,
    Surrogate,
}

impl From<LossKind> for AbiLossKind {
    fn from(kind: LossKind) -> Self {
        match kind {
            LossKind::NegativeLogLikelihood => AbiLossKind::NegativeLogLikelihood,
            LossKind::Surrogate => AbiLossKind::Surrogate,
        }
    }
}

impl From<AbiLossKind> for LossKind {
    fn from(kind: AbiLossKind) -> Self {
        match kind {
            AbiLossKind::NegativeLogLikelihood => LossKind::NegativeLogLikelihood,
            AbiLossKind::Surrogate => LossKind::Surrogate,
        }
    }
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiAbilities {
    gradients: ROption<AbiLossKind>,
    fit: bool,
    log_density: bool,
    own_members: bool,
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiBatch<'a> {
    values: RSlice<'a, f64>,
    dimension: usize,
    origin: AbiOrigin,
    rows: RSlice<'a, u64>,
    weights: ROption<RSlice<'a, f64>>,
}

impl<'a> AbiBatch<'a> {
    pub fn new(batch: &'a Batch<'_>) -> Result<Self> {
        expect_length("the row numbers of a batch", batch.values.nrows(), batch.rows.len())?;
        Ok(AbiBatch {
            values: slice_of(&batch.values)?,
            dimension: batch.values.ncols(),
            origin: batch.origin.into(),
            rows: batch.rows.into(),
            weights: batch.weights.map(RSlice::from_slice).into(),
        })
    }

    pub fn read(self) -> Result<Batch<'a>> {
        Ok(Batch {
            values: rows_of(self.values, self.dimension)?,
            origin: self.origin.into(),
            rows: self.rows.as_slice(),
            weights: self.weights.into_option().map(|w| w.as_slice()),
        })
    }
}

#[sabi_trait]
pub trait AbiGenerator: Send + Sync {
    fn abilities(&self) -> Res<AbiAbilities>;
    fn check(&self, schema: AbiSchema) -> Res<()>;
    fn prepare(&self, training: AbiBatch<'_>, schema: AbiSchema) -> Res<ModelBox>;
    #[sabi(last_prefix_field)]
    fn files(&self) -> Res<RVec<RString>>;
}

pub type GeneratorBox = AbiGenerator_TO<'static, RBox<()>>;

#[sabi_trait]
pub trait AbiModel: Send + Sync {
    fn layout(&self) -> Res<RVec<AbiSegment>>;
    fn initial(&self, seed: AbiSeed) -> Res<RVec<f32>>;
    fn at(&self, parameters: RSlice<'_, f32>) -> Res<MemberBox>;
    fn own_members(&self) -> Res<ROption<RVec<RVec<f32>>>>;
    fn loss_kind(&self) -> Res<ROption<AbiLossKind>>;
    fn loss_and_gradient(
        &self,
        parameters: RSlice<'_, f32>,
        rows: RSlice<'_, u64>,
        weights: ROption<RSlice<'_, f64>>,
        seed: AbiSeed,
        gradient: RSliceMut<'_, f32>,
    ) -> Res<f64>;
    fn fit(
        &self,
        rows: RSlice<'_, u64>,
        settings: RString,
        seed: AbiSeed,
        context: ContextRef<'_>,
    ) -> Res<RVec<f32>>;
    #[sabi(last_prefix_field)]
    fn max_concurrency(&self) -> Res<ROption<usize>>;
}

pub type ModelBox = AbiModel_TO<'static, RBox<()>>;
pub type ModelRef<'a> = AbiModel_TO<'a, RRef<'a, ()>>;

#[sabi_trait]
pub trait AbiMember: Send + Sync {
    fn capacity(&self) -> Res<ROption<u64>>;
    fn sample(&self, chunk: AbiChunk, dimension: usize, out: RSliceMut<'_, f64>) -> Res<()>;
    fn sample_with_log_density(
        &self,
        chunk: AbiChunk,
        dimension: usize,
        out: RSliceMut<'_, f64>,
        log_density: RSliceMut<'_, f64>,
    ) -> Res<()>;
    #[sabi(last_prefix_field)]
    fn log_density(
        &self,
        events: RSlice<'_, f64>,
        dimension: usize,
        seed: AbiSeed,
        out: RSliceMut<'_, f64>,
    ) -> Res<()>;
}

pub type MemberBox = AbiMember_TO<'static, RBox<()>>;

pub struct GeneratorAdapter<G>(pub Guarded<G>);

impl<G: Generator> AbiGenerator for GeneratorAdapter<G> {
    fn abilities(&self) -> Res<AbiAbilities> {
        guard(|| {
            let a = self.0.abilities();
            Ok(AbiAbilities {
                gradients: a.gradients.map(AbiLossKind::from).into(),
                fit: a.fit || a.gradients.is_some(),
                log_density: a.log_density,
                own_members: a.own_members,
            })
        })
    }
    fn check(&self, schema: AbiSchema) -> Res<()> {
        guard(|| self.0.check(&schema.read()?))
    }
    fn prepare(&self, training: AbiBatch<'_>, schema: AbiSchema) -> Res<ModelBox> {
        guard(|| {
            let model = self.0.prepare(&training.read()?, &schema.read()?)?;
            Ok(AbiModel_TO::from_value(OwnedModel(Guarded::new("a model", model)), TD_Opaque))
        })
    }
    fn files(&self) -> Res<RVec<RString>> {
        guard(|| Ok(paths(self.0.files())))
    }
}

/// A model on its way across: owned by whoever receives it, or lent for a call.
trait HasModel: Send + Sync {
    fn model(&self) -> &dyn Model;
}

pub struct OwnedModel(Guarded<Box<dyn Model>>);
impl HasModel for OwnedModel {
    fn model(&self) -> &dyn Model {
        &**self.0
    }
}

pub struct LentModel<'a>(pub &'a dyn Model);
impl HasModel for LentModel<'_> {
    fn model(&self) -> &dyn Model {
        self.0
    }
}

pub fn lend<'a>(model: &'a LentModel<'a>) -> ModelRef<'a> {
    AbiModel_TO::from_ptr(RRef::new(model), TD_Opaque)
}

impl<M: HasModel> AbiModel for M {
    fn layout(&self) -> Res<RVec<AbiSegment>> {
        guard(|| Ok(layout(&self.model().layout())))
    }
    fn initial(&self, seed: AbiSeed) -> Res<RVec<f32>> {
        guard(|| Ok(self.model().initial(seed.into())?.into()))
    }
    fn at(&self, parameters: RSlice<'_, f32>) -> Res<MemberBox> {
        guard(|| {
            let member = self.model().at(parameters.as_slice())?;
            Ok(AbiMember_TO::from_value(MemberAdapter(Guarded::new("a member", member)), TD_Opaque))
        })
    }
    fn own_members(&self) -> Res<ROption<RVec<RVec<f32>>>> {
        guard(|| Ok(self.model().own_members().map(|m| m.into_iter().map(RVec::from).collect()).into()))
    }
    fn loss_kind(&self) -> Res<ROption<AbiLossKind>> {
        guard(|| Ok(self.model().gradients().map(|g| g.loss_kind().into()).into()))
    }
    fn loss_and_gradient(
        &self,
        parameters: RSlice<'_, f32>,
        rows: RSlice<'_, u64>,
        weights: ROption<RSlice<'_, f64>>,
        seed: AbiSeed,
        gradient: RSliceMut<'_, f32>,
    ) -> Res<f64> {
        guard(|| {
            let gradients =
                self.model().gradients().ok_or_else(|| Error::unsupported("this model has no gradients"))?;
            let weights = weights.into_option().map(|w| w.as_slice());
            let gradient = gradient.into_mut_slice();
            gradients.loss_and_gradient(
                parameters.as_slice(),
                rows.as_slice(),
                weights,
                seed.into(),
                gradient,
            )
        })
    }
    fn fit(
        &self,
        rows: RSlice<'_, u64>,
        settings: RString,
        seed: AbiSeed,
        context: ContextRef<'_>,
    ) -> Res<RVec<f32>> {
        guard(|| {
            let settings = read_settings(&settings)?;
            Ok(self.model().fit(rows.as_slice(), &settings, seed.into(), &Received(context))?.into())
        })
    }
    fn max_concurrency(&self) -> Res<ROption<usize>> {
        guard(|| Ok(self.model().max_concurrency().into()))
    }
}

pub fn read_settings(settings: &str) -> Result<TrainingSettings> {
    serde_json::from_str(settings).map_err(|e| Error::plugin(format!("training settings did not cross: {e}")))
}

pub fn write_settings(settings: &TrainingSettings) -> RString {
    serde_json::to_string(settings).expect("plain numbers").into()
}

struct MemberAdapter(Guarded<Box<dyn Member>>);

impl AbiMember for MemberAdapter {
    fn capacity(&self) -> Res<ROption<u64>> {
        guard(|| Ok(self.0.capacity().into()))
    }
    fn sample(&self, chunk: AbiChunk, dimension: usize, out: RSliceMut<'_, f64>) -> Res<()> {
        guard(|| self.0.sample(chunk.into(), rows_of_mut(out, dimension)?))
    }
    fn sample_with_log_density(
        &self,
        chunk: AbiChunk,
        dimension: usize,
        out: RSliceMut<'_, f64>,
        log_density: RSliceMut<'_, f64>,
    ) -> Res<()> {
        guard(|| {
            let out = rows_of_mut(out, dimension)?;
            self.0.sample_with_log_density(chunk.into(), out, log_density.into_mut_slice())
        })
    }
    fn log_density(
        &self,
        events: RSlice<'_, f64>,
        dimension: usize,
        seed: AbiSeed,
        out: RSliceMut<'_, f64>,
    ) -> Res<()> {
        guard(|| self.0.log_density(rows_of(events, dimension)?, seed.into(), out.into_mut_slice()))
    }
}

/// A generator of a loaded plugin.
pub struct LoadedGenerator {
    object: Held<GeneratorBox>,
    caller: Caller,
    abilities: Abilities,
}

impl LoadedGenerator {
    pub(super) fn new(object: GeneratorBox, caller: Caller) -> Result<Self> {
        let object = Held::new(object, &caller);
        let a = caller.call("abilities", || object.abilities())?;
        let abilities = Abilities {
            gradients: a.gradients.into_option().map(LossKind::from),
            fit: a.fit,
            log_density: a.log_density,
            own_members: a.own_members,
        };
        Ok(LoadedGenerator { object, caller, abilities })
    }

    /// See [`Generator::abilities`].
    pub fn abilities(&self) -> Abilities {
        self.abilities
    }

    /// See [`Generator::check`].
    pub fn check(&self, schema: &Schema) -> Result<()> {
        self.caller.call("check", || self.object.check(schema.into()))
    }

    /// See [`Generator::prepare`].
    pub fn prepare(&self, training: &Batch<'_>, schema: &Schema) -> Result<LoadedModel<'static>> {
        let batch = AbiBatch::new(training)?;
        let model = self.caller.call("prepare", || self.object.prepare(batch, schema.into()))?;
        LoadedModel::new(ModelHandle::Owned(Held::new(model, &self.caller)), self.caller.clone())
    }

    /// See [`Generator::files`].
    pub fn files(&self) -> Result<Vec<std::path::PathBuf>> {
        let files = self.caller.call("files", || self.object.files())?;
        Ok(read_strings(files).into_iter().map(Into::into).collect())
    }
}

pub(super) enum ModelHandle<'a> {
    Owned(Held<ModelBox>),
    Lent(ModelRef<'a>),
}

/// Calls a method of the model, however it is held.
macro_rules! on_model {
    ($self:ident . $method:ident ( $($argument:expr),* )) => {
        match &$self.object {
            ModelHandle::Owned(object) => object.$method($($argument),*),
            ModelHandle::Lent(object) => object.$method($($argument),*),
        }
    };
}

/// A model of a loaded plugin.
pub struct LoadedModel<'a> {
    object: ModelHandle<'a>,
    caller: Caller,
    layout: Layout,
    loss_kind: Option<LossKind>,
}

impl<'a> LoadedModel<'a> {
    pub(super) fn new(object: ModelHandle<'a>, caller: Caller) -> Result<Self> {
        let mut model = LoadedModel { object, caller, layout: Layout::default(), loss_kind: None };
        model.layout = read_layout(model.caller.call("layout", || on_model!(model.layout()))?);
        model.loss_kind = model
            .caller
            .call("gradients", || on_model!(model.loss_kind()))?
            .into_option()
            .map(LossKind::from);
        Ok(model)
    }

    fn checked(&self, call: &str, parameters: RVec<f32>) -> Result<Vec<f32>> {
        expect_length(
            &format!("`{}`, call {call}: parameters", self.caller.component()),
            self.layout.len(),
            parameters.len(),
        )?;
        Ok(parameters.into_vec())
    }
}

impl Model for LoadedModel<'_> {
    fn layout(&self) -> Layout {
        self.layout.clone()
    }

    fn initial(&self, seed: Seed) -> Result<Vec<f32>> {
        self.checked("initial", self.caller.call("initial", || on_model!(self.initial(seed.into())))?)
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        let object = self.caller.call("at", || on_model!(self.at(parameters.into())))?;
        let object = Held::new(object, &self.caller);
        let capacity = self.caller.call("capacity", || object.capacity())?.into_option();
        Ok(Box::new(LoadedMember { object, caller: self.caller.clone(), capacity }))
    }

    fn own_members(&self) -> Option<Vec<Vec<f32>>> {
        let members = self.caller.quick("own_members", || on_model!(self.own_members()))?;
        members.into_option().map(|list| list.into_iter().map(RVec::into_vec).collect())
    }

    fn gradients(&self) -> Option<&dyn Differentiable> {
        self.loss_kind.is_some().then_some(self)
    }

    fn fit(
        &self,
        rows: &[u64],
        settings: &TrainingSettings,
        seed: Seed,
        context: &dyn Context,
    ) -> Result<Vec<f32>> {
        let offered = Offered(context);
        let fitted = self.caller.call("fit", || {
            on_model!(self.fit(rows.into(), write_settings(settings), seed.into(), offer(&offered)))
        })?;
        self.checked("fit", fitted)
    }

    fn max_concurrency(&self) -> Option<usize> {
        self.caller.quick("max_concurrency", || on_model!(self.max_concurrency()))?.into_option()
    }
}

impl Differentiable for LoadedModel<'_> {
    fn loss_kind(&self) -> LossKind {
        self.loss_kind.unwrap_or(LossKind::NegativeLogLikelihood)
    }

    fn loss_and_gradient(
        &self,
        parameters: &[f32],
        rows: &[u64],
        weights: Option<&[f64]>,
        seed: Seed,
        gradient: &mut [f32],
    ) -> Result<f64> {
        expect_length("a gradient", parameters.len(), gradient.len())?;
        let weights: ROption<RSlice<'_, f64>> = weights.map(RSlice::from_slice).into();
        self.caller.call("loss_and_gradient", || {
            let gradient = RSliceMut::from_mut_slice(gradient);
            on_model!(self.loss_and_gradient(parameters.into(), rows.into(), weights, seed.into(), gradient))
        })
    }
}

struct LoadedMember {
    object: Held<MemberBox>,
    caller: Caller,
    capacity: Option<u64>,
}

impl Member for LoadedMember {
    fn capacity(&self) -> Option<u64> {
        self.capacity
    }

    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let dimension = out.ncols();
        let values = out.as_slice_mut().ok_or_else(not_row_major)?;
        let crossing = RSliceMut::from_mut_slice(values);
        self.caller.call("sample", || self.object.sample(chunk.into(), dimension, crossing))?;
        self.caller.expect_finite("sample", "generated event", chunk.first_event, values, dimension)
    }

    fn sample_with_log_density(
        &self,
        chunk: Chunk,
        mut out: ArrayViewMut2<'_, f64>,
        log_density: &mut [f64],
    ) -> Result<()> {
        expect_length("log densities", out.nrows(), log_density.len())?;
        let dimension = out.ncols();
        let values = out.as_slice_mut().ok_or_else(not_row_major)?;
        let (crossing, density) = (RSliceMut::from_mut_slice(values), RSliceMut::from_mut_slice(log_density));
        self.caller.call("sample", || {
            self.object.sample_with_log_density(chunk.into(), dimension, crossing, density)
        })?;
        self.caller.expect_finite("sample", "generated event", chunk.first_event, values, dimension)
    }

    fn log_density(&self, events: ArrayView2<'_, f64>, seed: Seed, out: &mut [f64]) -> Result<()> {
        expect_length("log densities", events.nrows(), out.len())?;
        let values = slice_of(&events)?;
        self.caller.call("log_density", || {
            self.object.log_density(values, events.ncols(), seed.into(), RSliceMut::from_mut_slice(out))
        })
    }
}
