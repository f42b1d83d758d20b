//! The keys of `gaussian-fit`, for the fit and for the regression that it is given conditions.

use amplicast_sdk::config;

/// ln(sqrt(2 pi)).
pub const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

config! {
    /// A Gaussian fitted to the training events.
    pub struct GaussianFitConfig {
        /// Whether the width of each column is fitted too.
        pub fit_width: bool = false,
        /// The known standard deviation of every column; with `fit_width`, where gradient training starts.
        pub width: f64 = 1.0,
        /// Columns, or particles of four-momenta, that are given and not generated: the others are regressed on them.
        pub condition: Vec<String> = Vec::new(),
    }
}
