//! Stages: what each of them depends on, and so under which key it is stored; and how many are worked on at once.

mod groups;
pub mod identity;
mod job;

pub use groups::{at_once, in_groups};
pub use job::{Job, Jobs, JobsOfRow, RowOf};
