//! The statistics of an amplification factor, apart from where its numbers come from.
//!
//! - [`covering`]: intervals of G that know of a generator's bias, from fits to parts of the training events;
//! - [`inspection`]: what events themselves say, before a number is made of them;
//! - [`directions`]: eigenvectors of covariances.
//!
//! A crate of its own beside the host, so that daily work builds it optimized and the rest of the host quickly.

pub mod covering;
pub mod directions;
pub mod inspection;

use amplicast_sdk::moments;
