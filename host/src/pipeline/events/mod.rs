//! Where events come from: true ones of a training set, and streams of them.

mod stream;
mod true_events;

pub use stream::Stream;
pub use true_events::TrueEvents;
