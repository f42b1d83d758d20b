//! Golden numbers of the reference implementation, round trips, the Jacobian, and the edges of the domain.

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Seed, Stream};

use super::*;

const EVENT: [f64; 8] = [200.0, 60.0, -45.0, 120.0, 150.0, -30.0, 40.0, -80.0];

fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() < tolerance, "expected {expected:?}, found {found:?}");
    }
}

/// The reference keeps its pT_min in single precision, which moves log pT by up to 1e-8.
#[test]
fn golden_numbers() {
    let mut x = [0.0; 8];
    let plain = LogPtPhiEtaLogM2::unstandardized(2, 22.0);
    let jacobian = plain.forward(&EVENT, &mut x).unwrap();
    close(&x[..4], &[-1.3604536614, -0.6435011088, 1.2489833279, -0.7593109745], 2e-8);
    close(&x[4..], &[-1.9985062610, 2.2142974356, -1.2489833279, -1.1437126572], 2e-8);
    // The reference's momenta are in units of 206.6 GeV.
    close(&[-jacobian - 8.0 * UNIT_GEV.ln()], &[-9.8900169064], 5e-8);
    let scaled = LogPtPhiEtaLogM2::with_moments(vec![[(-1.0, 0.5), (-4.0, 2.0)]; 2], 22.0);
    let scaled_jacobian = scaled.forward(&EVENT, &mut x).unwrap();
    close(&x[..4], &[-0.7209073228, -0.6435011088, 1.2489833279, 1.6203445128], 4e-8);
    // Two particles, standard deviations 1/2 and 2: the factors cancel.
    close(&[scaled_jacobian], &[jacobian], 1e-12);
}

/// A random event inside the domain.
fn random_event(stream: &mut Stream, particles: usize) -> Vec<f64> {
    let event = (0..particles).flat_map(|_| {
        let mut uniform = |low: f64, high: f64| low + (high - low) * stream.random::<f64>();
        let (pt, phi, eta) = (22.1 * uniform(0.0, 4.0).exp(), uniform(-3.1, 3.1), uniform(-3.0, 3.0));
        let mass = pt * uniform(0.05, 0.4);
        let energy = (mass * mass + (pt * eta.cosh()).powi(2)).sqrt();
        [energy, pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()]
    });
    event.collect()
}

#[test]
fn round_trips() {
    let map = LogPtPhiEtaLogM2::with_moments(vec![[(-1.0, 0.5), (-4.0, 2.0)]; 3], 22.0);
    let mut stream = Seed::new(1).stream();
    for _ in 0..200 {
        let event = random_event(&mut stream, 3);
        let (mut x, mut back, mut again) = ([0.0; 12], [0.0; 12], [0.0; 12]);
        let there = map.forward(&event, &mut x).unwrap();
        let here = map.inverse(&x, &mut back);
        for (b, e) in back.iter().zip(&event) {
            assert!((b - e).abs() < 1e-10 * event[0].max(e.abs()), "{event:?} {back:?}");
        }
        map.forward(&back, &mut again).unwrap();
        close(&again, &x, 1e-10);
        close(&[here], &[there], 1e-9);
    }
}

/// The Jacobian of one particle against the determinant of central differences.
#[test]
fn jacobian_is_the_determinant() {
    let map = LogPtPhiEtaLogM2::with_moments(vec![[(-1.0, 0.5), (-4.0, 1.7)]], 22.0);
    let mut stream = Seed::new(2).stream();
    for _ in 0..20 {
        let event = random_event(&mut stream, 1);
        let mut x = [0.0; 4];
        let expected = map.forward(&event, &mut x).unwrap();
        let m2 = event[0].powi(2) - event[1..].iter().map(|p| p * p).sum::<f64>();
        let mut matrix = [[0.0; 4]; 4];
        for column in 0..4 {
            // m^2 = E^2 - p^2 moves by 2E step: this keeps it to a relative 2e-4, the shortest scale of the map.
            let step = 1e-4 * m2 / event[0];
            let shifted = [step, -step].map(|s| {
                let mut event = event.clone();
                event[column] += s;
                let mut x = [0.0; 4];
                map.forward(&event, &mut x).unwrap();
                x
            });
            for row in 0..4 {
                matrix[row][column] = (shifted[0][row] - shifted[1][row]) / (2.0 * step);
            }
        }
        let found = determinant(matrix).abs().ln();
        // Truncation (2e-4)^2 / 6, rounding about 1e-16 E^2/m^2 / 2e-4 with E/m up to 200.
        assert!((found - expected).abs() < 1e-6, "{event:?}: expected {expected}, found {found}");
    }
}

fn determinant(mut a: [[f64; 4]; 4]) -> f64 {
    let mut product = 1.0;
    for i in 0..4 {
        let pivot = (i..4).max_by(|&p, &q| a[p][i].abs().total_cmp(&a[q][i].abs())).unwrap();
        if pivot != i {
            a.swap(pivot, i);
            product = -product;
        }
        product *= a[i][i];
        for r in i + 1..4 {
            let factor = a[r][i] / a[i][i];
            let row = a[i];
            a[r].iter_mut().zip(row).skip(i).for_each(|(to, from)| *to -= factor * from);
        }
    }
    product
}

#[test]
fn the_domain_has_edges() {
    let map = LogPtPhiEtaLogM2::unstandardized(1, 22.0);
    let mut x = [0.0; 4];
    let event =
        |pt: f64, eta: f64, m2: f64| [(m2 + (pt * eta.cosh()).powi(2)).sqrt(), pt, 0.0, pt * eta.sinh()];
    assert!(map.forward(&event(22.1, 4.99, 1.0), &mut x).is_some());
    assert!(map.forward(&event(21.9, 0.0, 1.0), &mut x).is_none());
    assert!(map.forward(&event(30.0, 5.01, 1.0), &mut x).is_none());
    assert!(map.forward(&event(30.0, 0.0, -1.0), &mut x).is_none());
    // A massless jet stored in single precision is on the edge, not outside.
    let rounded = event(300.0, 2.0, 0.0).map(|v| f64::from(v as f32));
    assert!(map.forward(&rounded, &mut x).is_some());
    // Every corner of the support is the coordinate of an event at or above the cut.
    let supports = map.supports();
    let Support::Interval { low, .. } = supports[0] else { panic!("{supports:?}") };
    let mut corner = [0.0; 4];
    map.inverse(&[low, 0.0, -5.0, low], &mut corner);
    assert!(corner[1] >= 22.0 - 1e-12 && map.forward(&corner, &mut x).is_some(), "{corner:?}");
    close(&x, &[low, 0.0, -5.0, low], 1e-6);
}

#[test]
fn an_event_outside_is_named() {
    let names = ["b1".to_string()];
    // Below the cut, too near to the beam, of negative energy, of negative mass squared, and no number.
    let outside = [
        [50.0, 10.0, 0.0, 0.0],
        [3e4, 30.0, 0.0, 3000.0],
        [-50.0, 30.0, 0.0, 0.0],
        [29.0, 30.0, 0.0, 0.0],
        [50.0, f64::NAN, 0.0, 0.0],
    ];
    for momentum in outside {
        let events = amplicast_sdk::ndarray::arr2(&[[50.0, 30.0, 0.0, 0.0], momentum]);
        let error = LogPtPhiEtaLogM2::fit(events.view(), &names, 22.0).unwrap_err().to_string();
        let expected = format!(
            "training event 1, particle `b1`: expected pT >= 22 GeV, |eta| <= 5 and E >= |p|, found (E, px, py, pz) = \
             {momentum:?} GeV"
        );
        assert_eq!(error, expected);
    }
}
