//! Tests of the whole generator.

mod conditional;
mod config;
mod density;
mod events;
mod gradients;
mod momenta;
mod sampling;
mod training;

use amplicast_nn::lanes;
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{Batch, Chunk, Component, Origin, Schema, Seed};

use crate::{Autoregressive, AutoregressiveConfig, AutoregressiveModel, CoordinateSystem, Loss};
use events::{momenta, ring, schema};

/// The model of a configuration, prepared on these events.
pub fn prepare(config: AutoregressiveConfig, events: &Array2<f64>, schema: &Schema) -> AutoregressiveModel {
    let rows: Vec<u64> = (0..events.nrows() as u64).collect();
    let batch = Batch::new(events.view(), Origin::Training, &rows);
    let step = Box::new(|loss: Loss<'_>| Ok(lanes::dispatch(loss)));
    Autoregressive::new(config).unwrap().model(&batch, schema, step).unwrap()
}

/// The default model on a ring of 1000 events.
pub fn ring_model(dimension: usize) -> AutoregressiveModel {
    prepare(AutoregressiveConfig::default(), &ring(1000, dimension, Seed::new(1)), &schema(dimension))
}

pub fn chunk(seed: u64) -> Chunk {
    Chunk { index: 0, first_event: 0, seed: Seed::new(seed) }
}

/// The model of four-momenta.
pub fn momenta_model(particles: usize) -> AutoregressiveModel {
    let config =
        AutoregressiveConfig { coordinates: CoordinateSystem::LogPtPhiEtaLogM2, ..Default::default() };
    let schema = Schema::four_momenta((0..particles).map(|i| format!("p{i}")));
    prepare(config, &momenta(500, particles, Seed::new(1)), &schema)
}
