//! The contract of amplicast: what a plugin author depends on, and nothing else.
//!
//! An experiment crosses datasets, [`Generator`]s, [`UncertaintyModel`]s, summaries ([`SummaryStatistic`]s and
//! [`FittedSummary`]s) and [`Metric`]s. Each is a component of some plugin: a safe Rust trait over ndarray views,
//! registered with one macro and exported with another. This crate holds the traits, the values that they exchange, the
//! optimizer and the boundary; no engine, no input or output, no libtorch.
//!
//! A whole plugin: a summary that is the first column of an event.
//!
//! ```
//! use amplicast_sdk::*;
//!
//! config! { pub struct NoConfig {} }
//! struct First;
//!
//! impl Component for First {
//!     type Config = NoConfig;
//!     const NAME: &'static str = "first";
//!     const ABOUT: &'static str = "The first column of an event";
//!     fn new(_: NoConfig) -> Result<Self> { Ok(First) }
//! }
//! impl SummaryStatistic for First {
//!     fn label(&self) -> String { "first".into() }
//!     fn prepare(&self, _: &Schema) -> Result<Box<dyn Summary>> { Ok(Box::new(First)) }
//! }
//! impl Summary for First {
//!     fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
//!         out.iter_mut().zip(batch.values.column(0)).for_each(|(y, &x)| *y = x);
//!         Ok(())
//!     }
//! }
//! register_summary!(First);
//! export_plugin!();
//! # fn main() {}
//! ```

pub mod abi;
mod component;
mod conditions;
mod context;
mod dataset;
mod descent;
mod diagnostics;
mod differentiable;
mod error;
mod events;
mod extended;
mod finite;
mod fractions;
mod generator;
mod grouped_fractions;
mod metric;
pub mod momenta;
pub mod moments;
mod optimizer;
mod parameters;
mod paths;
mod seed;
mod simple;
mod summary;
pub mod testing;
mod training;
mod uncertainty;
mod validation;
mod values;
mod weights;

// Re-exported so that a plugin depends on this crate alone, and on the same versions as its host.
pub use {abi_stable, inventory, ndarray, rand, rand_distr, schemars, serde, serde_json};

pub use component::{Component, Config, read_config};
pub use conditions::{Conditioned, given_columns};
pub use context::{Alone, Context};
pub use dataset::{Dataset, Density, Split};
pub use descent::{Step, check_finite, descend};
pub use diagnostics::{DiagnosticCurve, DiagnosticFigure, DiagnosticNumber, Diagnostics};
pub use differentiable::{Differentiable, LossKind};
pub use error::{Error, ErrorKind, Result, ensure_config};
pub use events::{Batch, CHUNK_BYTES, CHUNK_EVENTS, Chunk, Origin, Schema, chunk_events};
pub use extended::Extended;
pub use finite::all_finite;
pub use fractions::WeightedFractions;
pub use generator::{Abilities, Generator, Member, Model};
pub use grouped_fractions::GroupedFractions;
pub use metric::{
    Accumulator, Comparison, Curves, Deviation, Expectations, Limit, Measured, Metric, NullLaw, Reference,
    ReferenceUse, Shown, Takes, expect_length,
};
pub use optimizer::{Adam, Schedule, TrainingSettings, clip_global_norm, sum, sum_of_squares};
pub use parameters::{Layout, Segment};
pub use paths::{InputPath, InputPattern};
pub use seed::{Seed, Stream};
pub use simple::SimpleGenerator;
pub use summary::{
    FitNeeds, Fitted, FittedSummary, PseudoExperiment, PseudoExperiments, Summary, SummaryFit, SummaryNeeds,
    SummaryStatistic, TrainingUse,
};
pub use training::{BatchGradients, Batches, shares};
pub use uncertainty::{Chain, Inference, Members, MembersData, Requirements, UncertaintyModel};
pub use validation::Best;
pub use values::Values;
pub use weights::EventWeights;
