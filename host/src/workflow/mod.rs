//! A run that is done job by job, by whoever runs them: what was asked, what became of each job, and the files of the engine that
//! schedules them.

mod asked;
mod files;
mod ledger;
mod status;

pub use asked::{Asked, MadeWith, ReadFrom, Sizes};
pub use files::write;
pub use ledger::{Ledger, Record};
pub use status::{Status, status};
