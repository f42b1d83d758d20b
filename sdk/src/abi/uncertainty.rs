//! Uncertainty models across the boundary.

use std::sync::Arc;

use abi_stable::StableAbi;
use abi_stable::sabi_trait;
use abi_stable::std_types::{RBox, ROption, RSlice, RString, RVec};

use super::caller::{Caller, Held, Unwatched};
use super::context::{ContextRef, Offered, Received, offer};
use super::guard::{Guarded, guard};
use super::model::{LentModel, LoadedModel, ModelHandle, ModelRef, lend, read_settings, write_settings};
use super::types::{AbiSeed, Res, read_diagnostics, write_diagnostics};
use crate::{
    Chain, Error, Inference, Members, MembersData, Model, Requirements, Result, Seed, UncertaintyModel,
};

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiRequirements {
    gradients: bool,
    likelihood: bool,
    fit: bool,
    least_members: usize,
    most_members: ROption<u64>,
    joint: bool,
}

#[repr(u8)]
#[derive(StableAbi, Clone, Copy)]
pub enum AbiMembersData {
    Same,
    Bootstrap,
    Halves,
    Subsets,
    Posterior,
}

impl From<MembersData> for AbiMembersData {
    fn from(data: MembersData) -> Self {
        match data {
            MembersData::Same => AbiMembersData::Same,
            MembersData::Bootstrap => AbiMembersData::Bootstrap,
            MembersData::Halves => AbiMembersData::Halves,
            MembersData::Subsets => AbiMembersData::Subsets,
            MembersData::Posterior => AbiMembersData::Posterior,
        }
    }
}

impl From<AbiMembersData> for MembersData {
    fn from(data: AbiMembersData) -> Self {
        match data {
            AbiMembersData::Same => MembersData::Same,
            AbiMembersData::Bootstrap => MembersData::Bootstrap,
            AbiMembersData::Halves => MembersData::Halves,
            AbiMembersData::Subsets => MembersData::Subsets,
            AbiMembersData::Posterior => MembersData::Posterior,
        }
    }
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiInference<'a> {
    chain: u64,
    model: ModelRef<'a>,
    members: ROption<u64>,
    rows: RSlice<'a, u64>,
    training_rows: u64,
    settings: RString,
    seed: AbiSeed,
    context: ContextRef<'a>,
}

