//! The host of amplicast: reads an experiment, loads plugins, trains, samples, compares, and states the amplification
//! factor with an interval.
//!
//! It depends on the SDK and on its own statistics alone, and never links libtorch. The binary `amplicast` is a thin shell around [`cli::main`].
//!
//! What a run found can be read back:
//!
//! ```
//! let text = r#"{"experiment": "ring", "n_train": 1000, "n_gen": 100, "members": 2, "replicas": 1, "validation": null,
//!                "cells": [], "distributions": [], "diagnostics": [], "warnings": []}"#;
//! let results = amplicast::results::Results::read(text.as_bytes()).unwrap();
//! assert_eq!(results.n_train, 1000);
//! ```

// First, so that its macros stand in for those of the standard library everywhere.
#[macro_use]
mod terminal;
mod workflow;

pub mod calibration;
pub mod cli;
pub mod config;
pub mod estimate;
mod event_files;
pub mod exit;
pub mod exports;
mod format;
mod kit;
mod levels;
pub mod pipeline;
pub mod plugins;
pub mod progress;
pub mod report;
pub mod results;
mod root;
pub mod session;
pub mod store;
pub mod supervise;

use amplicast_sdk::moments;
use amplicast_statistics::{covering, directions, inspection};
