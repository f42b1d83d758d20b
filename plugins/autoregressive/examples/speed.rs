//! Speed of the autoregressive generator on one core: `cargo run -p amplicast-autoregressive --example speed`.
//!
//! The default network on a ring in two and four dimensions and on six four-momenta, 1000 events each: events sampled and
//! log densities per second, milliseconds per gradient of a batch of 200. First deciles over repetitions.

use std::time::Instant;

use amplicast_autoregressive::{Autoregressive, AutoregressiveConfig, CoordinateSystem};
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{
    Alone, Batch, Chunk, Component, Generator, Origin, Result, Schema, Seed, TrainingSettings,
};

const EVENTS: usize = 1 << 13;

fn main() -> Result<()> {
    println!("            sampling     with density  log density   batch 200");
    for dimension in [2, 4] {
        let schema = Schema::columns((0..dimension).map(|i| format!("x{i}")));
        let events = ring(1000, dimension, Seed::new(1));
        measure(&format!("ring, {dimension}D"), AutoregressiveConfig::default(), &schema, &events)?;
    }
    let momenta =
        AutoregressiveConfig { coordinates: CoordinateSystem::LogPtPhiEtaLogM2, ..Default::default() };
    let schema = Schema::four_momenta((0..6).map(|i| format!("p{i}")));
    measure("6 momenta", momenta, &schema, &four_momenta(1000, 6, Seed::new(1)))
}

fn measure(name: &str, config: AutoregressiveConfig, schema: &Schema, events: &Array2<f64>) -> Result<()> {
    let dimension = events.ncols();
    let rows: Vec<u64> = (0..1000).collect();
    let batch = Batch::new(events.view(), Origin::Training, &rows);
    let model = Autoregressive::new(config)?.prepare(&batch, schema)?;
    let settings = TrainingSettings { iterations: 100, ..Default::default() };
    let theta = model.fit(&rows, &settings, Seed::new(2), &Alone)?;
    let member = model.at(&theta)?;

    let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(3) };
    let mut out = Array2::zeros((EVENTS, dimension));
    let mut density = vec![0.0; EVENTS];
    let sampling = EVENTS as f64 / decile(20, || member.sample(chunk, out.view_mut()))?;
    let both =
        EVENTS as f64 / decile(20, || member.sample_with_log_density(chunk, out.view_mut(), &mut density))?;
    let log_density =
        EVENTS as f64 / decile(20, || member.log_density(out.view(), Seed::new(4), &mut density))?;

    let gradients = model.gradients().expect("it has gradients");
    let mut gradient = vec![0.0; theta.len()];
    let step =
        decile(200, || gradients.loss_and_gradient(&theta, &rows[..200], None, Seed::new(5), &mut gradient))?;
    println!("{name:9}  {sampling:9.0}/s  {both:9.0}/s  {log_density:9.0}/s  {:6.2} ms", 1e3 * step);
    Ok(())
}

/// The duration of a call in seconds: the first decile, as other work on the machine only ever adds to it.
fn decile<T>(repetitions: usize, mut call: impl FnMut() -> Result<T>) -> Result<f64> {
    let mut seconds = Vec::new();
    for _ in 0..repetitions {
        let start = Instant::now();
        call()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[repetitions / 10])
}

/// Directions uniform, radii from N(1, 0.1).
fn ring(n: usize, dimension: usize, seed: Seed) -> Array2<f64> {
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

/// Particles of mass 5 to 20 GeV with falling transverse momenta, independent of each other.
fn four_momenta(n: usize, particles: usize, seed: Seed) -> Array2<f64> {
    let mut stream = seed.stream();
    let mut events = Array2::zeros((n, 4 * particles));
    for mut momentum in events.exact_chunks_mut((1, 4)) {
        let mut uniform = || stream.random::<f64>();
        let pt = 22.0 - 40.0 * (1.0 - uniform()).ln();
        let phi = std::f64::consts::PI * (2.0 * uniform() - 1.0);
        let eta = 4.0 * (uniform() - 0.5);
        let mass = 5.0 + 15.0 * uniform();
        let values = [mass.hypot(pt * f64::cosh(eta)), pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()];
        momentum.iter_mut().zip(values).for_each(|(number, value)| *number = value);
    }
    events
}
