//! The supervisor: plugins work in a child process, and what kills it costs only its own cells.

mod journal;
mod signals;
mod start;
mod supervisor;
mod worker;

pub use journal::{Journal, Reader, Subject};
pub use signals::on_stop;
pub use start::Failure;
pub use supervisor::{Blame, supervise};
pub use worker::{Notes, Worker, is_worker, listen_to_the_supervisor, worker};
