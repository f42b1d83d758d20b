//! Metrics across the boundary.

use std::path::PathBuf;

use abi_stable::StableAbi;
use abi_stable::sabi_trait;
use abi_stable::std_types::{RBox, ROption, RSlice, RString, RVec};

use super::caller::{Caller, Held};
use super::comparison::{ComparisonBox, loaded, own};
use super::guard::{Guarded, guard};
use super::types::{Res, paths, read_strings};
use super::values::AbiValues;
use crate::{Comparison, Error, Metric, Reference, ReferenceUse, Result, Shown, Takes, Values};

#[repr(u8)]
#[derive(StableAbi, Clone, Copy)]
pub enum AbiTakes {
    One,
    Any,
}

#[repr(u8)]
#[derive(StableAbi)]
pub enum AbiReferenceUse {
    Values,
    Quantiles(RVec<f64>),
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiReference<'a> {
    values: AbiValues<'a>,
    quantiles: RSlice<'a, f64>,
    simulated: RSlice<'a, f64>,
    weighted: bool,
    grouped: bool,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiShown {
    axis: RString,
    caption: RString,
    root: bool,
    parts: bool,
}

#[sabi_trait]
pub trait AbiMetric: Send + Sync {
    fn takes(&self) -> Res<AbiTakes>;
    fn reference(&self) -> Res<AbiReferenceUse>;
    fn least_members(&self) -> Res<u64>;
    fn shown(&self) -> Res<AbiShown>;
    fn weights(&self) -> Res<bool>;
    fn groups(&self) -> Res<bool>;
    fn files(&self) -> Res<RVec<RString>>;
    fn simulate(&self, training: AbiValues<'_>, generated: AbiValues<'_>) -> Res<ROption<f64>>;
    #[sabi(last_prefix_field)]
    fn compare(&self, reference: AbiReference<'_>) -> Res<ComparisonBox>;
}

pub type MetricBox = AbiMetric_TO<'static, RBox<()>>;

pub struct Adapter<M>(pub Guarded<M>);

impl<M: Metric> AbiMetric for Adapter<M> {
    fn takes(&self) -> Res<AbiTakes> {
        guard(|| {
            Ok(match self.0.takes() {
                Takes::One => AbiTakes::One,
                Takes::Any => AbiTakes::Any,
            })
        })
    }
    fn reference(&self) -> Res<AbiReferenceUse> {
        guard(|| {
            Ok(match self.0.reference() {
                ReferenceUse::Values => AbiReferenceUse::Values,
                ReferenceUse::Quantiles(list) => AbiReferenceUse::Quantiles(list.into()),
            })
        })
    }
    fn least_members(&self) -> Res<u64> {
        guard(|| Ok(self.0.least_members()))
    }
    fn shown(&self) -> Res<AbiShown> {
        guard(|| {
            let Shown { axis, caption, root, parts } = self.0.shown();
            Ok(AbiShown { axis: axis.into(), caption: caption.into(), root, parts })
        })
    }
    fn weights(&self) -> Res<bool> {
        guard(|| Ok(self.0.weights()))
    }
    fn groups(&self) -> Res<bool> {
        guard(|| Ok(self.0.groups()))
    }
    fn files(&self) -> Res<RVec<RString>> {
        guard(|| Ok(paths(self.0.files())))
    }
    fn simulate(&self, training: AbiValues<'_>, generated: AbiValues<'_>) -> Res<ROption<f64>> {
        guard(|| Ok(self.0.simulate(training.read()?, generated.read()?)?.into()))
    }
    fn compare(&self, reference: AbiReference<'_>) -> Res<ComparisonBox> {
        guard(|| {
            let comparison = self.0.compare(&Reference {
                values: reference.values.read()?,
                quantiles: reference.quantiles.as_slice(),
                simulated: reference.simulated.as_slice(),
                weighted: reference.weighted,
                grouped: reference.grouped,
            })?;
            Ok(own(comparison))
        })
    }
}

/// A metric of a loaded plugin.
pub struct LoadedMetric {
    object: Held<MetricBox>,
    caller: Caller,
    takes: Takes,
    reference: ReferenceUse,
    least_members: u64,
    shown: Shown,
    weights: bool,
    groups: bool,
}

impl LoadedMetric {
    pub(super) fn new(object: MetricBox, caller: Caller) -> Result<Self> {
        let object = Held::new(object, &caller);
        let takes = match caller.call("takes", || object.takes())? {
            AbiTakes::One => Takes::One,
            AbiTakes::Any => Takes::Any,
        };
        let reference = match caller.call("reference", || object.reference())? {
            AbiReferenceUse::Values => ReferenceUse::Values,
            AbiReferenceUse::Quantiles(list) => ReferenceUse::Quantiles(list.into_vec()),
        };
        if takes == Takes::Any && matches!(&reference, ReferenceUse::Quantiles(list) if !list.is_empty()) {
            return Err(Error::plugin(format!(
                "`{}`: expected a metric of one number, since it asks for quantiles, found one that takes any",
                caller.component()
            )));
        }
        let least_members = caller.call("least_members", || object.least_members())?;
        let AbiShown { axis, caption, root, parts } = caller.call("shown", || object.shown())?;
        let shown = Shown { axis: axis.into_string(), caption: caption.into_string(), root, parts };
        let weights = caller.call("weights", || object.weights())?;
        let groups = caller.call("groups", || object.groups())?;
        Ok(LoadedMetric { object, caller, takes, reference, least_members, shown, weights, groups })
    }

    /// See [`Metric::takes`].
    pub fn takes(&self) -> Takes {
        self.takes
    }

    /// See [`Metric::reference`].
    pub fn reference(&self) -> &ReferenceUse {
        &self.reference
    }

    /// See [`Metric::least_members`].
    pub fn least_members(&self) -> u64 {
        self.least_members
    }

    /// See [`Metric::shown`].
    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// See [`Metric::weights`].
    pub fn weights(&self) -> bool {
        self.weights
    }

    /// See [`Metric::groups`].
    pub fn groups(&self) -> bool {
        self.groups
    }

    /// See [`Metric::files`].
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let files = self.caller.call("files", || self.object.files())?;
        Ok(read_strings(files).into_iter().map(Into::into).collect())
    }

    /// See [`Metric::simulate`].
    pub fn simulate(&self, training: Values<'_>, generated: Values<'_>) -> Result<Option<f64>> {
        let (training, generated) = (AbiValues::new(&training)?, AbiValues::new(&generated)?);
        let found = self.caller.call("simulate", || self.object.simulate(training, generated))?;
        match found.into_option() {
            Some(x) if !x.is_finite() => Err(Error::plugin(format!(
                "`{}`, call simulate: expected a finite number, found {x}",
                self.caller.component()
            ))),
            found => Ok(found),
        }
    }

    /// See [`Metric::compare`].
    pub fn compare(&self, reference: &Reference<'_>) -> Result<Box<dyn Comparison>> {
        let reference = AbiReference {
            values: AbiValues::new(&reference.values)?,
            quantiles: reference.quantiles.into(),
            simulated: reference.simulated.into(),
            weighted: reference.weighted,
            grouped: reference.grouped,
        };
        loaded(self.caller.call("compare", || self.object.compare(reference))?, &self.caller)
    }
}
