//! Momenta of the coordinates as graphs, and velocities of momenta as velocities of the coordinates.
//!
//! All in double precision and in units of 206.6 GeV, as in [`LogPtPhiEtaLogM2`](amplicast_nn::LogPtPhiEtaLogM2).

use amplicast_nn::{ETA_MAX, LOG_MAX, OFFSET};
use amplicast_nn_flow::space::Kinematics;
use tch::{Device, Kind, Tensor};

/// Particles at given coordinates; every tensor is B x n.
pub(crate) struct Particles {
    pt: Tensor,
    cos_phi: Tensor,
    sin_phi: Tensor,
    sinh_eta: Tensor,
    cosh_eta: Tensor,
    m2: Tensor,
}

/// Means and standard deviations of log pT and log m^2, n each.
fn moments_on(kinematics: &Kinematics, device: Device) -> [Tensor; 4] {
    let all = Tensor::from_slice(&kinematics.moments).view([-1, 4]).to_device(device);
    [0, 1, 2, 3].map(|k| all.select(1, k))
}

/// The particles at the coordinates x (B x 4n).
pub(crate) fn particles_at(kinematics: &Kinematics, x: &Tensor) -> Particles {
    let x = x.view([x.size()[0], -1, 4]);
    let [mean0, std0, mean3, std3] = moments_on(kinematics, x.device());
    let above = (x.select(2, 0) * std0 + mean0).clamp_max(LOG_MAX).exp();
    let m2 = (x.select(2, 3) * std3 + mean3).clamp_max(LOG_MAX).exp();
    let (phi, eta) = (x.select(2, 1), x.select(2, 2).clamp(-ETA_MAX, ETA_MAX));
    Particles {
        // Without a cut, pT could come out below 0.
        pt: (above + (kinematics.pt_min - OFFSET)).clamp_min(OFFSET),
        cos_phi: phi.cos(),
        sin_phi: phi.sin(),
        sinh_eta: eta.sinh(),
        cosh_eta: eta.cosh(),
        m2: (m2 - OFFSET).abs(),
    }
}

/// The coordinates (B x n x 4) of any momenta (B x n x 4), which are folded and clamped onto their domain.
pub(crate) fn coordinates_of(kinematics: &Kinematics, momenta: &Tensor) -> Tensor {
    let [mean0, std0, mean3, std3] = moments_on(kinematics, momenta.device());
    let [energy, px, py, pz] = [0, 1, 2, 3].map(|k| momenta.select(2, k));
    // The floor keeps the derivative of the root finite.
    let pt = (px.square() + py.square()).clamp_min(OFFSET * OFFSET * OFFSET).sqrt();
    let m2 = (energy.square() - pt.square() - pz.square()).abs();
    let log = |above: Tensor| (above + (OFFSET + f64::EPSILON)).log();
    let log_pt = (log((&pt - kinematics.pt_min).clamp_min(0.0)) - mean0) / std0;
    let eta = (&pz / &pt).asinh().clamp(-ETA_MAX, ETA_MAX);
    Tensor::stack(&[log_pt, py.atan2(&px), eta, (log(m2) - mean3) / std3], 2)
}

impl Particles {
    /// (E, px, py, pz): B x n x 4.
    pub fn momenta(&self) -> Tensor {
        let energy = (&self.m2 + (&self.pt * &self.cosh_eta).square()).sqrt();
        let components =
            [energy, &self.pt * &self.cos_phi, &self.pt * &self.sin_phi, &self.pt * &self.sinh_eta];
        Tensor::stack(&components, 2)
    }

    /// Velocities of the coordinates (B x 4n) from velocities of the momenta w and two scalars (B x n x 4 and B x n x 2).
    ///
    /// phi and eta move as the momenta do:
    /// v_phi = (cos phi w_y - sin phi w_x)/pT and v_eta = w_z/(pT cosh eta) - tanh(eta) (cos phi w_x + sin phi w_y)/pT.
    /// The scalars are the velocities of log pT and log m^2, whose derivatives by the momenta are too large to learn from.
    pub fn velocity(&self, w: &Tensor, scalars: &Tensor) -> Tensor {
        let angles = self.angles_by_momentum().matmul(&w.unsqueeze(-1)).squeeze_dim(-1);
        let velocity = Tensor::cat(&[&scalars.narrow(2, 0, 1), &angles, &scalars.narrow(2, 1, 1)], 2);
        velocity.to_kind(Kind::Double).flatten(1, 2)
    }

    /// The derivatives of phi and eta by the momentum: B x n x 2 x 4.
    pub fn angles_by_momentum(&self) -> Tensor {
        let zero = self.pt.zeros_like();
        let (x, y) = (&self.cos_phi / &self.pt, &self.sin_phi / &self.pt);
        let tanh = &self.sinh_eta / &self.cosh_eta;
        let phi = Tensor::stack(&[&zero, &-&y, &x, &zero], 2);
        let along = (&self.pt * &self.cosh_eta).reciprocal();
        let eta = Tensor::stack(&[&zero, &-(&x * &tanh), &-(&y * &tanh), &along], 2);
        Tensor::stack(&[phi, eta], 2)
    }
}

