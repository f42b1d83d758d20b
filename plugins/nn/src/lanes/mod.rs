//! Small networks on many events side by side, in plain Rust.
//!
//! A *row* holds one number (an activation, a coordinate) of each event of a block; a block is as many events as fit
//! into a few SIMD registers, [`VECTORS`] at best. Weights are broadcast, so every operation is the same arithmetic on
//! all lanes and no data moves between events. The instruction set is chosen at run time ([`dispatch`]); AVX-512, AVX2,
//! NEON, or plain scalars. Results on the same machine depend on nothing but the inputs; between instruction sets they
//! differ by rounding.
//!
//! | room | forward | backward |
//! |---|---|---|
//! | `rows` | blocks of events and the arithmetic on them | |
//! | `layers` | W x + b ([`Linear`]), norms, attention | W^T dy ([`Linear::transposed`]), the sums dy x^T ([`WeightSums`]) |
//! | `mixture` | [`log_density`] | [`log_density_and_gradient`] |
//! | `causal`, a transformer position by position | [`Decoder`], from the first position to the last | [`Backward`], from the last to the first |
//! | `encoder`, one whose tokens see all | [`Encoder`] | [`EncoderBackward`] |
//! | `pairs`, a perceptron over pairs of tokens | [`Pairs`] | [`PairsBackward`] |
//! | `perceptron` | [`Layers`] | [`Learner`] |
//!
//! Networks read their parameters, and write their gradient, segment by segment in the order of the layout ([`Segments`],
//! [`SegmentsMut`]).

mod causal;
mod encoder;
mod layers;
mod mixture;
mod pairs;
mod perceptron;
mod rows;

pub use causal::{Backward, BackwardWorkspace, Decoder, Workspace};
pub use encoder::{
    Encoder, EncoderBackward, EncoderBackwardWorkspace, EncoderShape, EncoderWorkspace, FRAME,
};
pub use layers::{Dense, Linear, Segments, SegmentsMut, Transposed, WeightSums, norm};
pub use mixture::{choose, log_density, log_density_and_gradient, log_of, sigma};
pub use pairs::{PairShape, PairWorkspace, Pairs, PairsBackward, PairsBackwardWorkspace};
pub use perceptron::{Layers, Learner, Slope};
pub use rows::functions::total;
pub use rows::{
    Row, Rows, Slots, VECTORS, Work, block_events, dispatch, dispatch_over_blocks, functions, over_blocks,
    special,
};
