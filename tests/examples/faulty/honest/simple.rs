//! Independent columns of unit width around the mean of the training events, by the short way.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Result, SimpleGenerator, Stream};

/// What may be wrong in it.
pub trait SimpleFault: Clone + Default + Send + Sync + 'static {
    const NAME: &'static str;
    const ABOUT: &'static str;

    fn fit(&self, events: ArrayView2<'_, f64>) -> Result<Vec<f32>> {
        Ok(means(events))
    }

    fn sample(&self, mean: &[f32], stream: &mut Stream, event: &mut [f64]) {
        draw(mean, stream, event);
    }
}

/// The mean of each column.
pub fn means(events: ArrayView2<'_, f64>) -> Vec<f32> {
    events.columns().into_iter().map(|x| (x.sum() / x.len() as f64) as f32).collect()
}

/// An event around the mean.
pub fn draw(mean: &[f32], stream: &mut Stream, event: &mut [f64]) {
    for (x, mean) in event.iter_mut().zip(mean) {
        let normal: f64 = StandardNormal.sample(stream);
        *x = f64::from(*mean) + normal;
    }
}

#[derive(Clone)]
pub struct Blob<F>(pub F);

super::component!(Blob, SimpleFault);

impl<F: SimpleFault> SimpleGenerator for Blob<F> {
    fn fit(&self, events: ArrayView2<'_, f64>) -> Result<Vec<f32>> {
        self.0.fit(events)
    }

    fn sample(&self, mean: &[f32], stream: &mut Stream, event: &mut [f64]) {
        self.0.sample(mean, stream, event);
    }
}
