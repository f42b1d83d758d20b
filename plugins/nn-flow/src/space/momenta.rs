//! Events of four-momenta, and the base distribution of the published top-pair networks.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::{LazyLock, Mutex};

use amplicast_nn::{Coordinates, LogPtPhiEtaLogM2, OFFSET, UNIT_GEV};
use amplicast_sdk::momenta::{direction, distance, transverse_momentum};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Result, Seed, Stream, ensure_config};
use ndarray::ArrayView2;

use super::base::Space;
use super::kinematics::Kinematics;

/// Proposals from which the acceptance is estimated: it is known to 0.2 % for 6 particles, to 0.5 % for 10.
const PROPOSALS: u64 = 1 << 18;

/// Cuts of events of four-momenta.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cuts {
    /// Smallest transverse momentum of a particle in GeV.
    pub pt_min: f64,
    /// Smallest distance of two particles in the plane of eta and phi.
    pub delta_r_min: f64,
}

impl Cuts {
    pub fn check(self) -> Result<Self> {
        for (name, value) in [("pt_min", self.pt_min), ("delta_r_min", self.delta_r_min)] {
            ensure_config(value >= 0.0 && value.is_finite(), name, || {
                format!("expected a finite number, 0 or more, found {value}")
            })?;
        }
        Ok(self)
    }
}

/// log pT, phi, eta and log m^2 of each particle ([`LogPtPhiEtaLogM2`]).
///
/// In the base px, py, pz and log m^2 are standard normal, in units of 206.6 GeV, and events that fail a cut on pT or on
/// the distance of two particles are drawn again. It is therefore no normal distribution in the coordinates.
pub(crate) struct Momenta {
    coordinates: LogPtPhiEtaLogM2,
    particles: usize,
    cuts: Cuts,
    log_acceptance: f64,
}

impl Momenta {
    /// Fitted to training events (n x 4 particles, in GeV); refuses events outside of the domain.
    pub fn fit(training: ArrayView2<'_, f64>, particles: &[String], cuts: Cuts) -> Result<Self> {
        let coordinates = LogPtPhiEtaLogM2::fit(training, particles, cuts.pt_min)?;
        Ok(Momenta {
            coordinates,
            particles: particles.len(),
            cuts,
            log_acceptance: acceptance(particles.len(), cuts).ln(),
        })
    }

    /// Momenta at these coordinates and back, for networks.
    pub fn kinematics(&self) -> Kinematics {
        Kinematics::new(&self.coordinates)
    }
}

/// A proposal: (E, px, py, pz) of each particle in GeV.
fn propose(stream: &mut Stream, event: &mut [f64]) {
    for momentum in event.chunks_exact_mut(4) {
        let [px, py, pz, log_m2]: [f64; 4] = std::array::from_fn(|_| StandardNormal.sample(stream));
        let energy = (px * px + py * py + pz * pz + log_m2.exp() - OFFSET).sqrt();
        momentum.copy_from_slice(&[energy, px, py, pz].map(|p| p * UNIT_GEV));
    }
}

/// Whether a proposal passes the cuts. Most fail, so that the cheap one comes first.
fn passes(event: &[f64], cuts: Cuts) -> bool {
    let (momenta, _) = event.as_chunks::<4>();
    if !momenta.iter().all(|p| transverse_momentum(*p) > cuts.pt_min) {
        return false;
    }
    let directions: Vec<[f64; 2]> = momenta.iter().map(|p| direction(*p)).collect();
    let apart = |(i, a)| directions[..i].iter().all(|b| distance(a, *b) > cuts.delta_r_min);
    directions.iter().copied().enumerate().all(apart)
}

/// The part of the proposals that passes, estimated once in a process for each number of particles and cuts.
fn acceptance(particles: usize, cuts: Cuts) -> f64 {
    type Key = (usize, u64, u64);
    static KNOWN: LazyLock<Mutex<BTreeMap<Key, f64>>> = LazyLock::new(Mutex::default);
    let key = (particles, cuts.pt_min.to_bits(), cuts.delta_r_min.to_bits());
    let mut known = KNOWN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    *known.entry(key).or_insert_with(|| {
        let mut stream = Seed::new(particles as u64).split("acceptance").stream();
        let mut event = vec![0.0; 4 * particles];
        let passed = (0..PROPOSALS).filter(|_| {
            propose(&mut stream, &mut event);
            passes(&event, cuts)
        });
        passed.count() as f64 / PROPOSALS as f64
    })
}

