//! The boundary: how the traits of the contract cross from one shared library to another.
//!
//! For each trait there are two sides. `Abi*` is the stable trait object that crosses (abi_stable), made from an author's
//! implementation by an adapter that catches panics; `Loaded*` is the consumer's side, which implements the safe trait again.
//! Everything unsafe of the SDK is in this module; leaving abi_stable would be a rewrite of this module alone.

// One warning per trait comes from code that `#[sabi_trait]` generates.
#![allow(non_local_definitions, unsafe_code, missing_docs, clippy::type_complexity)]

mod caller;
mod comparison;
mod context;
mod dataset;
mod export;
mod fitted_summary;
mod generator;
mod guard;
mod loaded_summary;
mod member;
mod metric;
mod model;
mod record;
mod summary;
mod tag;
mod types;
mod uncertainty;
mod values;

pub use caller::{Caller, Unwatched, Watch};
pub use dataset::LoadedDataset;
pub use export::{
    AbiComponent, AbiCreate, Kind, MODULE_SYMBOL, PluginModule, PluginModuleRef, Registration, load_module,
    root_module,
};
pub use fitted_summary::LoadedFittedSummary;
pub use generator::LoadedGenerator;
pub use guard::take_drop_errors;
pub use loaded_summary::LoadedSummary;
pub use metric::LoadedMetric;
pub use model::LoadedModel;
pub use record::{RECORDS_SECTION, Record, encode_record, record_length};
pub use summary::LoadedSummaryStatistic;
pub use tag::{ABI_VERSION, TAG_LENGTH, TAG_SECTION, Tag, encode_tag};
pub use types::Res;
pub use uncertainty::LoadedUncertaintyModel;
