//! Stages: what each of them depends on, and so under which key it is stored; and how many are worked on at once.

mod groups;
pub mod identity;

pub use groups::in_groups;
