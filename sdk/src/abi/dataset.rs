//! Datasets across the boundary.

use abi_stable::sabi_trait;
use abi_stable::std_types::{RBox, ROption, RSlice, RSliceMut, RStr, RString, RVec};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::caller::{Caller, Held};
use super::guard::{Guarded, guard};
use super::types::{AbiChunk, AbiSchema, AbiSplit, Res, paths, read_strings};
use crate::metric::expect_length;
use crate::{Chunk, Dataset, Density, Error, Result, Schema, Split};

#[sabi_trait]
pub trait AbiDataset: Send + Sync {
    fn schema(&self) -> Res<AbiSchema>;
    fn capacity(&self, split: AbiSplit) -> Res<ROption<u64>>;
    fn read(&self, split: AbiSplit, chunk: AbiChunk, dimension: usize, out: RSliceMut<'_, f64>) -> Res<()>;
    fn weighted(&self) -> Res<bool>;
    fn read_weighted(
        &self,
        split: AbiSplit,
        chunk: AbiChunk,
        dimension: usize,
        out: RSliceMut<'_, f64>,
        weights: RSliceMut<'_, f64>,
    ) -> Res<()>;
    fn grouped(&self) -> Res<bool>;
    fn read_groups(&self, split: AbiSplit, chunk: AbiChunk, groups: RSliceMut<'_, f64>) -> Res<()>;
    fn has_density(&self) -> Res<bool>;
    fn log_density(&self, events: RSlice<'_, f64>, dimension: usize, out: RSliceMut<'_, f64>) -> Res<()>;
    fn quantile(&self, summary: RStr<'_>, probability: f64) -> Res<ROption<f64>>;
    fn files(&self) -> Res<RVec<RString>>;
    #[sabi(last_prefix_field)]
    fn notes(&self) -> Res<RVec<RString>>;
}

pub type DatasetBox = AbiDataset_TO<'static, RBox<()>>;

pub struct Adapter<D>(pub Guarded<D>);

/// A row-major view of a slice that crossed the boundary.
pub fn rows_of<'a>(values: RSlice<'a, f64>, dimension: usize) -> Result<ArrayView2<'a, f64>> {
    let rows = values.len() / dimension.max(1);
    ArrayView2::from_shape((rows, dimension), values.as_slice()).map_err(shape_error)
}

/// A mutable row-major view of a slice that crossed the boundary.
pub fn rows_of_mut<'a>(values: RSliceMut<'a, f64>, dimension: usize) -> Result<ArrayViewMut2<'a, f64>> {
    let rows = values.len() / dimension.max(1);
    ArrayViewMut2::from_shape((rows, dimension), values.into_mut_slice()).map_err(shape_error)
}

fn shape_error(error: ndarray::ShapeError) -> Error {
    Error::plugin(format!("a batch does not have whole events: {error}"))
}

/// The contiguous slice of a batch, as it crosses the boundary.
pub fn slice_of<'a>(events: &'a ArrayView2<'_, f64>) -> Result<RSlice<'a, f64>> {
    events.as_slice().map(RSlice::from_slice).ok_or_else(not_row_major)
}

/// The numbers of a batch that is to be written, all NaN: what is left out must not pass for what an earlier call wrote.
pub(super) fn unwritten<'a>(out: &'a mut ArrayViewMut2<'_, f64>) -> Result<&'a mut [f64]> {
    let values = out.as_slice_mut().ok_or_else(not_row_major)?;
    values.fill(f64::NAN);
    Ok(values)
}

/// The error of a batch that is not contiguous.
pub fn not_row_major() -> Error {
    Error::plugin("expected a row-major batch, found another layout")
}

impl<D: Dataset> AbiDataset for Adapter<D> {
    fn schema(&self) -> Res<AbiSchema> {
        guard(|| Ok(AbiSchema::from(&self.0.schema())))
    }
    fn capacity(&self, split: AbiSplit) -> Res<ROption<u64>> {
        guard(|| Ok(self.0.capacity(split.into()).into()))
    }
    fn read(&self, split: AbiSplit, chunk: AbiChunk, dimension: usize, out: RSliceMut<'_, f64>) -> Res<()> {
        guard(|| self.0.read(split.into(), chunk.into(), rows_of_mut(out, dimension)?))
    }
    fn weighted(&self) -> Res<bool> {
        guard(|| Ok(self.0.weighted()))
    }
    fn read_weighted(
        &self,
        split: AbiSplit,
        chunk: AbiChunk,
        dimension: usize,
        out: RSliceMut<'_, f64>,
        weights: RSliceMut<'_, f64>,
    ) -> Res<()> {
        guard(|| {
            let out = rows_of_mut(out, dimension)?;
            self.0.read_weighted(split.into(), chunk.into(), out, weights.into_mut_slice())
        })
    }
    fn grouped(&self) -> Res<bool> {
        guard(|| Ok(self.0.grouped()))
    }
    fn read_groups(&self, split: AbiSplit, chunk: AbiChunk, groups: RSliceMut<'_, f64>) -> Res<()> {
        guard(|| self.0.read_groups(split.into(), chunk.into(), groups.into_mut_slice()))
    }
    fn has_density(&self) -> Res<bool> {
        guard(|| Ok(self.0.density().is_some()))
    }
    fn log_density(&self, events: RSlice<'_, f64>, dimension: usize, out: RSliceMut<'_, f64>) -> Res<()> {
        guard(|| {
            let density =
                self.0.density().ok_or_else(|| Error::unsupported("this dataset has no density"))?;
            density.log_density(rows_of(events, dimension)?, out.into_mut_slice())
        })
    }
    fn quantile(&self, summary: RStr<'_>, probability: f64) -> Res<ROption<f64>> {
        guard(|| Ok(self.0.quantile(summary.as_str(), probability).into()))
    }
    fn files(&self) -> Res<RVec<RString>> {
        guard(|| Ok(paths(self.0.files())))
    }
    fn notes(&self) -> Res<RVec<RString>> {
        guard(|| Ok(self.0.notes().into_iter().map(RString::from).collect()))
    }
}

