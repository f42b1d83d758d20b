//! The experiment file: reading it, overriding it, and pointing at what is wrong in it.

mod check;
mod experiment;
mod read;
mod source;

pub use experiment::{
    ComponentTable, Cut, Experiment, Names, Pair, ReferenceName, Selection, Selector, Sizes,
};
pub use source::{ConfigError, Source, nearest, not_yet};
