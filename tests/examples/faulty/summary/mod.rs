//! Summaries with a fault each.

mod back_to_back;
mod batch_mean;
mod batch_order;
mod beyond_5000;
mod depends_on_origin;
mod hangs;
mod hidden_state;
mod honest;
mod inverse;
mod keeps_numbers;
mod last_number;
mod late_calls;
mod nan_rare;
mod neighbor_tie;
mod no_name;
mod row_number;
mod second_number;
mod ten_tev;
mod three_columns;
mod wrong_label;
mod zero_momentum;
