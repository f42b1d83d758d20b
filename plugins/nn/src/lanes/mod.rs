//! Small networks on many events side by side, in plain Rust.
//!
//! A *row* holds one number (an activation, a coordinate) of each event of a block; a block is as many events as fit
//! into a few SIMD registers, [`VECTORS`] at best. Weights are broadcast, so every operation is the same arithmetic on
//! all lanes and no data moves between events. The instruction set is chosen at run time ([`dispatch`]); AVX-512, AVX2,
//! NEON, or plain scalars. Results on the same machine depend on nothing but the inputs; between instruction sets they
//! differ by rounding.
//!
//! | module | forward | backward |
//! |---|---|---|
//! | `linear` | W x + b | W^T dy; the sums dy x^T in `weight_sums` |
//! | `norm`, `attention` | leave beside the results what the backward pass needs | |
//! | `mixture` | [`log_density`] | [`log_density_and_gradient`] |
//! | the whole network | [`Decoder`], from the first position to the last | [`Backward`], from the last to the first |
//! | a network whose tokens see all | [`Encoder`] | [`EncoderBackward`] |
//! | its vectors, from frame to frame | `frames` | |
//! | a perceptron over pairs of tokens | [`Pairs`] | [`PairsBackward`] |
//! | a perceptron | [`Layers`] | [`Learner`] |

mod attention;

mod decoder;
mod dense;
mod encoder;
mod encoder_gradient;
mod frames;
pub mod functions;
mod gradient;
mod kernel;
mod linear;
mod mixture;
pub mod norm;
mod pairs;
mod pairs_gradient;
mod perceptron;
mod perceptron_gradient;
mod rows;
pub mod special;
mod weight_sums;
mod weights;
mod workspace;

use pulp::{Simd, WithSimd};

pub use decoder::Decoder;
pub use dense::Dense;
pub use encoder::{Encoder, EncoderShape, EncoderWorkspace};
pub use encoder_gradient::{EncoderBackward, EncoderBackwardWorkspace};
pub use frames::FRAME;
pub use functions::total;
pub use gradient::{Backward, BackwardWorkspace};
pub use kernel::sigma;
pub use linear::Linear;
pub use mixture::{choose, log_density, log_density_and_gradient, log_of};
pub use pairs::{PairShape, PairWorkspace, Pairs};
pub use pairs_gradient::{PairsBackward, PairsBackwardWorkspace};
pub use perceptron::Layers;
pub use perceptron_gradient::{Learner, Slope};
pub use rows::{Rows, Slots};
pub use weight_sums::{Transposed, WeightSums};
pub use workspace::{Workspace, padded};

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
