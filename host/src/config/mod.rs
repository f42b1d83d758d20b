//! The experiment file: reading it, overriding it, and pointing at what is wrong in it.

mod check;
mod error;
mod experiment;
mod messages;
mod options;
mod paths;
mod read;
mod renamed;
mod source;
mod trust;
mod words;

pub use error::ConfigError;
pub use experiment::{
    ComponentTable, Cut, Experiment, GivenMembers, Names, Pair, ReferenceName, Selection, Selector, Sizes,
};
pub use messages::{elsewhere, nearest};
pub use options::Options;
pub use paths::{path_from, paths_from, pattern_from, seen_from};
pub use source::Source;
pub use trust::{expect_trusted, programs};
pub use words::{ALL, GIVEN};
