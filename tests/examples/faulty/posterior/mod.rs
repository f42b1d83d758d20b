//! Posteriors with a fault each.

mod all_rows;
mod chain_only;
mod first_chain;
mod first_rows;
mod fixed_seed;
mod honest;
mod member_twice;
mod narrow;
mod one_row;
mod pairs;
