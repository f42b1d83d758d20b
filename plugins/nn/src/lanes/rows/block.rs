//! Blocks of events, and how work goes over them.

use std::ops::Range;

use pulp::{Simd, WithSimd};

/// Registers in a row: with six or eight outputs at a time, twelve or sixteen sums hide the latency. A kernel is compiled for one size of a row
/// alone: a batch fills its last block with lanes without an event.
pub const VECTORS: usize = 2;

/// One number of each event of a block.
pub type Row<S, const V: usize = VECTORS> = [<S as Simd>::f32s; V];

/// Events in a block.
#[inline(always)]
pub fn block_events<S: Simd>() -> usize {
    VECTORS * S::F32_LANES
}

/// Runs work with the best instruction set of this machine.
#[cfg(kernels = "all")]
pub fn dispatch<W: WithSimd>(work: W) -> W::Output {
    pulp::Arch::new().dispatch(work)
}

/// The best instruction set of the machine that built this (`build.rs`).
#[cfg(kernels = "avx2")]
type Own = pulp::x86::V3;
/// The best instruction set of the machine that built this (`build.rs`).
#[cfg(kernels = "avx512")]
type Own = pulp::x86::V4;

/// Runs work with the instruction set that this was built for.
#[cfg(not(kernels = "all"))]
pub fn dispatch<W: WithSimd>(work: W) -> W::Output {
    let own = Own::try_new().expect(
        "a build in the profile of daily work is for processors like the one that built it, and this one lacks instructions of that: \
         build here, or in the release profile",
    );
    Simd::vectorize(own, work)
}

/// Work on events, block by block.
pub trait Work {
    /// Does the work on these events; the last block may have fewer than [`block_events`].
    fn run<S: Simd>(&mut self, simd: S, events: Range<usize>);
}

/// Does work on this number of events.
#[inline(always)]
pub fn over_blocks<S: Simd>(simd: S, work: &mut impl Work, events: usize) {
    if events > 0 {
        simd.vectorize(All(work, events));
    }
}

/// [`over_blocks`] with the best instruction set of this machine.
pub fn dispatch_over_blocks(work: &mut impl Work, events: usize) {
    if events > 0 {
        dispatch(All(work, events));
    }
}

struct All<'a, W>(&'a mut W, usize);

impl<W: Work> WithSimd for All<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.run(simd, 0..self.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each event was visited.
    struct Visits(Vec<usize>);

    impl Work for Visits {
        fn run<S: Simd>(&mut self, _: S, events: Range<usize>) {
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
