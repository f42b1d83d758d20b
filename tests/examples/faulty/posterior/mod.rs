//! Posteriors with a fault each.

mod all_rows;
mod chain_only;
mod first_chain;
mod first_rows;
mod fixed_seed;
mod honest;
mod member_twice;
mod narrow;
mod no_rows;
mod one_row;
mod other_rows;
mod pairs;
