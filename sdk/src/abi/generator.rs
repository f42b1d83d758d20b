//! Generators across the boundary.

use abi_stable::StableAbi;
use abi_stable::sabi_trait;
use abi_stable::std_types::{RBox, ROption, RSlice, RString, RVec, Tuple2};

use super::caller::{Caller, Held};
use super::dataset::{rows_of, slice_of};
use super::guard::{Guarded, guard};
use super::model::{AbiLossKind, LoadedModel, ModelBox, ModelHandle, own};
use super::types::{AbiOrigin, AbiSchema, Res, paths, read_strings};
use crate::metric::expect_length;
use crate::{Abilities, Batch, Error, Generator, LossKind, Result, Schema};

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiAbilities {
    gradients: ROption<AbiLossKind>,
    fit: bool,
    log_density: bool,
    own_members: bool,
    weights: bool,
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiBatch<'a> {
    values: RSlice<'a, f64>,
    dimension: usize,
    origin: AbiOrigin,
    rows: RSlice<'a, u64>,
    weights: ROption<RSlice<'a, f64>>,
    log_density: ROption<RSlice<'a, f64>>,
    true_log_density: ROption<RSlice<'a, f64>>,
    true_gradient: ROption<RSlice<'a, f64>>,
}

impl<'a> AbiBatch<'a> {
    pub fn new(batch: &'a Batch<'_>) -> Result<Self> {
        expect_length("the row numbers of a batch", batch.values.nrows(), batch.rows.len())?;
        if let Some(weights) = batch.weights {
            expect_length("the weights of a batch", batch.values.nrows(), weights.len())?;
        }
        Ok(AbiBatch {
            values: slice_of(&batch.values)?,
            dimension: batch.values.ncols(),
            origin: batch.origin.into(),
            rows: batch.rows.into(),
            weights: batch.weights.map(RSlice::from_slice).into(),
            log_density: batch.log_density.map(RSlice::from_slice).into(),
            true_log_density: batch.true_log_density.map(RSlice::from_slice).into(),
            true_gradient: batch.true_gradient.map(RSlice::from_slice).into(),
        })
    }

    pub fn read(self) -> Result<Batch<'a>> {
        Ok(Batch {
            values: rows_of(self.values, self.dimension)?,
            origin: self.origin.into(),
            rows: self.rows.as_slice(),
            weights: self.weights.into_option().map(|w| w.as_slice()),
            groups: None,
            log_density: self.log_density.into_option().map(|l| l.as_slice()),
            true_log_density: self.true_log_density.into_option().map(|l| l.as_slice()),
            true_gradient: self.true_gradient.into_option().map(|l| l.as_slice()),
        })
    }
}

#[sabi_trait]
pub trait AbiGenerator: Send + Sync {
    fn abilities(&self) -> Res<AbiAbilities>;
    fn check(&self, schema: AbiSchema) -> Res<()>;
    fn conditions(&self, schema: AbiSchema) -> Res<RVec<usize>>;
    fn prepare(&self, training: AbiBatch<'_>, schema: AbiSchema) -> Res<ModelBox>;
    fn files(&self) -> Res<RVec<RString>>;
    fn own_events(&self) -> Res<RVec<Tuple2<RString, u64>>>;
    #[sabi(last_prefix_field)]
    fn notes(&self) -> Res<RVec<RString>>;
}

pub type GeneratorBox = AbiGenerator_TO<'static, RBox<()>>;

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
                weights: a.weights,
            })
        })
    }
    fn check(&self, schema: AbiSchema) -> Res<()> {
        guard(|| self.0.check(&schema.read()?))
    }
    fn conditions(&self, schema: AbiSchema) -> Res<RVec<usize>> {
        guard(|| Ok(self.0.conditions(&schema.read()?)?.into()))
    }
    fn prepare(&self, training: AbiBatch<'_>, schema: AbiSchema) -> Res<ModelBox> {
        guard(|| {
            let model = self.0.prepare(&training.read()?, &schema.read()?)?;
            Ok(own(model))
        })
    }
    fn files(&self) -> Res<RVec<RString>> {
        guard(|| Ok(paths(self.0.files())))
    }
    fn own_events(&self) -> Res<RVec<Tuple2<RString, u64>>> {
        guard(|| {
            Ok(self.0.own_events().into_iter().map(|(name, events)| Tuple2(name.into(), events)).collect())
        })
    }
    fn notes(&self) -> Res<RVec<RString>> {
        guard(|| Ok(self.0.notes().into_iter().map(RString::from).collect()))
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
            weights: a.weights,
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

    /// See [`Generator::conditions`]. An error unless they are in ascending order, leave a column to generate, and are those of a
    /// generator without a log density and members of its own.
    pub fn conditions(&self, schema: &Schema) -> Result<Vec<usize>> {
        let given = self.caller.call("conditions", || self.object.conditions(schema.into()))?.into_vec();
        let wrong = |message: String| {
            Err(Error::plugin(message).at(format!("`{}`, call conditions", self.caller.component())))
        };
        let dimension = schema.dimension();
        if given.windows(2).any(|pair| pair[0] >= pair[1])
            || given.last().is_some_and(|last| *last >= dimension)
            || (!given.is_empty() && given.len() >= dimension)
        {
            return wrong(format!(
                "expected some of the columns 0 to {}, not all, in ascending order, found {given:?}",
                dimension.saturating_sub(1)
            ));
        }
        let abilities = self.abilities;
        match () {
            () if given.is_empty() => Ok(given),
            () if abilities.log_density => wrong(
                "expected no log density of a generator with conditions: it is none of whole events".into(),
            ),
            () if abilities.own_members => wrong(
                "expected no members of its own of a generator with conditions: their events are whole"
                    .into(),
            ),
            () => Ok(given),
        }
    }

    /// See [`Generator::prepare`]. Members of a conditional generator find the given columns written, and an error says if they change
    /// one.
    pub fn prepare(&self, training: &Batch<'_>, schema: &Schema) -> Result<LoadedModel<'static>> {
        let given = self.conditions(schema)?.into();
        let batch = AbiBatch::new(training)?;
        let model = self.caller.call("prepare", || self.object.prepare(batch, schema.into()))?;
        LoadedModel::new(ModelHandle::Owned(Held::new(model, &self.caller)), self.caller.clone(), given)
    }

    /// See [`Generator::files`].
    pub fn files(&self) -> Result<Vec<std::path::PathBuf>> {
        let files = self.caller.call("files", || self.object.files())?;
        Ok(read_strings(files).into_iter().map(Into::into).collect())
    }

    /// See [`Generator::own_events`].
    pub fn own_events(&self) -> Result<Vec<(String, u64)>> {
        let members = self.caller.call("own_events", || self.object.own_events())?;
        Ok(members.into_iter().map(|Tuple2(name, events)| (name.into_string(), events)).collect())
    }

    /// See [`Generator::notes`].
    pub fn notes(&self) -> Result<Vec<String>> {
        Ok(read_strings(self.caller.call("notes", || self.object.notes())?))
    }
}
