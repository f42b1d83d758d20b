//! Events in blocks: how work goes over them, and how numbers get into the lanes and out.

use std::ops::Range;

use amplicast_nn::lanes::{self, Slots, VECTORS, block_events};
use amplicast_nn::pulp::{Simd, WithSimd};

/// Work on events in blocks of V registers.
pub(crate) trait Work {
    /// Does the work on these events.
    fn run<S: Simd, const V: usize>(&mut self, simd: S, events: Range<usize>);
}

/// Does work on all of this number of events: whole blocks, then the rest register by register, for fewer lanes without
/// an event.
pub(crate) fn over_blocks(work: &mut impl Work, events: usize) {
    lanes::dispatch(All(work, events));
}

struct All<'a, W>(&'a mut W, usize);

impl<W: Work> WithSimd for All<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let All(work, events) = self;
        let whole = events / block_events::<S>() * block_events::<S>();
        if whole > 0 {
            simd.vectorize(Part::<W, VECTORS>(work, 0..whole));
        }
        if whole < events {
            simd.vectorize(Part::<W, 1>(work, whole..events));
        }
    }
}

/// A work of its own, so that each V is compiled by itself.
struct Part<'a, W, const V: usize>(&'a mut W, Range<usize>);

impl<W: Work, const V: usize> WithSimd for Part<'_, W, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.run::<S, V>(simd, self.1);
    }
}

/// Writes some columns of events' numbers into the first rows of all slots. `events` has event after event, and in each a
/// line of `line` numbers for each slot.
pub(crate) fn put(slots: &mut Slots, lanes: usize, (events, line): (&[f64], usize), columns: Range<usize>) {
    let count = slots.count();
    for slot in 0..count {
        let rows = slots.numbers_mut(slot);
        let lines = events.chunks_exact(line).skip(slot).step_by(count);
        for (lane, line) in lines.enumerate() {
            for (k, value) in line[columns.clone()].iter().enumerate() {
                rows[k * lanes + lane] = *value as f32;
            }
        }
    }
}

/// Reads the first rows of all slots into some columns of events' numbers, which [`put`] would write.
pub(crate) fn get(slots: &Slots, lanes: usize, (events, line): (&mut [f64], usize), columns: Range<usize>) {
    for slot in 0..slots.count() {
        let rows = slots.numbers(slot);
        let lines = events.chunks_exact_mut(line).skip(slot).step_by(slots.count());
        for (lane, line) in lines.enumerate() {
            for (k, value) in line[columns.clone()].iter_mut().enumerate() {
                *value = f64::from(rows[k * lanes + lane]);
            }
        }
    }
}
