//! Members across the boundary.

use std::sync::Arc;

use abi_stable::sabi_trait;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RBox, ROption, RSlice, RSliceMut};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::caller::{Caller, Held};
use super::dataset::{not_row_major, rows_of, rows_of_mut, slice_of, unwritten};
use super::guard::{Guarded, guard};
use super::types::{AbiChunk, AbiSeed, Res};
use crate::metric::expect_length;
use crate::{Chunk, Error, Member, Result, Seed};

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

/// A member for whoever calls.
pub(super) fn own_member(member: Box<dyn Member>) -> MemberBox {
    AbiMember_TO::from_value(MemberAdapter(Guarded::new("a member", member)), TD_Opaque)
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

/// A member of a loaded plugin.
pub(super) struct LoadedMember {
    object: Held<MemberBox>,
    caller: Caller,
    capacity: Option<u64>,
    /// The columns that it finds written.
    given: Arc<[usize]>,
}

impl LoadedMember {
    pub(super) fn new(object: MemberBox, caller: Caller, given: Arc<[usize]>) -> Result<Self> {
        let object = Held::new(object, &caller);
        let capacity = caller.call("capacity", || object.capacity())?.into_option();
        Ok(LoadedMember { object, caller, capacity, given })
    }

    /// The numbers of a batch that is to be written, NaN but for the given ones: what is left out must not pass for what an earlier call
    /// wrote. Beside them the given ones, event by event.
    fn unwritten<'a>(&self, out: &'a mut ArrayViewMut2<'_, f64>) -> Result<(&'a mut [f64], Vec<f64>)> {
        let dimension = out.ncols();
        if let Some(last) = self.given.last().filter(|last| **last >= dimension) {
            return Err(Error::plugin(format!(
                "expected events with the given column {last}, found {dimension} columns"
            )));
        }
        if self.given.is_empty() {
            return Ok((unwritten(out)?, Vec::new()));
        }
        let values = out.as_slice_mut().ok_or_else(not_row_major)?;
        let mut kept = Vec::with_capacity(values.len() / dimension * self.given.len());
        for event in values.chunks_exact_mut(dimension) {
            let first = kept.len();
            kept.extend(self.given.iter().map(|&column| event[column]));
            event.fill(f64::NAN);
            self.given.iter().zip(&kept[first..]).for_each(|(&column, x)| event[column] = *x);
        }
        Ok((values, kept))
    }

    /// An error unless the given columns of events from number `first` on hold what they held.
    fn expect_kept(&self, first: u64, values: &[f64], dimension: usize, kept: &[f64]) -> Result<()> {
        if self.given.is_empty() {
            return Ok(());
        }
        let events = values.chunks_exact(dimension).zip(kept.chunks_exact(self.given.len()));
        for (number, (event, kept)) in (first..).zip(events) {
            for (&column, x) in self.given.iter().zip(kept) {
                if event[column].to_bits() != x.to_bits() {
                    let message = format!(
                        "expected the given column {column} as it was, {x}, found {} in generated event {number}",
                        event[column]
                    );
                    return Err(
                        Error::plugin(message).at(format!("`{}`, call sample", self.caller.component()))
                    );
                }
            }
        }
        Ok(())
    }
}

impl Member for LoadedMember {
    fn capacity(&self) -> Option<u64> {
        self.capacity
    }

    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let dimension = out.ncols();
        let (values, kept) = self.unwritten(&mut out)?;
        let crossing = RSliceMut::from_mut_slice(values);
        self.caller.call("sample", || self.object.sample(chunk.into(), dimension, crossing))?;
        self.expect_kept(chunk.first_event, values, dimension, &kept)?;
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
        let (values, kept) = self.unwritten(&mut out)?;
        log_density.fill(f64::NAN);
        let (crossing, density) = (RSliceMut::from_mut_slice(values), RSliceMut::from_mut_slice(log_density));
        self.caller.call("sample", || {
            self.object.sample_with_log_density(chunk.into(), dimension, crossing, density)
        })?;
        self.expect_kept(chunk.first_event, values, dimension, &kept)?;
        self.caller.expect_finite("sample", "generated event", chunk.first_event, values, dimension)?;
        self.caller.expect_densities("sample", log_density)
    }

    fn log_density(&self, events: ArrayView2<'_, f64>, seed: Seed, out: &mut [f64]) -> Result<()> {
        expect_length("log densities", events.nrows(), out.len())?;
        let values = slice_of(&events)?;
        out.fill(f64::NAN);
        let crossing = RSliceMut::from_mut_slice(out);
        self.caller
            .call("log_density", || self.object.log_density(values, events.ncols(), seed.into(), crossing))?;
        self.caller.expect_densities("log_density", out)
    }
}
