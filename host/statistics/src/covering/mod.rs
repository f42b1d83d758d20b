//! A G that covers: the bias of a generator, measured by its own training events.
//!
//! The spread of members is a variance; it does not know of a bias. The training events do, once the covariance between what a
//! generator says and the events that it was fitted to is taken off (Mallows 1973; Efron 2004). Fits to known parts of the events
//! give that covariance. The page "A G that covers" of the book has the derivation.
//!
//! Everything is done in x = 1 / G, in which errors add: x = v + beta, with v the variance of the generated integrals over training
//! sets and beta their squared bias, in units of the error of the training events themselves.

mod demonstration;
mod fits;
mod interval;
mod layout;
mod left_out;
mod matrix;
mod mean_square;
mod measure;
mod noncentral;
mod pairs;
mod parts;
mod subsets;
#[cfg(test)]
mod testing;
mod verdict;

pub use demonstration::{Hotelling, Improved, Predicted, Validated};
pub use fits::{Fits, Part, Sample};
pub use interval::{BIAS_SEEN, Intervals, Parts};
pub use layout::{LEAST_PARTS, Layout, Shape, distinct};
pub use matrix::Symmetric;
pub use mean_square::Variance;
pub use verdict::{Covering, Kind};

/// The quantile of the standard normal law.
fn normal_quantile(p: f64) -> f64 {
    use statrs::distribution::{ContinuousCDF, Normal};
    Normal::standard().inverse_cdf(p)
}
