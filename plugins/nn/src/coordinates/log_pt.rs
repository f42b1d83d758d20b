//! Four-momenta as (log pT, phi, eta, log m^2): the coordinates of the published top-pair networks.

use amplicast_sdk::momenta::azimuth;
use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{Error, Result};

use super::{Coordinates, rows, spread};
use crate::Support;

/// Momenta are divided by this many GeV before anything else.
pub const UNIT_GEV: f64 = 206.6;

/// Added inside both logarithms, in units of [`UNIT_GEV`] and its square.
pub const OFFSET: f64 = 1e-5;

/// Machine epsilon, also added inside both logarithms.
const EPSILON: f64 = f64::EPSILON;

/// Largest |eta|.
pub const ETA_MAX: f64 = 5.0;

/// Upper end of both logarithms.
pub const LOG_MAX: f64 = 20.0;

/// How far outside an edge rounding may put an event, relative to the numbers that it is computed from. Events are
/// often stored in single precision, where E^2 - p^2 of a massless jet is off by about 1e-7 E^2.
pub(super) const ROUNDING: f64 = 2e-6;

/// Per particle x = (y0, phi, eta, y3) with momenta in units of 206.6 GeV, c = 1e-5, e the machine epsilon, and
///
/// - y0 = log(pT - pT_min + c + e), then standardized;
/// - phi = atan2(py, px) and eta = asinh(pz/pT), as they are;
/// - y3 = log(m^2 + c + e) with m^2 = E^2 - p^2, then standardized.
///
/// Means and unbiased standard deviations come from the training events, per particle. The domain is pT >= pT_min,
/// |eta| <= 5, m^2 >= 0 (and both logarithms <= 20): its images are closed intervals, so a density that is normalized
/// on [`Coordinates::supports`] is normalized over events, with nothing below the cut. (The published code clamps events
/// onto the edges instead, and folds m^2 < 0 onto m^2 > 0.) An event that rounding has put just outside is taken to the
/// edge; every other event outside has no density, and [`LogPtPhiEtaLogM2::fit`] refuses it.
///
/// Densities are over the numbers of the event, in GeV^-4 per particle:
/// |dx/dp| = 1/(pT^2 cosh eta) * 2E * 1/(pT - pT_min + c) * 1/(m^2 + c) * 1/(std_0 std_3), times the unit^-4.
#[derive(Debug, Clone, PartialEq)]
pub struct LogPtPhiEtaLogM2 {
    pt_min: f64,
    /// Mean and standard deviation of y0 and y3, per particle.
    moments: Vec<[(f64, f64); 2]>,
}

/// What a particle is in unstandardized coordinates, and what its Jacobian needs.
struct Particle {
    y: [f64; 4],
    log_jacobian: f64,
}

impl LogPtPhiEtaLogM2 {
    /// Unstandardized coordinates of `particles` (mean 0, standard deviation 1) above a cut in GeV.
    pub fn unstandardized(particles: usize, pt_min_gev: f64) -> Self {
        LogPtPhiEtaLogM2::with_moments(vec![[(0.0, 1.0); 2]; particles], pt_min_gev)
    }

    /// Coordinates with the means and standard deviations of y0 and y3 of each particle.
    pub fn with_moments(moments: Vec<[(f64, f64); 2]>, pt_min_gev: f64) -> Self {
        LogPtPhiEtaLogM2 { pt_min: pt_min_gev / UNIT_GEV, moments }
    }

    /// Fitted to training events (n x 4 particles, in GeV); refuses events outside the domain.
    pub fn fit(training: ArrayView2<'_, f64>, particles: &[String], pt_min_gev: f64) -> Result<Self> {
        let plain = LogPtPhiEtaLogM2::unstandardized(particles.len(), pt_min_gev);
        let mut columns = vec![[Vec::new(), Vec::new()]; particles.len()];
        for (row, event) in rows(training).enumerate() {
            for (slot, momentum) in event.chunks_exact(4).enumerate() {
                let particle = plain.particle(momentum).ok_or_else(|| {
                    Error::data(format!(
                        "training event {row}, particle `{}`: expected pT >= {pt_min_gev} GeV, |eta| <= {ETA_MAX} and \
                         E >= |p|, found (E, px, py, pz) = {momentum:?} GeV",
                        particles[slot]
                    ))
                })?;
                columns[slot][0].push(particle.y[0]);
                columns[slot][1].push(particle.y[3]);
            }
        }
        let moments = columns.iter().zip(particles).map(|([y0, y3], name)| {
            let log_pt = spread(&format!("log pT of particle `{name}`"), y0.iter().copied())?;
            let log_m2 = spread(&format!("log m^2 of particle `{name}`"), y3.iter().copied())?;
            Ok([log_pt, log_m2])
        });
        Ok(LogPtPhiEtaLogM2 { moments: moments.collect::<Result<_>>()?, ..plain })
    }

