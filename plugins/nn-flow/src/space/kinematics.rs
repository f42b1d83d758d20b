//! Momenta at the coordinates, velocities of momenta as velocities of the coordinates, and their derivatives.
//!
//! All in units of 206.6 GeV, as in [`LogPtPhiEtaLogM2`], whose inverse this is.

use amplicast_nn::{ETA_MAX, LOG_MAX, LogPtPhiEtaLogM2, OFFSET};

/// The coordinates' constants.
#[derive(Debug, Clone)]
pub struct Kinematics {
    /// Smallest transverse momentum.
    pub pt_min: f64,
    /// Mean and standard deviation of log pT and log m^2, one after the other for each particle.
    pub moments: Vec<f64>,
}

/// A particle at given coordinates.
pub struct Particle {
    /// (E, px, py, pz).
    pub momentum: [f64; 4],
    /// By (px, py, pz).
    pub angles: Angles<3>,
    transverse: Transverse,
    /// dpT/dx_0, deta/dx_2 and dm^2/dx_3.
    slopes: [f64; 3],
}

/// pT, and functions of the angles.
struct Transverse {
    pt: f64,
    sin: f64,
    cos: f64,
    sinh: f64,
    cosh: f64,
}

/// The derivatives of phi and eta by the components of a momentum: how velocities of momenta become those of the coordinates.
pub struct Angles<const N: usize> {
    /// Of phi.
    pub phi: [f64; N],
    /// Of eta.
    pub eta: [f64; N],
}

impl Kinematics {
    /// Those of the coordinates.
    pub fn new(coordinates: &LogPtPhiEtaLogM2) -> Self {
        let flat = |[(mean0, std0), (mean3, std3)]: &[(f64, f64); 2]| [*mean0, *std0, *mean3, *std3];
        let moments = coordinates.moments().iter().flat_map(flat).collect();
        Kinematics { pt_min: coordinates.pt_min(), moments }
    }

    /// Number of particles.
    pub fn particles(&self) -> usize {
        self.moments.len() / 4
    }

    /// Those of a particle.
    fn moments(&self, particle: usize) -> [f64; 4] {
        std::array::from_fn(|k| self.moments[4 * particle + k])
    }

    /// One particle at its four coordinates.
    pub fn particle(&self, particle: usize, x: &[f64]) -> Particle {
        let [mean0, std0, mean3, std3] = self.moments(particle);
        let [log_pt, log_m2] = [x[0] * std0 + mean0, x[3] * std3 + mean3];
        let [above, m2_above] = [log_pt, log_m2].map(|log| log.min(LOG_MAX).exp());
        // Without a cut, pT could come out below 0.
        let pt = (above + (self.pt_min - OFFSET)).max(OFFSET);
        let m2 = (m2_above - OFFSET).abs();
        let ((sin, cos), eta) = (x[1].sin_cos(), x[2].clamp(-ETA_MAX, ETA_MAX));
        let (sinh, cosh) = (eta.sinh(), eta.cosh());
        let within = |inside: bool, slope: f64| if inside { slope } else { 0.0 };
        Particle {
            momentum: [(m2 + (pt * cosh).powi(2)).sqrt(), pt * cos, pt * sin, pt * sinh],
            angles: Angles {
                phi: [-sin / pt, cos / pt, 0.0],
                eta: [-cos * sinh / (pt * cosh), -sin * sinh / (pt * cosh), 1.0 / (pt * cosh)],
            },
            transverse: Transverse { pt, sin, cos, sinh, cosh },
            slopes: [
                within(log_pt <= LOG_MAX && pt > OFFSET, std0 * above),
                within(x[2].abs() <= ETA_MAX, 1.0),
                within(log_m2 <= LOG_MAX, std3 * m2_above * (m2_above - OFFSET).signum()),
            ],
        }
    }

