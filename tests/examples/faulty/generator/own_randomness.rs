//! Draws events from a random source of its own.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use crate::honest::{GaussianFault, Network, fault, never_the_same};

fault!(
    GaussianFault,
    OwnRandomness,
    Network,
    register_generator,
    "generator-own-randomness",
    "Draws events from a random source of its own",
    {
        fn sample(&self, mean: &[f32], _: &mut Stream, mut out: ArrayViewMut2<'_, f64>) {
            out.rows_mut().into_iter().for_each(|mut row| {
                row.iter_mut()
                    .zip(mean)
                    .for_each(|(x, m)| *x = f64::from(*m) + (1.7 * never_the_same()).sin());
            });
        }
    }
);
