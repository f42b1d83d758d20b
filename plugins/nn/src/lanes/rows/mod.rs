//! Numbers of many events side by side: in registers, in memory, and arithmetic on them.

mod block;
pub mod functions;
mod memory;
pub mod special;
mod square;

pub use block::{Row, VECTORS, Work, block_events, dispatch, dispatch_over_blocks, over_blocks};
pub use memory::{Rows, Slots, rows_of, rows_of_mut};
pub use square::{SIDE, Square, transpose};