    /// The cut on pT, in units of [`UNIT_GEV`].
    pub fn pt_min(&self) -> f64 {
        self.pt_min
    }

    /// Mean and standard deviation of y0 and y3, per particle.
    pub fn moments(&self) -> &[[(f64, f64); 2]] {
        &self.moments
    }

    /// A particle's y from its (E, px, py, pz) in GeV, with log|dy/dp|; `None` outside the domain.
    fn particle(&self, momentum: &[f64]) -> Option<Particle> {
        let [energy, px, py, pz] = [0, 1, 2, 3].map(|i| momentum[i] / UNIT_GEV);
        let pt = px.hypot(py);
        // asinh(pz/pT) is atanh(pz/|p|) without the loss of digits near the beam.
        let eta = (pz / pt).asinh();
        let m2 = energy * energy - pt * pt - pz * pz;
        let inside = pt >= self.pt_min * (1.0 - ROUNDING)
            && pt > 0.0
            && eta.abs() <= ETA_MAX * (1.0 + ROUNDING)
            && energy > 0.0
            && m2 >= -ROUNDING * energy * energy;
        let above = (pt - self.pt_min).max(0.0) + OFFSET + EPSILON;
        let m2 = m2.abs() + OFFSET + EPSILON;
        let y = [above.ln(), azimuth([energy, px, py, pz]), eta.clamp(-ETA_MAX, ETA_MAX), m2.ln()];
        let log_jacobian = log_jacobian(energy, pt, eta, above, m2);
        let finite = log_jacobian.is_finite() && y[0] <= LOG_MAX && y[3] <= LOG_MAX;
        (inside && finite).then_some(Particle { y, log_jacobian })
    }

    /// log of the standardization's Jacobian for one particle.
    fn log_scale([(_, std0), (_, std3)]: &[(f64, f64); 2]) -> f64 {
        -std0.ln() - std3.ln()
    }
}

/// log|dy/dp| of one particle, p in GeV; `above` = pT - pT_min + c + e, `m2` includes c + e; otherwise in units.
fn log_jacobian(energy: f64, pt: f64, eta: f64, above: f64, m2: f64) -> f64 {
    (2.0 * energy / (pt * pt * eta.cosh() * above * m2)).ln() - 4.0 * UNIT_GEV.ln()
}

impl Coordinates for LogPtPhiEtaLogM2 {
    fn supports(&self) -> Vec<Support> {
        let low = (OFFSET + EPSILON).ln();
        let logarithm = |&(mean, std): &(f64, f64)| Support::Interval {
            low: (low - mean) / std,
            high: (LOG_MAX - mean) / std,
        };
        let eta = Support::Interval { low: -ETA_MAX, high: ETA_MAX };
        (self.moments.iter())
            .flat_map(|[pt, m2]| [logarithm(pt), Support::Circle, eta, logarithm(m2)])
            .collect()
    }

    fn forward(&self, event: &[f64], x: &mut [f64]) -> Option<f64> {
        let mut sum = 0.0;
        for ((momentum, x), moments) in event.chunks_exact(4).zip(x.chunks_exact_mut(4)).zip(&self.moments) {
            let Particle { y, log_jacobian } = self.particle(momentum)?;
            x.copy_from_slice(&y);
            for (k, (mean, std)) in [0, 3].into_iter().zip(moments) {
                x[k] = (y[k] - mean) / std;
            }
            sum += log_jacobian + Self::log_scale(moments);
        }
        Some(sum)
    }

    fn inverse(&self, x: &[f64], event: &mut [f64]) -> f64 {
        let mut sum = 0.0;
        for ((x, event), moments) in x.chunks_exact(4).zip(event.chunks_exact_mut(4)).zip(&self.moments) {
            let [pt, m2] = [(x[0], moments[0]), (x[3], moments[1])].map(|(x, (mean, std))| mean + std * x);
            let (above, m2_above) = (pt.min(LOG_MAX).exp(), m2.min(LOG_MAX).exp());
            let pt = above + self.pt_min - OFFSET;
            let m2 = (m2_above - OFFSET).abs();
            let (phi, eta) = (x[1], x[2].clamp(-ETA_MAX, ETA_MAX));
            let energy = (m2 + (pt * eta.cosh()).powi(2)).sqrt();
            for (out, value) in
                event.iter_mut().zip([energy, pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()])
            {
                *out = value * UNIT_GEV;
            }
            sum += log_jacobian(energy, pt, eta, above, m2_above) + Self::log_scale(moments);
        }
        sum
    }
}

#[cfg(test)]
mod tests;
