//! Metrics with a fault each.

mod count_16_bits;
mod count_million;
mod fourth_merge;
mod honest;
mod keeps_memory;
mod keeps_state;
mod limit_double;
mod merge_averages;
mod merge_empty;
mod merge_forgets;
mod merge_unchecked;
mod null_double;
mod null_few_events;
mod null_hundred;
mod null_large_reference;
mod null_reference;
mod null_tail;
mod null_ten_percent;
mod null_upper;
mod update_order;