#[repr(C)]
#[derive(StableAbi, Clone)]
pub struct AbiVector {
    name: RString,
    values: RVec<f32>,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiMembers {
    parameters: RVec<RVec<f32>>,
    n_effective: f64,
    diagnostics: RString,
}

fn write_chain(chain: &Chain) -> RVec<AbiVector> {
    let vector = |(name, values): &(String, Vec<f32>)| AbiVector {
        name: name.as_str().into(),
        values: values.clone().into(),
    };
    chain.vectors.iter().map(vector).collect()
}

fn read_chain(vectors: RVec<AbiVector>) -> Chain {
    Chain::new(vectors.into_iter().map(|v| (v.name.into_string(), v.values.into_vec())))
}

#[sabi_trait]
pub trait AbiUncertaintyModel: Send + Sync {
    fn requirements(&self) -> Res<AbiRequirements>;
    fn members_data(&self) -> Res<AbiMembersData>;
    fn chains(&self, members: u64) -> Res<u64>;
    fn check(&self, model: ModelRef<'_>) -> Res<()>;
    fn rows(&self, chain: u64, members: u64, training_rows: u64, seed: AbiSeed) -> Res<ROption<RVec<u64>>>;
    fn infer_chain(&self, inference: AbiInference<'_>) -> Res<RVec<AbiVector>>;
    #[sabi(last_prefix_field)]
    fn members(&self, chains: RVec<RVec<AbiVector>>, count: u64, seed: AbiSeed) -> Res<AbiMembers>;
}

pub type UncertaintyModelBox = AbiUncertaintyModel_TO<'static, RBox<()>>;

pub struct Adapter<U>(pub Guarded<U>);

impl<U: UncertaintyModel> AbiUncertaintyModel for Adapter<U> {
    fn requirements(&self) -> Res<AbiRequirements> {
        guard(|| {
            let r = self.0.requirements();
            Ok(AbiRequirements {
                gradients: r.gradients,
                likelihood: r.likelihood,
                fit: r.fit,
                least_members: r.least_members,
                most_members: r.most_members.into(),
                joint: r.joint,
            })
        })
    }
    fn members_data(&self) -> Res<AbiMembersData> {
        guard(|| Ok(self.0.members_data().into()))
    }
    fn chains(&self, members: u64) -> Res<u64> {
        guard(|| Ok(self.0.chains(members)))
    }
    fn check(&self, model: ModelRef<'_>) -> Res<()> {
        guard(|| self.0.check(&received(model)?))
    }
    fn rows(&self, chain: u64, members: u64, training_rows: u64, seed: AbiSeed) -> Res<ROption<RVec<u64>>> {
        guard(|| Ok(self.0.rows(chain, members, training_rows, seed.into()).map(RVec::from).into()))
    }
    fn infer_chain(&self, inference: AbiInference<'_>) -> Res<RVec<AbiVector>> {
        guard(|| {
            let settings = read_settings(&inference.settings)?;
            let context = Received(inference.context);
            let model = received(inference.model)?;
            let chain = self.0.infer_chain(&Inference {
                chain: inference.chain,
                model: &model,
                members: inference.members.into_option(),
                rows: inference.rows.as_slice(),
                training_rows: inference.training_rows,
                settings: &settings,
                seed: inference.seed.into(),
                context: &context,
            })?;
            Ok(write_chain(&chain))
        })
    }
    fn members(&self, chains: RVec<RVec<AbiVector>>, count: u64, seed: AbiSeed) -> Res<AbiMembers> {
        guard(|| {
            let chains: Vec<Chain> = chains.into_iter().map(read_chain).collect();
            let members = self.0.members(&chains, count, seed.into())?;
            Ok(AbiMembers {
                parameters: members.parameters.into_iter().map(RVec::from).collect(),
                n_effective: members.n_effective,
                diagnostics: write_diagnostics(&members.diagnostics)?,
            })
        })
    }
}

/// A model that the host lends for a call.
fn received(model: ModelRef<'_>) -> Result<LoadedModel<'_>> {
    // The host watches its own calls of the model; here the call is already inside a watched one.
    // Members of a model that is lent draw their conditions themselves.
    let caller = Caller::new("the model", Arc::new(Unwatched));
    LoadedModel::new(ModelHandle::Lent(model), caller, Arc::new([]))
}

/// An uncertainty model of a loaded plugin.
pub struct LoadedUncertaintyModel {
    object: Held<UncertaintyModelBox>,
    caller: Caller,
    requirements: Requirements,
    members_data: MembersData,
}

impl LoadedUncertaintyModel {
    pub(super) fn new(object: UncertaintyModelBox, caller: Caller) -> Result<Self> {
        let object = Held::new(object, &caller);
        let r = caller.call("requirements", || object.requirements())?;
        let requirements = Requirements {
            gradients: r.gradients,
            likelihood: r.likelihood,
            fit: r.fit,
            least_members: r.least_members,
            most_members: r.most_members.into_option(),
            joint: r.joint,
        };
        let members_data = caller.call("members_data", || object.members_data())?.into();
        Ok(LoadedUncertaintyModel { object, caller, requirements, members_data })
    }

    /// See [`UncertaintyModel::requirements`].
    pub fn requirements(&self) -> Requirements {
        self.requirements
    }

    /// See [`UncertaintyModel::members_data`].
    pub fn members_data(&self) -> MembersData {
        self.members_data
    }

    /// See [`UncertaintyModel::chains`].
    pub fn chains(&self, members: u64) -> Result<u64> {
        self.caller.call("chains", || self.object.chains(members))
    }

    /// See [`UncertaintyModel::check`].
    pub fn check(&self, model: &dyn Model) -> Result<()> {
        let model = LentModel(model);
        self.caller.call("check", || self.object.check(lend(&model)))
    }

    /// See [`UncertaintyModel::rows`].
    pub fn rows(&self, chain: u64, members: u64, training_rows: u64, seed: Seed) -> Result<Option<Vec<u64>>> {
        let found =
            self.caller.call("rows", || self.object.rows(chain, members, training_rows, seed.into()))?;
        let Some(rows) = found.into_option().map(RVec::into_vec) else { return Ok(None) };
        let what = || format!("`{}`, call rows, chain {chain}", self.caller.component());
        if rows.is_empty() {
            // Of one or two events there is none for each chain.
            return Err(Error::data(format!("{}: expected at least one row, found none", what())));
        }
        match rows.iter().find(|row| **row >= training_rows) {
            None => Ok(Some(rows)),
            Some(row) => {
                Err(Error::plugin(format!("{}: expected rows below {training_rows}, found {row}", what())))
            }
        }
    }

    /// See [`UncertaintyModel::infer_chain`].
    pub fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        let model = LentModel(inference.model);
        let context = Offered(inference.context);
        let vectors = self.caller.call("infer_chain", || {
            self.object.infer_chain(AbiInference {
                chain: inference.chain,
                model: lend(&model),
                members: inference.members.into(),
                rows: inference.rows.into(),
                training_rows: inference.training_rows,
                settings: write_settings(inference.settings),
                seed: inference.seed.into(),
                context: offer(&context),
            })
        })?;
        Ok(read_chain(vectors))
    }

    /// See [`UncertaintyModel::members`].
    pub fn members(&self, chains: &[Chain], count: u64, seed: Seed) -> Result<Members> {
        let chains: RVec<RVec<AbiVector>> = chains.iter().map(write_chain).collect();
        let members = self.caller.call("members", || self.object.members(chains, count, seed.into()))?;
        let parameters: Vec<Vec<f32>> = members.parameters.into_iter().map(RVec::into_vec).collect();
        if parameters.len() as u64 != count {
            return Err(Error::plugin(format!(
                "`{}`, call members: expected {count} members, found {}",
                self.caller.component(),
                parameters.len()
            )));
        }
        let diagnostics = read_diagnostics(&members.diagnostics)?;
        Ok(Members { parameters, n_effective: members.n_effective, diagnostics })
    }
}
