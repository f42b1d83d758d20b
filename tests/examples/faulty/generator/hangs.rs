//! It hangs when it samples.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault};

fault!(GaussianFault, Hangs, Network, register_generator, "generator-hangs", "It hangs when it samples", {
    fn sample(&self, _: &[f32], _: &mut Stream, _: ArrayViewMut2<'_, f64>) {
        loop {
            std::thread::sleep(std::time::Duration::from_secs(3600));
        }
    }
});
