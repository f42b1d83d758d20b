//! Models across the boundary: owned by whoever receives them, or lent for a call.

use std::sync::Arc;

use abi_stable::sabi_trait;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RBox, ROption, RSlice, RSliceMut, RString, RVec};
use abi_stable::{RRef, StableAbi};

use super::caller::{Caller, Held};
use super::context::{ContextRef, Offered, Received, offer};
use super::guard::{Guarded, guard};
use super::member::{LoadedMember, MemberBox, own_member};
use super::types::{AbiSeed, AbiSegment, Res, layout, read_layout};
use crate::metric::expect_length;
use crate::{
    Context, Differentiable, Error, Layout, LossKind, Member, Model, Result, Seed, TrainingSettings,
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
    fn loss(&self, parameters: RSlice<'_, f32>, rows: RSlice<'_, u64>, seed: AbiSeed) -> Res<f64>;
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

/// A model on its way across: owned by whoever receives it, or lent for a call.
trait HasModel: Send + Sync {
    fn model(&self) -> &dyn Model;
}

struct OwnedModel(Guarded<Box<dyn Model>>);
impl HasModel for OwnedModel {
    fn model(&self) -> &dyn Model {
        &**self.0
    }
}

/// A model for whoever calls.
pub(super) fn own(model: Box<dyn Model>) -> ModelBox {
    AbiModel_TO::from_value(OwnedModel(Guarded::new("a model", model)), TD_Opaque)
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
            Ok(own_member(member))
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
    fn loss(&self, parameters: RSlice<'_, f32>, rows: RSlice<'_, u64>, seed: AbiSeed) -> Res<f64> {
        guard(|| {
            let gradients =
                self.model().gradients().ok_or_else(|| Error::unsupported("this model has no gradients"))?;
            gradients.loss(parameters.as_slice(), rows.as_slice(), seed.into())
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
    /// The columns that its members find written.
    given: Arc<[usize]>,
}

impl<'a> LoadedModel<'a> {
    pub(super) fn new(object: ModelHandle<'a>, caller: Caller, given: Arc<[usize]>) -> Result<Self> {
        let mut model = LoadedModel { object, caller, layout: Layout::default(), loss_kind: None, given };
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
        Ok(Box::new(LoadedMember::new(object, self.caller.clone(), Arc::clone(&self.given))?))
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
        // What is not written must not pass for a derivative: the optimizer looks for NaN.
        gradient.fill(f32::NAN);
        let weights: ROption<RSlice<'_, f64>> = weights.map(RSlice::from_slice).into();
        self.caller.call("loss_and_gradient", || {
            let gradient = RSliceMut::from_mut_slice(gradient);
            on_model!(self.loss_and_gradient(parameters.into(), rows.into(), weights, seed.into(), gradient))
        })
    }

    fn loss(&self, parameters: &[f32], rows: &[u64], seed: Seed) -> Result<f64> {
        self.caller.call("loss", || on_model!(self.loss(parameters.into(), rows.into(), seed.into())))
    }
}
