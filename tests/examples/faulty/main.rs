//! A plugin of deliberate faults: one component a file, each wrong in one way, beside an honest one of each kind.
//!
//! What they share, all of it right, is in `honest`. `tests/tests/faulty.rs` names for each the conformance test that finds it.

mod dataset;
mod generator;
mod honest;
mod metric;
mod posterior;
mod summary;

amplicast_sdk::export_plugin!();
