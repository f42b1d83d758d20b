//! The supervisor: plugins work in a child process, and what kills it costs only its own cells.

mod journal;
mod supervisor;

pub use journal::Journal;
pub use supervisor::{Failure, Worker, is_worker, supervise, worker};
