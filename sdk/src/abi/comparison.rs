//! Comparisons and accumulators across the boundary.

use abi_stable::StableAbi;
use abi_stable::sabi_trait;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RBox, ROption, RSlice, RString, RVec};
use ndarray::ArrayView3;

use super::caller::{Caller, Held};
use super::guard::{Guarded, guard};
use super::types::{Res, read_strings, strings};
use super::values::AbiValues;
use crate::metric::expect_length;
use crate::{
    Accumulator, Comparison, Curves, Deviation, Error, Expectations, Limit, Measured, NullLaw, Result, Values,
};

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiCurves<'a> {
    generated: RSlice<'a, u64>,
    passed: RSlice<'a, u64>,
    values: RSlice<'a, f64>,
    members: usize,
    n_effective: f64,
}

impl<'a> AbiCurves<'a> {
    fn new(curves: &'a Curves<'_>) -> Result<Self> {
        let values = curves.values.to_slice().ok_or_else(|| Error::plugin("expected contiguous curves"))?;
        Ok(AbiCurves {
            generated: curves.generated.into(),
            passed: curves.passed.into(),
            values: values.into(),
            members: curves.members(),
            n_effective: curves.n_effective,
        })
    }

    fn read(self) -> Result<Curves<'a>> {
        let (members, checkpoints) = (self.members, self.generated.len());
        let width = self.values.len() / (members * checkpoints).max(1);
        expect_length("events passed", members * checkpoints, self.passed.len())?;
        let values = ArrayView3::from_shape((members, checkpoints, width), self.values.as_slice())
            .map_err(|e| Error::plugin(format!("curves of another shape: {e}")))?;
        Ok(Curves {
            generated: self.generated.as_slice(),
            passed: self.passed.as_slice(),
            values,
            n_effective: self.n_effective,
        })
    }
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiMeasured {
    value: f64,
    statistical: ROption<f64>,
    model: ROption<f64>,
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiLimit {
    value: f64,
    low: f64,
    high: f64,
    extrapolated: bool,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiNullLaw {
    mean: f64,
    quantiles: RVec<f64>,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiDeviation {
    posterior_mean: f64,
    single_member: f64,
    null_scale: f64,
    pulls: RVec<f64>,
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiExpectations {
    means: RVec<f64>,
    covariance: RVec<f64>,
    units: RVec<f64>,
    error: f64,
    with_error: RVec<f64>,
    events: f64,
}

#[sabi_trait]
pub trait AbiComparison: Send + Sync {
    fn value_names(&self) -> Res<RVec<RString>>;
    fn quantities(&self) -> Res<RVec<RString>>;
    fn accumulator(&self) -> Res<AccumulatorBox>;
    fn measure(&self, curves: AbiCurves<'_>, k: usize) -> Res<AbiMeasured>;
    fn limit(&self, curves: AbiCurves<'_>, level: f64) -> Res<AbiLimit>;
    fn null(&self, curves: AbiCurves<'_>, n: f64, probabilities: RSlice<'_, f64>) -> Res<AbiNullLaw>;
    fn expectations(&self, values: RSlice<'_, f64>, events: u64) -> Res<ROption<AbiExpectations>>;
    fn effective_events(&self, events: AbiValues<'_>) -> Res<f64>;
    #[sabi(last_prefix_field)]
    fn deviation(
        &self,
        curves: AbiCurves<'_>,
        truth: RSlice<'_, f64>,
        n_truth: u64,
    ) -> Res<ROption<AbiDeviation>>;
}

pub type ComparisonBox = AbiComparison_TO<'static, RBox<()>>;

#[sabi_trait]
pub trait AbiAccumulator: Send {
    fn update(&mut self, values: AbiValues<'_>) -> Res<()>;
    fn state(&self) -> Res<RVec<f64>>;
    fn merge(&mut self, state: RSlice<'_, f64>) -> Res<()>;
    #[sabi(last_prefix_field)]
    fn values(&self) -> Res<RVec<f64>>;
}

pub type AccumulatorBox = AbiAccumulator_TO<'static, RBox<()>>;

/// An author's comparison as it crosses the boundary.
pub(super) fn own(comparison: Box<dyn Comparison>) -> ComparisonBox {
    let adapter = ComparisonAdapter(Guarded::new("a comparison", comparison));
    AbiComparison_TO::from_value(adapter, TD_Opaque)
}

struct ComparisonAdapter(Guarded<Box<dyn Comparison>>);

impl AbiComparison for ComparisonAdapter {
    fn value_names(&self) -> Res<RVec<RString>> {
        guard(|| Ok(strings(&self.0.value_names())))
    }
    fn quantities(&self) -> Res<RVec<RString>> {
        guard(|| Ok(strings(&self.0.quantities())))
    }
    fn accumulator(&self) -> Res<AccumulatorBox> {
        guard(|| {
            let adapter = AccumulatorAdapter(Guarded::new("an accumulator", self.0.accumulator()));
            Ok(AbiAccumulator_TO::from_value(adapter, TD_Opaque))
        })
    }
    fn measure(&self, curves: AbiCurves<'_>, k: usize) -> Res<AbiMeasured> {
        guard(|| {
            let m = self.0.measure(&curves.read()?, k)?;
            Ok(AbiMeasured { value: m.value, statistical: m.statistical.into(), model: m.model.into() })
        })
    }
    fn limit(&self, curves: AbiCurves<'_>, level: f64) -> Res<AbiLimit> {
        guard(|| {
            let l = self.0.limit(&curves.read()?, level)?;
            Ok(AbiLimit { value: l.value, low: l.low, high: l.high, extrapolated: l.extrapolated })
        })
    }
    fn null(&self, curves: AbiCurves<'_>, n: f64, probabilities: RSlice<'_, f64>) -> Res<AbiNullLaw> {
        guard(|| {
            let law = self.0.null(&curves.read()?, n, probabilities.as_slice())?;
            Ok(AbiNullLaw { mean: law.mean, quantiles: law.quantiles.into() })
        })
    }
    fn expectations(&self, values: RSlice<'_, f64>, events: u64) -> Res<ROption<AbiExpectations>> {
        guard(|| {
            let found = self.0.expectations(values.as_slice(), events)?;
            Ok(found
                .map(|e| AbiExpectations {
                    means: e.means.into(),
                    covariance: e.covariance.into(),
                    units: e.units.into(),
                    error: e.error,
                    with_error: e.with_error.into(),
                    events: e.events,
                })
                .into())
        })
    }
    fn effective_events(&self, events: AbiValues<'_>) -> Res<f64> {
        guard(|| self.0.effective_events(events.read()?))
    }
    fn deviation(
        &self,
        curves: AbiCurves<'_>,
        truth: RSlice<'_, f64>,
        n_truth: u64,
    ) -> Res<ROption<AbiDeviation>> {
        guard(|| {
            let deviation = self.0.deviation(&curves.read()?, truth.as_slice(), n_truth)?;
            Ok(deviation
                .map(|d| AbiDeviation {
                    posterior_mean: d.posterior_mean,
                    single_member: d.single_member,
                    null_scale: d.null_scale,
                    pulls: d.pulls.into(),
                })
                .into())
        })
    }
}

struct AccumulatorAdapter(Guarded<Box<dyn Accumulator>>);

impl AbiAccumulator for AccumulatorAdapter {
    fn update(&mut self, values: AbiValues<'_>) -> Res<()> {
        guard(|| self.0.update(values.read()?))
    }
    fn state(&self) -> Res<RVec<f64>> {
        guard(|| Ok(self.0.state()?.into()))
    }
    fn merge(&mut self, state: RSlice<'_, f64>) -> Res<()> {
        guard(|| self.0.merge(state.as_slice()))
    }
    fn values(&self) -> Res<RVec<f64>> {
        guard(|| Ok(self.0.values()?.into()))
    }
}

/// A comparison of a loaded plugin.
pub(super) fn loaded(object: ComparisonBox, caller: &Caller) -> Result<Box<dyn Comparison>> {
    let object = Held::new(object, caller);
    let names = read_strings(caller.call("value_names", || object.value_names())?);
    let quantities = read_strings(caller.call("quantities", || object.quantities())?);
    Ok(Box::new(LoadedComparison { object, caller: caller.clone(), names, quantities }))
}

struct LoadedComparison {
    object: Held<ComparisonBox>,
    caller: Caller,
    names: Vec<String>,
    quantities: Vec<String>,
}

impl Comparison for LoadedComparison {
    fn value_names(&self) -> Vec<String> {
        self.names.clone()
    }

    fn quantities(&self) -> Vec<String> {
        self.quantities.clone()
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        // An accumulator that cannot be made answers every call with the reason.
        let object = self.caller.call("accumulator", || self.object.accumulator());
        let object = object.map(|o| Held::new(o, &self.caller));
        Box::new(LoadedAccumulator { object, caller: self.caller.clone(), values: self.names.len() })
    }

    fn measure(&self, curves: &Curves<'_>, k: usize) -> Result<Measured> {
        let curves = AbiCurves::new(curves)?;
        let m = self.caller.call("measure", || self.object.measure(curves, k))?;
        Ok(Measured {
            value: m.value,
            statistical: m.statistical.into_option(),
            model: m.model.into_option(),
        })
    }

    fn limit(&self, curves: &Curves<'_>, level: f64) -> Result<Limit> {
        let curves = AbiCurves::new(curves)?;
        let l = self.caller.call("limit", || self.object.limit(curves, level))?;
        Ok(Limit { value: l.value, low: l.low, high: l.high, extrapolated: l.extrapolated })
    }

    fn null(&self, curves: &Curves<'_>, n: f64, probabilities: &[f64]) -> Result<NullLaw> {
        let curves = AbiCurves::new(curves)?;
        let law = self.caller.call("null", || self.object.null(curves, n, probabilities.into()))?;
        let what = format!("`{}`, call null: quantiles", self.caller.component());
        expect_length(&what, probabilities.len(), law.quantiles.len())?;
        Ok(NullLaw { mean: law.mean, quantiles: law.quantiles.into_vec() })
    }

    fn expectations(&self, values: &[f64], events: u64) -> Result<Option<Expectations>> {
        let found = self.caller.call("expectations", || self.object.expectations(values.into(), events))?;
        let Some(e) = found.into_option() else { return Ok(None) };
        let what = |which: &str| format!("`{}`, call expectations: {which}", self.caller.component());
        expect_length(&what("covariances"), e.means.len() * e.means.len(), e.covariance.len())?;
        expect_length(&what("units"), e.means.len(), e.units.len())?;
        expect_length(&what("covariances with the error"), e.means.len(), e.with_error.len())?;
        if let Some(unit) = e.units.iter().find(|unit| !(**unit > 0.0 && unit.is_finite())) {
            return Err(Error::plugin(format!("{}: expected positive numbers, found {unit}", what("units"))));
        }
        if e.events.is_nan() || e.events <= 0.0 {
            return Err(Error::plugin(format!(
                "{}: expected a positive number, found {}",
                what("events"),
                e.events
            )));
        }
        let numbers = e.means.iter().chain(&e.covariance).chain(&e.with_error).chain([&e.error, &e.events]);
        if let Some(number) = numbers.into_iter().find(|x| !x.is_finite()) {
            return Err(Error::plugin(format!(
                "{}: expected finite numbers, found {number}",
                what("values")
            )));
        }
        Ok(Some(Expectations {
            means: e.means.into_vec(),
            covariance: e.covariance.into_vec(),
            units: e.units.into_vec(),
            error: e.error,
            with_error: e.with_error.into_vec(),
            events: e.events,
        }))
    }

    fn effective_events(&self, events: Values<'_>) -> Result<f64> {
        let crossing = AbiValues::new(&events)?;
        let found = self.caller.call("effective_events", || self.object.effective_events(crossing))?;
        if found > 0.0 && found.is_finite() {
            return Ok(found);
        }
        let whose = self.caller.component();
        Err(Error::plugin(format!(
            "`{whose}`, call effective_events: expected a positive number, found {found}"
        )))
    }

    fn deviation(&self, curves: &Curves<'_>, truth: &[f64], n_truth: u64) -> Result<Option<Deviation>> {
        let curves = AbiCurves::new(curves)?;
        let deviation =
            self.caller.call("deviation", || self.object.deviation(curves, truth.into(), n_truth))?;
        Ok(deviation.into_option().map(|d| Deviation {
            posterior_mean: d.posterior_mean,
            single_member: d.single_member,
            null_scale: d.null_scale,
            pulls: d.pulls.into_vec(),
        }))
    }
}

struct LoadedAccumulator {
    object: Result<Held<AccumulatorBox>>,
    caller: Caller,
    values: usize,
}

impl LoadedAccumulator {
    fn object(&self) -> Result<&Held<AccumulatorBox>> {
        self.object.as_ref().map_err(Clone::clone)
    }

    fn object_mut(&mut self) -> Result<&mut Held<AccumulatorBox>> {
        self.object.as_mut().map_err(|e| e.clone())
    }
}

impl Accumulator for LoadedAccumulator {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let caller = self.caller.clone();
        let object = self.object_mut()?;
        let values = AbiValues::new(&values)?;
        caller.call("update", || object.update(values))
    }

    fn state(&self) -> Result<Vec<f64>> {
        let object = self.object()?;
        Ok(self.caller.call("state", || object.state())?.into_vec())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        let caller = self.caller.clone();
        let object = self.object_mut()?;
        caller.call("merge", || object.merge(state.into()))
    }

    fn values(&self) -> Result<Vec<f64>> {
        let object = self.object()?;
        let values = self.caller.call("values", || object.values())?.into_vec();
        let what = || format!("`{}`, call values", self.caller.component());
        expect_length(&what(), self.values, values.len())?;
        match values.iter().find(|x| !x.is_finite()) {
            None => Ok(values),
            Some(x) => Err(Error::plugin(format!("{}: expected finite numbers, found {x}", what()))),
        }
    }
}