    /// The coordinates of any momentum of a particle, which is folded and clamped onto their domain.
    pub fn coordinates(&self, particle: usize, [energy, px, py, pz]: [f64; 4]) -> [f64; 4] {
        let [mean0, std0, mean3, std3] = self.moments(particle);
        let pt = transverse(px, py);
        let m2 = (energy * energy - pt * pt - pz * pz).abs();
        let log = |above: f64| (above + (OFFSET + f64::EPSILON)).ln();
        let log_pt = (log((pt - self.pt_min).max(0.0)) - mean0) / std0;
        let eta = (pz / pt).asinh().clamp(-ETA_MAX, ETA_MAX);
        [log_pt, py.atan2(px), eta, (log(m2) - mean3) / std3]
    }

    /// The gradient by a momentum from that by its [`coordinates`](Kinematics::coordinates).
    pub fn coordinates_gradient(
        &self,
        particle: usize,
        [energy, px, py, pz]: [f64; 4],
        [by_log_pt, by_phi, by_eta, by_log_m2]: [f64; 4],
    ) -> [f64; 4] {
        let [_, std0, _, std3] = self.moments(particle);
        let pt = transverse(px, py);
        let square = energy * energy - pt * pt - pz * pz;
        let by_square = by_log_m2 * sign(square) / (std3 * (square.abs() + (OFFSET + f64::EPSILON)));
        let (mut by_pt, mut by_pz) = (-2.0 * pt * by_square, -2.0 * pz * by_square);
        if pt >= self.pt_min {
            by_pt += by_log_pt / (std0 * (pt - self.pt_min + (OFFSET + f64::EPSILON)));
        }
        let (ratio, length) = (pz / pt, pt.hypot(pz));
        if ratio.asinh().abs() <= ETA_MAX {
            by_pt -= by_eta * ratio / length;
            by_pz += by_eta / length;
        }
        let plane = px * px + py * py;
        let (mut by_px, mut by_py) = (0.0, 0.0);
        if plane > 0.0 {
            (by_px, by_py) = (-by_phi * py / plane, by_phi * px / plane);
        }
        if plane >= SQUARE_FLOOR {
            by_px += by_pt * px / pt;
            by_py += by_pt * py / pt;
        }
        [2.0 * energy * by_square, by_px, by_py, by_pz]
    }
}

/// Floor of pT^2, which keeps the derivative of the root finite.
const SQUARE_FLOOR: f64 = OFFSET * OFFSET * OFFSET;

/// pT.
fn transverse(px: f64, py: f64) -> f64 {
    (px * px + py * py).max(SQUARE_FLOOR).sqrt()
}

/// The derivative of |x|.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

impl Particle {
    /// The gradient by the coordinates from that by the momentum and by the angles' derivatives.
    pub fn gradient(&self, [by_e, by_x, by_y, by_z]: [f64; 4], by_angles: &Angles<3>) -> [f64; 4] {
        let [energy, px, py, _] = self.momentum;
        let Transverse { pt, sin, cos, sinh, cosh } = self.transverse;
        let by_m2 = 0.5 * by_e / energy;
        let by_pt_cosh = by_e * pt * cosh / energy;
        let (Angles { phi, eta }, Angles { phi: by_phi, eta: by_eta }) = (&self.angles, by_angles);
        // All derivatives of the angles fall as 1/pT.
        let along: f64 = (0..3).map(|k| by_phi[k] * phi[k] + by_eta[k] * eta[k]).sum();
        let by_pt = by_pt_cosh * cosh + by_x * cos + by_y * sin + by_z * sinh - along / pt;
        let turn = by_phi[1] * phi[0] - by_phi[0] * phi[1] + by_eta[1] * eta[0] - by_eta[0] * eta[1];
        let square = -(cos * by_eta[0] + sin * by_eta[1] + sinh * by_eta[2]) / (pt * cosh * cosh);
        [
            by_pt * self.slopes[0],
            by_y * px - by_x * py + turn,
            (by_pt_cosh * pt * sinh + by_z * pt * cosh + square) * self.slopes[1],
            by_m2 * self.slopes[2],
        ]
    }
}

