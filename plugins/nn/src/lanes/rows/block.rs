//! Blocks of events, and how work goes over them.

use std::ops::Range;

use pulp::{Simd, WithSimd};

/// Registers in a row: with four outputs at a time the products keep twelve registers busy, which hides the latency.
pub const VECTORS: usize = 3;

/// One number of each event of a block.
pub type Row<S, const V: usize = VECTORS> = [<S as Simd>::f32s; V];

/// Events in a block of the best size.
#[inline(always)]
pub fn block_events<S: Simd>() -> usize {
    VECTORS * S::F32_LANES
}

/// Runs work with the best instruction set of this machine.
pub fn dispatch<W: WithSimd>(work: W) -> W::Output {
    pulp::Arch::new().dispatch(work)
}

/// Work on events in blocks of V registers.
pub trait Work {
    /// Does the work on these events.
    fn run<S: Simd, const V: usize>(&mut self, simd: S, events: Range<usize>);
}

/// Does work on this number of events: whole blocks, then the rest register by register, for fewer lanes without an event.
#[inline(always)]
pub fn over_blocks<S: Simd>(simd: S, work: &mut impl Work, events: usize) {
    let whole = events / block_events::<S>() * block_events::<S>();
    if whole > 0 {
        simd.vectorize(Part::<_, VECTORS>(work, 0..whole));
    }
    if whole < events {
        simd.vectorize(Part::<_, 1>(work, whole..events));
    }
}

/// [`over_blocks`] with the best instruction set of this machine.
pub fn dispatch_over_blocks(work: &mut impl Work, events: usize) {
    dispatch(All(work, events));
}

struct All<'a, W>(&'a mut W, usize);

impl<W: Work> WithSimd for All<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        over_blocks(simd, self.0, self.1);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each event was visited.
    struct Visits(Vec<usize>);

    impl Work for Visits {
        fn run<S: Simd, const V: usize>(&mut self, _: S, events: Range<usize>) {
            let whole = events.len().is_multiple_of(V * S::F32_LANES);
            assert!(V == 1 || whole, "{events:?} in blocks of {}", V * S::F32_LANES);
            self.0[events].iter_mut().for_each(|visits| *visits += 1);
        }
    }

    #[test]
    fn every_event_is_visited_once() {
        for n in [0, 1, 2, 3, 47, 48, 49, 100, 192] {
            let mut visits = Visits(vec![0; n]);
            dispatch_over_blocks(&mut visits, n);
            over_blocks(pulp::Scalar, &mut visits, n);
            assert_eq!(visits.0, vec![2; n]);
        }
    }
}
