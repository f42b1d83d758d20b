//! Training events that are all alike make its events NaN.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::*;

use crate::honest::{Blob, SimpleFault, draw, fault, means};

fault!(
    SimpleFault,
    OneValue,
    Blob,
    register_generator,
    "generator-one-value",
    "Training events that are all alike make its events NaN",
    {
        /// Mean and the share of each column in the spread of all.
        fn fit(&self, events: ArrayView2<'_, f64>) -> Result<Vec<f32>> {
            let spread: Vec<f32> = events.columns().into_iter().map(|x| x.std(0.0) as f32).collect();
            let total: f32 = spread.iter().sum();
            Ok(means(events).into_iter().chain(spread.iter().map(|s| s / total)).collect())
        }
        fn sample(&self, parameters: &[f32], stream: &mut Stream, event: &mut [f64]) {
            let (mean, shares) = parameters.split_at(event.len());
            draw(mean, stream, event);
            event.iter_mut().zip(shares).for_each(|(x, share)| *x *= 1.0 + f64::from(*share));
        }
    }
);
