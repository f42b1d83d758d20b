//! Members across the boundary.

use abi_stable::sabi_trait;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RBox, ROption, RSlice, RSliceMut};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::caller::{Caller, Held};
use super::dataset::{rows_of, rows_of_mut, slice_of, unwritten};
use super::guard::{Guarded, guard};
use super::types::{AbiChunk, AbiSeed, Res};
use crate::metric::expect_length;
use crate::{Chunk, Member, Result, Seed};

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
}

impl LoadedMember {
    pub(super) fn new(object: MemberBox, caller: Caller) -> Result<Self> {
        let object = Held::new(object, &caller);
        let capacity = caller.call("capacity", || object.capacity())?.into_option();
        Ok(LoadedMember { object, caller, capacity })
    }
}

impl Member for LoadedMember {
    fn capacity(&self) -> Option<u64> {
        self.capacity
    }

    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let dimension = out.ncols();
        let values = unwritten(&mut out)?;
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
        let values = unwritten(&mut out)?;
        log_density.fill(f64::NAN);
        let (crossing, density) = (RSliceMut::from_mut_slice(values), RSliceMut::from_mut_slice(log_density));
        self.caller.call("sample", || {
            self.object.sample_with_log_density(chunk.into(), dimension, crossing, density)
        })?;
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
