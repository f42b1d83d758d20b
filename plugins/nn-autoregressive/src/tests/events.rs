//! Events for tests, here and of the graphs.

use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Schema, Seed};

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

/// Events with falling pT above 22 GeV, back to back in pairs, with masses.
pub fn momenta(n: usize, particles: usize, seed: Seed) -> Array2<f64> {
    let mut stream = seed.stream();
    let mut events = Array2::zeros((n, 4 * particles));
    for mut event in events.rows_mut() {
        let first = std::f64::consts::PI * (2.0 * stream.random::<f64>() - 1.0);
        for particle in 0..particles {
            let normal = |stream: &mut amplicast_sdk::Stream| -> f64 { StandardNormal.sample(stream) };
            let pt = 22.0 - 40.0 * (1.0 - stream.random::<f64>()).ln();
            let phi = first + std::f64::consts::PI * particle as f64 + 0.3 * normal(&mut stream);
            let eta = (1.2 * normal(&mut stream)).clamp(-4.5, 4.5);
            let mass = pt * 0.1 * (0.4 * normal(&mut stream)).exp();
            let p = pt * f64::cosh(eta);
            let momentum = [mass.hypot(p), pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()];
            (0..4).for_each(|i| event[4 * particle + i] = momentum[i]);
        }
    }
    events
}
