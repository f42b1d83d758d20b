//! Networks over SIMD lanes, in plain Rust and single precision, without libtorch: several times faster on a CPU.

mod loss;
mod numbers;
mod scalars;
mod time;

pub(crate) use loss::Loss;
pub(crate) use numbers::{get, put};
pub(crate) use scalars::Scalars;
pub(crate) use time::{TimeLayer, TimeSums};
