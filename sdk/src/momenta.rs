//! Functions of four-momenta (E, px, py, pz), in the units of the events.
//!
//! ```
//! use amplicast_sdk::momenta;
//!
//! let jet = [200.0, 60.0, -45.0, 120.0];
//! assert_eq!(momenta::transverse_momentum(jet), 75.0);
//! ```

use std::f64::consts::{PI, TAU};

/// A pseudorapidity that stands for infinity (FastJet's `MaxRap`): a summary must be a finite number.
const MAX_ETA: f64 = 1e5;

/// m = sqrt(max(E^2 - px^2 - py^2 - pz^2, 0)).
///
/// The metric is (+, -, -, -). A space-like sum (a generator need not know that E >= |p|, and rounding suffices for a
/// massless particle) has m = 0, never a negative or undefined mass.
pub fn mass([e, x, y, z]: [f64; 4]) -> f64 {
    (e * e - (x * x + y * y + z * z)).max(0.0).sqrt()
}

/// pT = sqrt(px^2 + py^2).
pub fn transverse_momentum([_, x, y, _]: [f64; 4]) -> f64 {
    (x * x + y * y).sqrt()
}

/// eta = asinh(pz / pT), at most 1e5 on either side; 0 for a momentum of zero, which has none ([`moves`]).
pub fn pseudorapidity(momentum: [f64; 4]) -> f64 {
    let eta = (momentum[3] / transverse_momentum(momentum)).asinh();
    if eta.is_nan() { 0.0 } else { eta.clamp(-MAX_ETA, MAX_ETA) }
}

/// Whether there is a direction: a particle at rest, or one that is not there, has no pseudorapidity.
pub fn moves([_, x, y, z]: [f64; 4]) -> bool {
    x != 0.0 || y != 0.0 || z != 0.0
}

/// Whether there is a direction in the transverse plane: without it there is no azimuth.
pub fn moves_across([_, x, y, _]: [f64; 4]) -> bool {
    x != 0.0 || y != 0.0
}

/// phi in [-pi, pi).
pub fn azimuth([_, x, y, _]: [f64; 4]) -> f64 {
    wrap_angle(y.atan2(x))
}

/// The direction (eta, phi).
pub fn direction(momentum: [f64; 4]) -> [f64; 2] {
    [pseudorapidity(momentum), azimuth(momentum)]
}

/// The distance sqrt(Delta eta^2 + Delta phi^2) of two directions (eta, phi), with Delta phi the shorter way around.
pub fn distance([eta, phi]: [f64; 2], [other_eta, other_phi]: [f64; 2]) -> f64 {
    let (eta, phi) = (eta - other_eta, wrap_angle(phi - other_phi));
    (eta * eta + phi * phi).sqrt()
}

/// The distance of the directions of two momenta.
pub fn delta_r(a: [f64; 4], b: [f64; 4]) -> f64 {
    distance(direction(a), direction(b))
}

/// An angle, brought to [-pi, pi).
pub fn wrap_angle(angle: f64) -> f64 {
    let wrapped = angle - TAU * (angle / TAU).round();
    if wrapped >= PI { wrapped - TAU } else { wrapped }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P1: [f64; 4] = [200.0, 60.0, -45.0, 120.0];
    const P2: [f64; 4] = [150.0, -30.0, 40.0, -80.0];

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-5, "expected {expected}, found {found}");
    }

    #[test]
    fn golden_numbers() {
        for (p, [pt, phi, eta, m]) in
            [(P1, [75.0, -0.64350, 1.24898, 141.33294]), (P2, [50.0, 2.21430, -1.24898, 116.61904])]
        {
            close(transverse_momentum(p), pt);
            close(azimuth(p), phi);
            close(pseudorapidity(p), eta);
            close(mass(p), m);
        }
        // Delta eta = 2 x 1.24898, Delta phi = 2.85780.
        close(delta_r(P1, P2), 3.79563);
    }

    #[test]
    fn space_like_and_massless() {
        assert_eq!(mass([1.0, 2.0, 0.0, 0.0]), 0.0);
        assert_eq!(mass([5.0, 0.0, 3.0, 4.0]), 0.0);
    }

    #[test]
    fn along_the_beam_and_at_rest() {
        assert_eq!(pseudorapidity([1.0, 0.0, 0.0, 1.0]), 1e5);
        assert_eq!(pseudorapidity([1.0, 0.0, 0.0, -1.0]), -1e5);
        assert_eq!((pseudorapidity([1.0, 0.0, 0.0, 0.0]), azimuth([1.0, 0.0, 0.0, 0.0])), (0.0, 0.0));
    }

    #[test]
    fn the_azimuth_is_below_pi() {
        assert_eq!(azimuth([1.0, -1.0, 0.0, 0.0]), -PI);
        assert_eq!(azimuth([1.0, -1.0, -0.0, 0.0]), -PI);
    }

    #[test]
    fn angles_are_wrapped() {
        for angle in [-7.0, -PI, 0.0, 3.0, PI, 100.0] {
            let wrapped = wrap_angle(angle);
            assert!((-PI..PI).contains(&wrapped), "{angle} {wrapped}");
            assert!(
                (wrapped.sin() - angle.sin()).abs() < 1e-12 && (wrapped.cos() - angle.cos()).abs() < 1e-12
            );
        }
    }

    #[test]
    fn the_distance_takes_the_shorter_way_around() {
        let at = |phi: f64| [1.0, phi.cos(), phi.sin(), 0.0];
        close(delta_r(at(3.0), at(-3.0)), 2.0 * PI - 6.0);
        close(delta_r(at(-3.0), at(3.0)), 2.0 * PI - 6.0);
    }
}