impl Space for Momenta {
    fn shape(&self) -> [usize; 2] {
        [self.particles, 4]
    }

    fn angles(&self) -> &'static [bool] {
        &[false, true, false, false]
    }

    fn coordinates(&self) -> &dyn Coordinates {
        &self.coordinates
    }

    fn draw(&self, stream: &mut Stream, x: &mut [f64]) {
        let mut event = vec![0.0; x.len()];
        loop {
            propose(stream, &mut event);
            // Beyond |eta| = 5 there is less than a millionth of the events.
            if passes(&event, self.cuts) && self.coordinates.forward(&event, x).is_some() {
                return;
            }
        }
    }

    fn base_log_density(&self, x: &[f64]) -> f64 {
        let mut event = vec![0.0; x.len()];
        let log_jacobian = self.coordinates.inverse(x, &mut event);
        if !passes(&event, self.cuts) {
            return f64::NEG_INFINITY;
        }
        let particle = |momentum: &[f64]| {
            let [energy, px, py, pz] = [0, 1, 2, 3].map(|i| momentum[i] / UNIT_GEV);
            let m2 = energy * energy - px * px - py * py - pz * pz + OFFSET;
            let square = px * px + py * py + pz * pz + m2.ln().powi(2);
            // Normal in (px, py, pz, log m^2), and their derivative by (E, px, py, pz) in GeV.
            -0.5 * square - 2.0 * TAU.ln() + (2.0 * energy / m2).ln() - 4.0 * UNIT_GEV.ln()
        };
        event.chunks_exact(4).map(particle).sum::<f64>() - self.log_acceptance - log_jacobian
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::Array2;

    use super::*;

    const CUTS: Cuts = Cuts { pt_min: 22.0, delta_r_min: 0.5 };

    /// The published code's acceptance, from 4 x 10^5 proposals.
    #[test]
    fn the_acceptance_is_the_published_one() {
        for (particles, expected) in [(6, 0.512), (8, 0.291), (10, 0.139)] {
            let found = acceptance(particles, CUTS);
            let error = (expected * (1.0 - expected) / 262_144.0_f64).sqrt();
            // Ours, the published one's own, and its three digits.
            assert!(
                (found - expected).abs() < 4.0 * error + 5e-4,
                "{particles}: {found}, expected {expected}"
            );
        }
    }

    /// Mean over x uniform in a box of the density, against the part of the draws in this box.
    #[test]
    fn draws_follow_the_density() {
        let mut stream = Seed::new(3).stream();
        let mut training = Array2::zeros((1000, 4));
        for mut row in training.rows_mut() {
            let mut event = [0.0; 4];
            while !passes(&event, CUTS) {
                propose(&mut stream, &mut event);
            }
            row.assign(&ndarray::arr1(&event));
        }
        let space = Momenta::fit(training.view(), &["a".to_owned()], CUTS).unwrap();
        let (low, high) = ([-0.5, -1.0, -0.5, -1.0], [1.0, 1.5, 1.0, 0.8]);
        let mut x = [0.0; 4];
        let n = 200_000;
        let (mut inside, mut integral) = (0.0, 0.0);
        for _ in 0..n {
            space.draw(&mut stream, &mut x);
            let all = (0..4).all(|k| low[k] < x[k] && x[k] < high[k]);
            inside += f64::from(u8::from(all)) / f64::from(n);
            let mut volume = 1.0;
            for k in 0..4 {
                use amplicast_sdk::rand::RngExt;
                x[k] = low[k] + (high[k] - low[k]) * stream.random::<f64>();
                volume *= high[k] - low[k];
            }
            integral += volume * space.base_log_density(&x).exp() / f64::from(n);
        }
        // A tenth of the draws is inside; the density varies by less than its mean in the box.
        let error = (inside / f64::from(n)).sqrt() * 2_f64.sqrt();
        assert!(inside > 0.05 && (integral - inside).abs() < 4.0 * error, "{integral} {inside} +- {error}");
    }
}
