//! It keeps all numbers that it ever gave.

use std::sync::{Mutex, PoisonError};

use amplicast_sdk::*;

use crate::honest::{Column, SummaryFault, column, fault};

fault!(
    SummaryFault,
    KeepsNumbers,
    Column,
    register_summary,
    "summary-keeps-numbers",
    "It keeps all numbers that it ever gave",
    {
        fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
            static KEPT: Mutex<Vec<f64>> = Mutex::new(Vec::new());
            KEPT.lock().unwrap_or_else(PoisonError::into_inner).push(column(batch, i));
            column(batch, i)
        }
    }
);
