//! Tests of the whole generator.

mod config;
mod density;
mod gradients;
mod momenta;
mod oracle;
mod sampling;
mod training;

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Batch, Chunk, Component, Origin, Schema, Seed};

use crate::{Autoregressive, AutoregressiveConfig, AutoregressiveModel};

/// Directions uniform, radii from N(1, 0.1) (Eq. 5).
pub fn ring(n: usize, dimension: usize, seed: Seed) -> Array2<f64> {
    let mut stream = seed.stream();
    let mut events = Array2::zeros((n, dimension));
    for mut event in events.rows_mut() {
        event.mapv_inplace(|_: f64| StandardNormal.sample(&mut stream));
        let radius: f64 = StandardNormal.sample(&mut stream);
        let norm = event.iter().map(|x| x * x).sum::<f64>().sqrt();
        event *= (1.0 + 0.1 * radius) / norm;
    }
    events
}

pub fn schema(dimension: usize) -> Schema {
    Schema::columns((0..dimension).map(|i| format!("x{i}")))
}

/// The model of a configuration, prepared on these events.
pub fn prepare(config: AutoregressiveConfig, events: &Array2<f64>, schema: &Schema) -> AutoregressiveModel {
    let rows: Vec<u64> = (0..events.nrows() as u64).collect();
    let batch = Batch::new(events.view(), Origin::Training, &rows);
    Autoregressive::new(config).unwrap().model(&batch, schema).unwrap()
}

/// The default model on a ring of 1000 events.
pub fn ring_model(dimension: usize) -> AutoregressiveModel {
    prepare(AutoregressiveConfig::default(), &ring(1000, dimension, Seed::new(1)), &schema(dimension))
}

pub fn chunk(seed: u64) -> Chunk {
    Chunk { index: 0, first_event: 0, seed: Seed::new(seed) }
}
