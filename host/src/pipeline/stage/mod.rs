//! Stages: what each of them depends on, and so under which key it is stored.

pub mod identity;
