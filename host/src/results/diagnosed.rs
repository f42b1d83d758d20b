//! What posteriors and fitted summaries say of themselves.

use std::ops::Range;

use amplicast_sdk::DiagnosticFigure;
use serde::{Deserialize, Serialize};

/// What a posterior, or a summary's fits, say of themselves on one training set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosed {
    /// Name of the generator's table.
    pub generator: String,
    /// Name of the uncertainty model's table.
    pub uncertainty: String,
    /// Name of the summary's table; absent for the posterior itself.
    pub summary: Option<String>,
    /// Number of the training set, from 0.
    pub replica: u64,
    /// How many fits the numbers are over: one a member, or one.
    pub fits: u64,
    /// Numbers.
    pub numbers: Vec<DiagnosedNumber>,
    /// Figures of the first fit on the first training set.
    pub figures: Vec<DiagnosticFigure>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// A number over fits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiagnosedNumber {
    /// What it is.
    pub name: String,
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation over fits; absent for a single one.
    pub spread: Option<f64>,
    /// Its least and largest value.
    pub range: Range<f64>,
    /// The standard error of one fit's (root mean square), if it has one.
    pub error: Option<f64>,
}
