//! A perceptron over pairs of a token and what it sees.

mod backward;
mod forward;

pub use backward::{PairsBackward, PairsBackwardWorkspace};
pub use forward::{PairShape, PairWorkspace, Pairs};
