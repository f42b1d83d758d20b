//! Where events come from: true ones of a training set, and streams of them.

mod stream;
mod training_set;
mod true_events;

pub use stream::{Beside, Stream};
pub use training_set::training_set;
pub use true_events::{Counting, TrueEvents};
