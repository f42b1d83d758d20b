//! The normal distribution's cumulative probability and quantile, and the columns of a sampler.

use amplicast_sdk::{Result, Schema, ensure_config};
use statrs::function::erf::{erfc, erfc_inv};

/// ln(sqrt(2 pi)).
pub const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// The probability that a standard normal number is below `z`.
pub fn probability_below(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// The standard normal number that is exceeded with this probability; precise for small ones.
pub fn exceeded_with(probability: f64) -> f64 {
    std::f64::consts::SQRT_2 * erfc_inv(2.0 * probability)
}

/// Most columns of a sampler.
const MOST_COLUMNS: usize = 1_000_000;

/// An error unless a sampler of so many columns has room in memory.
pub fn ensure_columns(dimension: usize) -> Result<()> {
    ensure_config(dimension <= MOST_COLUMNS, "dimension", || {
        let gigabytes = 8e-9 * dimension as f64;
        format!(
            "expected at most {MOST_COLUMNS}, found {dimension}: a single event would need {gigabytes:.1} GB"
        )
    })
}

/// Columns `x1` ... `xd`.
pub fn numbered_columns(dimension: usize) -> Schema {
    Schema::columns((1..=dimension).map(|i| format!("x{i}")))
}
