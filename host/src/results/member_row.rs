//! `results.csv`: every number of every member.

use serde::Serialize;

use super::csv_text::text_cell;

/// One number of one member at one checkpoint: a row of `results.csv`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberRow {
    /// The cell.
    #[serde(serialize_with = "text_cell")]
    pub generator: String,
    /// Its uncertainty model.
    #[serde(serialize_with = "text_cell")]
    pub uncertainty: String,
    /// Its summary.
    #[serde(serialize_with = "text_cell")]
    pub summary: String,
    /// Its selection.
    #[serde(serialize_with = "text_cell")]
    pub selection: String,
    /// Its metric.
    #[serde(serialize_with = "text_cell")]
    pub metric: String,
    /// Its reference.
    #[serde(serialize_with = "text_cell")]
    pub reference: String,
    /// The training set, from 0.
    pub replica: u64,
    /// The member, from 0.
    pub member: usize,
    /// Generated events.
    pub n_gen: u64,
    /// Of these, events that pass the selection.
    pub n_passed: u64,
    /// What the value is: a region's name, or `distance`.
    #[serde(serialize_with = "text_cell")]
    pub quantity: String,
    /// The value: events in the region, or the distance.
    pub value: f64,
}
