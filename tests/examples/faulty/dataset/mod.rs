//! Datasets with a fault each.

mod column_unwritten;
mod honest;
mod nan_rare;
