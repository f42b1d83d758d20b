//! Metrics with a fault each.

mod count_16_bits;
mod count_million;
mod first_number;
mod forgets_simulated;
mod fourth_merge;
mod honest;
mod ignores_groups;
mod ignores_weights;
mod keeps_memory;
mod keeps_state;
mod limit_double;
mod merge_averages;
mod merge_empty;
mod merge_forgets;
mod merge_unchecked;
mod no_axis;
mod no_parts;
mod null_double;
mod null_few_events;
mod null_hundred;
mod null_large_reference;
mod null_reference;
mod null_tail;
mod null_ten_percent;
mod null_upper;
mod update_order;
