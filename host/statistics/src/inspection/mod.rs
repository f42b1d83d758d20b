//! Looking at events before a number is made of them: are generated events copies of training events, are members
//! independent, is the holdout another sample, in which precision are values to be compared?
//!
//! Everything here works on numbers, wherever they come from (a file, a network), in one pass and bounded memory: a
//! [`Glance`] is kept of each member, and the questions are put to the glances. What is found decides over verdicts
//! ([`Findings`]).

mod chance;
mod copies;
mod dependence;
mod effect;
mod findings;
mod given;
mod glance;
mod grid;
mod member;
mod nearer;
mod neighbors;
mod order;
mod overlap;
mod rank;
mod resolution;
mod rounding;
mod rows;
mod sketch;
#[cfg(test)]
mod testing;
mod true_sample;

pub use chance::Numbers;
pub use copies::Copies;
pub use dependence::compared;
pub use findings::{Findings, Footing};
pub use glance::Glance;
pub use grid::copies_on_grid;
pub use nearer::Nearer;
pub use neighbors::{Distances, Neighbors};
pub use order::{Order, Runs};
pub use overlap::Overlap;
pub use rounding::{Grain, Rounding, spaced};
pub use rows::{Known, RowHashes, repeated};
pub use sketch::Sketch;
pub use true_sample::{Holdout, TrueSample, TrueSummary};