impl<const N: usize> Angles<N> {
    /// The velocity of the coordinates from that of the momentum and those of log pT and log m^2.
    ///
    /// phi and eta move as the momentum does:
    /// v_phi = (cos phi w_y - sin phi w_x)/pT and v_eta = w_z/(pT cosh eta) - tanh(eta) (cos phi w_x + sin phi w_y)/pT.
    /// The derivatives of log pT and log m^2 by the momentum are too large to learn from.
    pub fn velocity(&self, w: [f64; N], [log_pt, log_m2]: [f64; 2]) -> [f64; 4] {
        let along = |row: &[f64; N]| row.iter().zip(w).map(|(a, w)| a * w).sum::<f64>();
        [log_pt, along(&self.phi), along(&self.eta), log_m2]
    }

    /// The gradient by the vector and the scalars from that by the velocity.
    pub fn gradient(&self, [log_pt, phi, eta, log_m2]: [f64; 4]) -> ([f64; N], [f64; 2]) {
        (std::array::from_fn(|k| phi * self.phi[k] + eta * self.eta[k]), [log_pt, log_m2])
    }

    /// That by these derivatives themselves, at a velocity w of the momentum.
    pub fn own_gradient([_, phi, eta, _]: [f64; 4], w: [f64; N]) -> Self {
        Angles { phi: w.map(|w| phi * w), eta: w.map(|w| eta * w) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> Kinematics {
        Kinematics::new(&LogPtPhiEtaLogM2::with_moments(vec![[(-1.0, 0.5), (-4.0, 2.0)]; 2], 22.0))
    }

    /// The gradient by x of a sum of numbers weighted with 1, 2, ..., against differences.
    fn check<const N: usize>(x: [f64; 4], f: impl Fn([f64; 4]) -> [f64; N], gradient: [f64; 4]) {
        let sum = |x| f(x).iter().zip(1..).map(|(f, k)| f * f64::from(k)).sum::<f64>();
        for (k, found) in gradient.into_iter().enumerate() {
            let step = 1e-6 * x[k].abs().max(1e-3);
            let at = |by: f64| {
                let mut moved = x;
                moved[k] += by;
                sum(moved)
            };
            let slope = (at(step) - at(-step)) / (2.0 * step);
            assert!(
                (slope - found).abs() <= 2e-6 * slope.abs().max(found.abs()) + 1e-8,
                "{x:?}, {k}: {found} {slope}"
            );
        }
    }

    #[test]
    fn gradients_agree_with_differences() {
        for x in [[0.3, 2.0, -1.2, 0.7], [-3.0, -3.0, 4.0, -3.9], [2.0, 0.1, 0.0, 3.0]] {
            let at = |x: [f64; 4]| {
                let Particle { momentum, angles, .. } = map().particle(1, &x);
                let mut out = [0.0; 10];
                out[..4].copy_from_slice(&momentum);
                out[4..7].copy_from_slice(&angles.phi);
                out[7..].copy_from_slice(&angles.eta);
                out
            };
            let by_angles = Angles { phi: [5.0, 6.0, 7.0], eta: [8.0, 9.0, 10.0] };
            check(x, at, map().particle(1, &x).gradient([1.0, 2.0, 3.0, 4.0], &by_angles));
        }
        // Inside; below the cut, beyond the largest |eta|, and with E < |p|.
        for p in
            [[2.0, 0.7, -0.4, 1.1], [1.0, 0.01, -0.02, 0.3], [41.0, 0.2, 0.1, 40.0], [0.1, -1.0, 2.0, 0.5]]
        {
            let gradient = map().coordinates_gradient(0, p, [1.0, 2.0, 3.0, 4.0]);
            check(p, |p| map().coordinates(0, p), gradient);
        }
    }

    #[test]
    fn beyond_the_domain_nothing_moves() {
        let angles = Angles { phi: [0.0; 3], eta: [0.0; 3] };
        let found = map().particle(0, &[90.0, 0.3, 9.0, 40.0]).gradient([1.0; 4], &angles);
        assert!(found[0] == 0.0 && found[1] != 0.0 && found[2..] == [0.0, 0.0], "{found:?}");
    }
}
