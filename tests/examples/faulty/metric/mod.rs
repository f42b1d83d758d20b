//! Metrics with a fault each.

mod honest;
mod keeps_memory;
mod keeps_state;
mod merge_averages;
mod merge_empty;
mod merge_forgets;
mod merge_unchecked;
mod null_double;
mod null_hundred;
mod null_reference;
mod update_order;
