//! Datasets with a fault each.

mod chunk_length;
mod column_unwritten;
mod groups_again;
mod honest;
mod late_chunks;
mod nan_rare;
mod outliers;
mod overlapping_rows;
mod quantile_one_percent;
mod quantile_other;
mod quantile_tail;
mod weights_of_others;