/// A dataset of a loaded plugin.
pub struct LoadedDataset {
    object: Held<DatasetBox>,
    caller: Caller,
    schema: Schema,
    weighted: bool,
    grouped: bool,
    has_density: bool,
}

impl LoadedDataset {
    pub(super) fn new(object: DatasetBox, caller: Caller) -> Result<Self> {
        let object = Held::new(object, &caller);
        let schema = caller.call("schema", || object.schema())?.read()?;
        let weighted = caller.call("weighted", || object.weighted())?;
        let grouped = caller.call("grouped", || object.grouped())?;
        let has_density = caller.call("density", || object.has_density())?;
        Ok(LoadedDataset { object, caller, schema, weighted, grouped, has_density })
    }

    /// See [`Dataset::schema`].
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// See [`Dataset::capacity`].
    pub fn capacity(&self, split: Split) -> Result<Option<u64>> {
        Ok(self.caller.call("capacity", || self.object.capacity(split.into()))?.into_option())
    }

    /// See [`Dataset::read`].
    pub fn read(&self, split: Split, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let dimension = out.ncols();
        let values = unwritten(&mut out)?;
        let crossing = RSliceMut::from_mut_slice(values);
        self.caller.call("read", || self.object.read(split.into(), chunk.into(), dimension, crossing))?;
        self.caller.expect_finite("read", event_of(split), chunk.first_event, values, dimension)
    }

    /// See [`Dataset::weighted`].
    pub fn weighted(&self) -> bool {
        self.weighted
    }

    /// See [`Dataset::read_weighted`].
    pub fn read_weighted(
        &self,
        split: Split,
        chunk: Chunk,
        mut out: ArrayViewMut2<'_, f64>,
        weights: &mut [f64],
    ) -> Result<()> {
        expect_length("weights", out.nrows(), weights.len())?;
        let dimension = out.ncols();
        let values = unwritten(&mut out)?;
        weights.fill(f64::NAN);
        let crossing = RSliceMut::from_mut_slice(values);
        let crossing_weights = RSliceMut::from_mut_slice(weights);
        self.caller.call("read_weighted", || {
            self.object.read_weighted(split.into(), chunk.into(), dimension, crossing, crossing_weights)
        })?;
        let event = event_of(split);
        self.caller.expect_finite("read_weighted", event, chunk.first_event, values, dimension)?;
        let event = format!("weight of {event}");
        self.caller.expect_finite("read_weighted", &event, chunk.first_event, weights, 1)
    }

    /// See [`Dataset::grouped`].
    pub fn grouped(&self) -> bool {
        self.grouped
    }

    /// See [`Dataset::read_groups`].
    pub fn read_groups(&self, split: Split, chunk: Chunk, groups: &mut [f64]) -> Result<()> {
        groups.fill(f64::NAN);
        let crossing = RSliceMut::from_mut_slice(groups);
        self.caller.call("read_groups", || self.object.read_groups(split.into(), chunk.into(), crossing))?;
        let event = format!("group of {}", event_of(split));
        self.caller.expect_finite("read_groups", &event, chunk.first_event, groups, 1)
    }

    /// See [`Dataset::density`].
    pub fn density(&self) -> Option<&dyn Density> {
        self.has_density.then_some(self)
    }

    /// See [`Dataset::quantile`].
    pub fn quantile(&self, summary: &str, probability: f64) -> Result<Option<f64>> {
        Ok(self.caller.call("quantile", || self.object.quantile(summary.into(), probability))?.into_option())
    }

    /// See [`Dataset::files`].
    pub fn files(&self) -> Result<Vec<std::path::PathBuf>> {
        let files = self.caller.call("files", || self.object.files())?;
        Ok(read_strings(files).into_iter().map(Into::into).collect())
    }

    /// See [`Dataset::notes`].
    pub fn notes(&self) -> Result<Vec<String>> {
        Ok(read_strings(self.caller.call("notes", || self.object.notes())?))
    }
}

/// What its events are called.
fn event_of(split: Split) -> &'static str {
    match split {
        Split::Training => "training event",
        Split::Holdout => "holdout event",
    }
}

impl Density for LoadedDataset {
    fn log_density(&self, events: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
        let values = slice_of(&events)?;
        expect_length("log densities", events.nrows(), out.len())?;
        out.fill(f64::NAN);
        let crossing = RSliceMut::from_mut_slice(out);
        self.caller.call("log_density", || self.object.log_density(values, events.ncols(), crossing))?;
        self.caller.expect_densities("log_density", out)
    }
}
