//! Small networks on many events side by side, in plain Rust.
//!
//! A *row* holds one number (an activation, a coordinate) of each event of a block; a block is as many events as fit
//! into [`VECTORS`] SIMD registers. Weights are broadcast, so every operation is the same arithmetic on all lanes and
//! no data moves between events. The instruction set is chosen at run time ([`dispatch`]); AVX-512, AVX2, NEON, or
//! plain scalars. Results on the same machine depend on nothing but the inputs; between instruction sets they differ
//! by rounding.

mod decoder;
mod functions;
mod linear;
mod mixture;

use pulp::{Simd, WithSimd};

pub use decoder::{Decoder, Workspace};
pub use functions::{add, exp, gelu, maximum, mul, mul_add, splat};
pub use linear::Linear;
pub use mixture::{choose, log_density, sigma};

/// Registers in a row: with four outputs at a time the products keep twelve registers busy, which hides the latency.
pub const VECTORS: usize = 3;

/// One number of each event of a block.
pub type Row<S> = [<S as Simd>::f32s; VECTORS];

/// Events in a block.
#[inline(always)]
pub fn block_events<S: Simd>() -> usize {
    VECTORS * S::F32_LANES
}

/// Runs work with the best instruction set of this machine.
pub fn dispatch<W: WithSimd>(work: W) -> W::Output {
    pulp::Arch::new().dispatch(work)
}

/// Rows in memory aligned to a cache line; seen as rows, or as the numbers of event 0, 1, ... of each row.
pub struct Rows {
    data: Vec<f32>,
    start: usize,
    length: usize,
}

/// Numbers in a cache line.
const LINE: usize = 16;

impl Rows {
    /// `rows` rows of zeros.
    pub fn new<S: Simd>(rows: usize) -> Self {
        let length = rows * block_events::<S>();
        let data = vec![0.0; length + LINE];
        let past = data.as_ptr() as usize / size_of::<f32>() % LINE;
        Rows { data, start: (LINE - past) % LINE, length }
    }

    /// All numbers, row by row.
    #[inline(always)]
    pub fn numbers(&self) -> &[f32] {
        &self.data[self.start..self.start + self.length]
    }

    /// All numbers, row by row.
    #[inline(always)]
    pub fn numbers_mut(&mut self) -> &mut [f32] {
        &mut self.data[self.start..self.start + self.length]
    }

    /// The rows. `S` must be the instruction set that they were made for.
    #[inline(always)]
    pub fn rows<S: Simd>(&self) -> &[Row<S>] {
        pulp::bytemuck::cast_slice(self.numbers())
    }

    /// The rows. `S` must be the instruction set that they were made for.
    #[inline(always)]
    pub fn rows_mut<S: Simd>(&mut self) -> &mut [Row<S>] {
        pulp::bytemuck::cast_slice_mut(self.numbers_mut())
    }
}
