//! Posteriors with a fault each.

mod honest;
mod one_row;
