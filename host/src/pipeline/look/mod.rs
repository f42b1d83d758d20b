//! The look at events before a number is made of them; the questions themselves are in [`crate::inspection`].

mod members;
mod true_sample;

pub use members::inspect;
pub use true_sample::true_sample;