#[cfg(test)]
mod tests {
    use amplicast_nn::LogPtPhiEtaLogM2;

    use super::*;

    fn plain() -> Kinematics {
        Kinematics::new(&LogPtPhiEtaLogM2::unstandardized(2, 22.0))
    }

    fn numbers(tensor: &Tensor) -> Vec<f64> {
        Vec::try_from(tensor.flatten(0, -1)).unwrap()
    }

    fn close(found: &Tensor, expected: &[f64], tolerance: f64) {
        for (f, e) in numbers(found).iter().zip(expected) {
            assert!((f - e).abs() < tolerance, "expected {expected:?}, found {found:?}");
        }
    }

    const EVENT: [f64; 8] = [200.0, 60.0, -45.0, 120.0, 150.0, -30.0, 40.0, -80.0];

    /// The published code's numbers, which keeps pT_min in single precision.
    #[test]
    fn golden_numbers() {
        let p = Tensor::from_slice(&EVENT).view([1, 2, 4]) / amplicast_nn::UNIT_GEV;
        let x = coordinates_of(&plain(), &p);
        let first = [-1.3604536614, -0.6435011088, 1.2489833279, -0.7593109745];
        let second = [-1.9985062610, 2.2142974356, -1.2489833279, -1.1437126572];
        close(&x, &[first, second].concat(), 2e-8);
        let at = particles_at(&plain(), &x.view([1, 8]));
        close(&at.momenta(), &numbers(&p), 1e-12);
        let w = Tensor::from_slice(&[0.1, 0.2, 0.3, 0.4, 0.4, 0.3, 0.2, 0.1]).view([1, 2, 4]);
        // log pT and log m^2 are the scalars, whatever the momenta do.
        let scalars = Tensor::from_slice(&[1.0, 2.0, 3.0, 4.0]).view([1, 2, 2]);
        let expected = [1.0, 0.9916800000, 0.6307072186, 2.0, 3.0, -1.48752, 0.1489169822, 4.0];
        close(&at.velocity(&w, &scalars), &expected, 2e-8);
    }

    /// With and without libtorch, also beyond the domain.
    #[test]
    fn one_particle_is_like_many() {
        let map = Kinematics::new(&LogPtPhiEtaLogM2::with_moments(vec![[(-1.0, 0.5), (-4.0, 2.0)]; 2], 22.0));
        for x in [[0.3, 2.0, -1.2, 0.7], [-90.0, -3.0, 9.0, -90.0], [80.0, 0.1, -9.0, 40.0]] {
            let many = particles_at(&map, &Tensor::from_slice(&x).view([1, 4]).repeat([1, 2]));
            let one = map.particle(1, &x);
            let relative = |found: &[f64], expected: Tensor| {
                for (f, e) in found.iter().zip(numbers(&expected)) {
                    assert!((f - e).abs() <= 1e-12 * e.abs(), "{x:?}: {f} {e}");
                }
            };
            relative(&one.momentum, many.momenta().select(1, 1));
            let (w, scalars) = ([0.3, -0.7, 0.2], [1.0, -2.0]);
            let tensors =
                [Tensor::from_slice(&[[0.0; 1].as_slice(), &w].concat()), Tensor::from_slice(&scalars)];
            let [w_many, scalars_many] = tensors.map(|t| t.repeat([1, 2, 1]));
            relative(&one.angles.velocity(w, scalars), many.velocity(&w_many, &scalars_many).narrow(1, 4, 4));
        }
    }

    /// v_phi and v_eta are the derivatives of the coordinates along w; standardized ones are the others' images.
    #[test]
    fn velocities_are_derivatives() {
        let map = Kinematics::new(&LogPtPhiEtaLogM2::with_moments(vec![[(-1.0, 0.5), (-4.0, 2.0)]; 2], 22.0));
        let p = Tensor::from_slice(&EVENT).view([1, 2, 4]) / amplicast_nn::UNIT_GEV;
        let x = coordinates_of(&map, &p);
        assert!((x.double_value(&[0, 0, 0]) + 0.7209073228).abs() < 4e-8);
        let w = Tensor::from_slice(&[0.1, -0.2, 0.3, 0.4, 0.4, 0.3, -0.2, 0.1]).view([1, 2, 4]);
        let step = 1e-6;
        let slope = (coordinates_of(&map, &(&p + &w * step)) - coordinates_of(&map, &(&p - &w * step)))
            / (2.0 * step);
        let scalars = slope.index_select(2, &Tensor::from_slice(&[0_i64, 3]));
        let found = particles_at(&map, &x.view([1, 8])).velocity(&w, &scalars);
        close(&found, &numbers(&slope), 1e-8);
    }
}
