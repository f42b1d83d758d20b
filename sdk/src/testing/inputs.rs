//! Small training sets for the tests.

use ndarray::Array2;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::{Batch, Chunk, Origin, Schema, Seed, Stream, TrainingSettings};

/// Events of a training set.
pub const EVENTS: usize = 256;

/// Numbers of events, or of rows, for which something may be special: tiny, odd, prime.
pub const ODD_NUMBERS: [usize; 5] = [1, 2, 3, 7, 101];

/// Events with their columns.
pub struct Events {
    pub schema: Schema,
    pub values: Array2<f64>,
    pub rows: Vec<u64>,
    /// Numbers in the place of log densities, for summaries that ask for them.
    pub log_density: [Vec<f64>; 2],
    /// The gradient of the second of them.
    pub true_gradient: Vec<f64>,
}

impl Events {
    /// These events.
    pub fn new(schema: Schema, values: Array2<f64>) -> Self {
        let rows = (0..values.nrows() as u64).collect();
        let density =
            |scale: f64| values.rows().into_iter().map(|event| -0.5 * scale * event.dot(&event)).collect();
        let log_density = [density(1.0), density(0.9)];
        let true_gradient = values.iter().map(|x| -0.9 * x).collect();
        Events { schema, values, rows, log_density, true_gradient }
    }

    /// `n` events like these, of another seed.
    pub fn more(&self, seed: Seed, n: usize) -> Self {
        match self.schema.particles().len() {
            0 => columns(seed, self.schema.dimension(), n),
            particles => momenta(seed, particles, n),
        }
    }

    /// All events as a batch.
    pub fn batch(&self) -> Batch<'_> {
        Batch {
            log_density: Some(&self.log_density[0]),
            true_log_density: Some(&self.log_density[1]),
            true_gradient: Some(&self.true_gradient),
            ..Batch::new(self.values.view(), Origin::Training, &self.rows)
        }
    }

    /// What the events are, for messages.
    pub fn title(&self) -> String {
        match self.schema.particles().len() {
            0 => format!("{} plain column(s)", self.schema.dimension()),
            n => format!("four-momenta of {n} particle(s)"),
        }
    }
}

/// Training sets of plain columns and of four-momenta, the usual ones first.
pub fn all(seed: Seed) -> impl Iterator<Item = Events> {
    plain(seed).chain(particles(seed))
}

/// Training sets of plain columns.
pub fn plain(seed: Seed) -> impl Iterator<Item = Events> {
    [2, 1, 3, 4, 5, 6, 7, 8, 12, 16].into_iter().map(move |d| columns(seed, d, EVENTS))
}

/// Training sets of four-momenta.
pub fn particles(seed: Seed) -> impl Iterator<Item = Events> {
    [6, 2, 1, 3, 4, 5, 7, 8].into_iter().map(move |p| momenta(seed, p, EVENTS))
}

fn normal(stream: &mut Stream) -> f64 {
    StandardNormal.sample(stream)
}

/// `n` events of plain columns: a normal number, a ring, or normal numbers of different means and widths.
pub fn columns(seed: Seed, dimension: usize, n: usize) -> Events {
    let mut stream = seed.split("columns").index(dimension as u64).stream();
    let mut values = Array2::zeros((n, dimension));
    for mut event in values.rows_mut() {
        event.iter_mut().for_each(|x| *x = normal(&mut stream));
        if dimension == 2 {
            let radius = 1.0 + 0.1 * normal(&mut stream);
            let norm = event.iter().map(|x| x * x).sum::<f64>().sqrt();
            event.iter_mut().for_each(|x| *x *= radius / norm);
        } else {
            event.iter_mut().enumerate().for_each(|(k, x)| *x = 0.3 + (1.0 + 0.1 * k as f64) * *x);
        }
    }
    Events::new(Schema::columns((1..=dimension).map(|k| format!("x{k}"))), values)
}

/// `n` events of four-momenta in GeV: E > |p|, transverse momenta above 25 GeV, |eta| below 4.
pub fn momenta(seed: Seed, particles: usize, n: usize) -> Events {
    let mut stream = seed.split("momenta").index(particles as u64).stream();
    let mut values = Array2::zeros((n, 4 * particles));
    for mut event in values.rows_mut() {
        for k in 0..particles {
            let transverse = 25.5 + 40.0 * (0.5 * normal(&mut stream)).exp();
            let phi = std::f64::consts::PI * (2.0 * stream.random::<f64>() - 1.0);
            let eta = 3.5 * (0.5 * normal(&mut stream)).tanh();
            let mass = (k + 1) as f64 * (0.3 * normal(&mut stream)).exp();
            let [x, y, z] = [transverse * phi.cos(), transverse * phi.sin(), transverse * eta.sinh()];
            let energy = (mass * mass + x * x + y * y + z * z).sqrt();
            [energy, x, y, z].into_iter().enumerate().for_each(|(c, value)| event[4 * k + c] = value);
        }
    }
    Events::new(Schema::four_momenta((0..particles).map(|k| format!("p{k}"))), values)
}

/// Standard normal numbers around `mean`.
pub fn normals(seed: Seed, n: usize, mean: f64) -> Vec<f64> {
    let mut stream = seed.stream();
    (0..n).map(|_| mean + normal(&mut stream)).collect()
}

/// A training of a few steps.
pub fn settings() -> TrainingSettings {
    TrainingSettings {
        iterations: 5,
        batch: 64,
        learning_rate: 1e-3,
        warmup: 1,
        ..TrainingSettings::default()
    }
}

/// Events in each chunk of a test.
pub const CHUNK: usize = 100;

/// Chunk number `index` of a stream.
pub fn chunk(seed: Seed, index: u64) -> Chunk {
    Chunk { index, first_event: index * CHUNK as u64, seed: seed.index(index) }
}
