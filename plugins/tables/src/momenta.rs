//! Whether the numbers of a file can be the four-momenta that they are said to be.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::arrangement::Arrangement;
use crate::layout::Part;

/// Part of the particles that may lie outside of the light cone.
const OUTSIDE: f64 = 1e-3;

/// How far outside of the light cone rounding takes a massless particle: of E^2, in float32 with room.
const ROUNDING: f64 = 1e-4;

/// The same of float16, which has 11 bits.
const ROUNDING_HALF: f64 = 8e-3;

/// Particles of which the values are looked at for an azimuth.
const FOR_AZIMUTH: u64 = 100;

/// What a pass over a file saw of its four-momenta.
#[derive(Debug, Clone)]
pub struct Momenta {
    arrangement: Arrangement,
    rounding: f64,
    /// Particles that are not zero (padding).
    particles: u64,
    outside: u64,
    first: Option<Outside>,
    /// How often each component could be the energy of the others.
    energies: Vec<u64>,
    components: Vec<Spread>,
}

/// The first particle that is none.
#[derive(Debug, Clone, Copy)]
struct Outside {
    row: u64,
    particle: usize,
    momentum: [f64; 4],
}

/// The values of a component.
#[derive(Debug, Clone, Copy)]
struct Spread {
    low: f64,
    high: f64,
    /// Values beyond pi / 2 on either side, and above pi.
    wide: u64,
    above: u64,
    /// Values that are neither 0 nor 1.
    other: u64,
}

impl Momenta {
    /// Of events that are arranged like this; `half` if their numbers are of float16.
    pub fn new(arrangement: Arrangement, half: bool) -> Self {
        let parts = arrangement.layout.parts().len();
        let rounding = if half { ROUNDING_HALF } else { ROUNDING };
        let spread = Spread { low: f64::INFINITY, high: f64::NEG_INFINITY, wide: 0, above: 0, other: 0 };
        let (energies, components) = (vec![0; parts], vec![spread; parts]);
        Momenta { arrangement, rounding, particles: 0, outside: 0, first: None, energies, components }
    }

    /// Looks at events from row `row` on.
    pub fn look(&mut self, row: u64, events: &[f64], dimension: usize) {
        for (event, row) in events.chunks_exact(dimension).zip(row..) {
            for particle in 0..self.arrangement.particles() {
                self.particle(row, event, particle);
            }
        }
    }

    fn particle(&mut self, row: u64, event: &[f64], particle: usize) {
        let parts = self.arrangement.layout.parts();
        let component = |part: usize| self.arrangement.component(event, particle, part);
        let momentum = self.arrangement.momentum(event, particle);
        if momentum == [0.0; 4] {
            return;
        }
        self.particles += 1;
        let [e, x, y, z] = momentum;
        let p2 = x * x + y * y + z * z;
        // Also false if a momentum is not finite.
        let mut inside = e >= 0.0 && e * e >= p2 * (1.0 - self.rounding) && e.is_finite();
        let squares = e * e + p2;
        for (i, (part, spread)) in parts.iter().zip(&mut self.components).enumerate() {
            let value = component(i);
            inside &= match part {
                Part::Pt => value >= 0.0,
                Part::Phi => value.abs() <= 2.0 * PI + 1e-3,
                _ => true,
            };
            spread.low = spread.low.min(value);
            spread.high = spread.high.max(value);
            spread.wide += u64::from(value.abs() > FRAC_PI_2);
            spread.above += u64::from(value > PI);
            spread.other += u64::from(value != 0.0 && value != 1.0);
            if self.arrangement.is_identical() {
                let others = squares - value * value;
                self.energies[i] +=
                    u64::from(value >= 0.0 && value * value >= others * (1.0 - self.rounding));
            }
        }
        if !inside {
            self.outside += 1;
            self.first.get_or_insert(Outside { row, particle, momentum });
        }
    }

    /// What is wrong with them, or only to be said: `stated` if the user or the columns' names say what they are.
    pub fn judge(&self, stated: bool) -> Judgement {
        let share = self.outside as f64 / self.particles.max(1) as f64;
        let likely = self.likely();
        if self.particles == 0 && self.arrangement.layout.parts().contains(&Part::Mask) {
            return Judgement::Wrong(format!(
                "expected particles, found that all of them are masked in the order `{}`: a mask is 1 for a particle",
                self.arrangement.layout
            ));
        }
        if let Some(Outside { row, particle, momentum: [e, px, py, pz] }) = self.first
            && share > OUTSIDE
        {
            let layout = &self.arrangement.layout;
            let percent = format!("{:.*}", usize::from(share < 0.1), 100.0 * share);
            let found = format!(
                "row {row}, particle {particle}: expected a four-momentum with E >= |p|, found E = {e:.6}, p = ({px:.6}, {py:.6}, \
                 {pz:.6}) in the order `{layout}`, and so for {percent} % of the particles"
            );
            if let Some(likely) = likely {
                return Judgement::Wrong(format!(
                    "{found}; in the order `{likely}` they fit: say so with `layout = \"{likely}\"` (`--layout {likely}`)"
                ));
            }
            // The user's word is taken where it may be true: a network need not know that E >= |p|.
            if stated && share < 0.5 {
                return Judgement::Doubtful(found);
            }
            return Judgement::Wrong(format!(
                "{found}; say what the numbers of a particle are with `layout` (`--layout`), such as \"px,py,pz,E\" or \
                 \"pt,eta,phi,m\"{}",
                if stated || share >= 0.5 {
                    ""
                } else {
                    "; \"E,px,py,pz\" if the order is right, and they are rounded or generated so"
                }
            ));
        }
        match likely {
            Some(likely) if !stated => Judgement::Wrong(format!(
                "expected four-momenta (E, px, py, pz), found a component of each particle that is spread over an azimuth's \
                 values: in the order `{likely}` they fit: say so with `layout = \"{likely}\"` (`--layout {likely}`), or \
                 \"E,px,py,pz\" if they are nevertheless"
            )),
            _ => Judgement::Right,
        }
    }

    /// Another order in which the four numbers of a particle would be a momentum.
    fn likely(&self) -> Option<&'static str> {
        if !self.arrangement.is_identical() || self.particles == 0 {
            return None;
        }
        let c = &self.components;
        let azimuth = (0..4).find(|&i| self.is_azimuth(&c[i]));
        let energy = (0..4).find(|&i| self.energies[i] as f64 >= (1.0 - OUTSIDE) * self.particles as f64);
        // All zero is a mass of zero.
        let mask = c[3].other == 0 && c[3].high == 1.0;
        let angle = |i: usize| c[i].low >= -10.0 && c[i].high <= 10.0;
        // Transverse momenta in GeV or TeV, not one more angle.
        let momentum = |i: usize| c[i].low >= 0.0;
        match (azimuth, energy) {
            (Some(2), _) if momentum(0) && angle(1) => Some(match (mask, energy) {
                (true, _) => "pt,eta,phi,mask",
                (_, Some(3)) => "pt,eta,phi,E",
                _ if c[3].low < 0.0 => "pt,eta,phi,_",
                _ => "pt,eta,phi,m",
            }),
            (Some(1), _) if momentum(2) && angle(0) && c[0].low < 0.0 => {
                Some(if mask { "eta,phi,pt,mask" } else { "eta,phi,pt,m" })
            }
            (Some(1), _) if momentum(0) && angle(2) => Some("pt,phi,eta,m"),
            (Some(3), _) if momentum(1) && angle(2) => {
                Some(if energy == Some(0) { "E,pt,eta,phi" } else { "m,pt,eta,phi" })
            }
            (_, Some(3)) => Some("px,py,pz,E"),
            (_, Some(1)) => Some("px,E,py,pz"),
            (_, Some(2)) => Some("px,py,E,pz"),
            // Angles to a jet's axis are no azimuths, but what marks padding is 1 for every particle.
            (_, None) if mask && angle(0) && angle(1) && momentum(2) => Some("eta,phi,pt,mask"),
            (_, None) if mask && momentum(0) && angle(1) && angle(2) => Some("pt,eta,phi,mask"),
            _ => None,
        }
    }

    /// Whether values reach from -pi to pi, or from 0 to 2 pi, and no further, half of them in either half.
    fn is_azimuth(&self, spread: &Spread) -> bool {
        let half = |count: u64| (0.3..0.7).contains(&(count as f64 / self.particles as f64));
        let reach = |low: f64, high: f64| {
            spread.low >= low - 1e-3
                && spread.low <= low + 0.3
                && spread.high <= high + 1e-3
                && spread.high >= high - 0.3
        };
        self.particles >= FOR_AZIMUTH
            && (reach(-PI, PI) && half(spread.wide) || reach(0.0, 2.0 * PI) && half(spread.above))
    }
}

/// What to do with a file's four-momenta.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    Right,
    /// Said to the user.
    Doubtful(String),
    /// Refused.
    Wrong(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layout;

    /// Uniform numbers in [0, 1) of a linear congruential generator.
    fn uniform(n: usize) -> impl Iterator<Item = f64> {
        let mut state = 7_u64;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        })
        .take(n)
    }

    /// (pt, eta, phi, m) of `n` particles.
    fn particles(n: usize) -> Vec<[f64; 4]> {
        let numbers: Vec<f64> = uniform(4 * n).collect();
        let of = |u: &[f64]| [20.0 + 80.0 * u[0], 4.0 * u[1] - 2.0, PI * (2.0 * u[2] - 1.0), 10.0 * u[3]];
        numbers.chunks_exact(4).map(of).collect()
    }

    fn momenta(n: usize) -> Vec<[f64; 4]> {
        let layout = Layout::read("pt,eta,phi,m").unwrap();
        particles(n).into_iter().map(|p| layout.momentum(|i| p[i])).collect()
    }

    fn judge(layout: &str, stated: bool, events: &[[f64; 4]]) -> Judgement {
        let mut seen = Momenta::new(Arrangement::in_turn(Layout::read(layout).unwrap(), 1), false);
        seen.look(0, events.as_flattened(), 4);
        seen.judge(stated)
    }

    fn order<const N: usize>(events: Vec<[f64; N]>, places: [usize; N]) -> Vec<[f64; N]> {
        events.into_iter().map(|event| places.map(|place| event[place])).collect()
    }

    #[test]
    fn right_ones_pass() {
        assert_eq!(judge("E,px,py,pz", false, &momenta(1000)), Judgement::Right);
        assert_eq!(judge("pt,eta,phi,m", true, &particles(1000)), Judgement::Right);
        // Massless ones in float32, padding, and 1 in 2000 that is none.
        let massless = |[_, x, y, z]: [f64; 4]| {
            [(x * x + y * y + z * z).sqrt(), x, y, z].map(|component| f64::from(component as f32))
        };
        let mut events: Vec<[f64; 4]> = momenta(2000).into_iter().map(massless).collect();
        events.extend([[0.0; 4]; 500]);
        events[7] = [1.0, 2.0, 0.0, 0.0];
        assert_eq!(judge("E,px,py,pz", false, &events), Judgement::Right);
        // At rest.
        assert_eq!(judge("E,px,py,pz", false, &[[91.2, 0.0, 0.0, 0.0]; 200]), Judgement::Right);
    }

    fn refusal(layout: &str, stated: bool, events: &[[f64; 4]]) -> String {
        match judge(layout, stated, events) {
            Judgement::Wrong(message) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn another_order_is_found() {
        for (events, likely) in [
            (order(momenta(500), [1, 2, 3, 0]), "px,py,pz,E"),
            (particles(500), "pt,eta,phi,m"),
            (
                particles(500).into_iter().map(|[pt, eta, phi, _]| [pt, eta, phi, 0.0]).collect(),
                "pt,eta,phi,m",
            ),
            (order(particles(500), [1, 2, 0, 3]), "eta,phi,pt,m"),
            (order(particles(500), [3, 0, 1, 2]), "m,pt,eta,phi"),
            (
                particles(500)
                    .into_iter()
                    .map(|[pt, eta, phi, _]| [eta / 5.0, phi / 5.0, pt / 100.0, 1.0])
                    .collect(),
                "eta,phi,pt,mask",
            ),
            (
                particles(500)
                    .into_iter()
                    .map(|[pt, eta, phi, m]| [pt, eta, phi, (pt * pt * eta.cosh().powi(2) + m * m).sqrt()])
                    .collect(),
                "pt,eta,phi,E",
            ),
            (
                particles(500).into_iter().map(|[pt, eta, phi, m]| [pt, eta, phi + PI, m]).collect(),
                "pt,eta,phi,m",
            ),
        ] {
            let error = refusal("E,px,py,pz", false, &events);
            assert!(error.contains(&format!("in the order `{likely}` they fit")), "{likely}: {error}");
        }
        // 100 % of the particles, from the first one on.
        let error = refusal("E,px,py,pz", true, &order(momenta(500), [1, 2, 3, 0]));
        assert!(error.starts_with("row 0, particle 0: expected a four-momentum with E >= |p|"), "{error}");
        assert!(error.contains("and so for 100 % of the particles"), "{error}");
        let error = refusal("eta,phi,pt,mask", true, &[[0.1, 0.2, 30.0, 0.0]; 5]);
        assert!(error.contains("all of them are masked"), "{error}");
        // A wrong word of the user's.
        let error = refusal("pt,eta,phi,m", true, &momenta(500));
        assert!(error.contains("in the order `pt,eta,phi,m`"), "{error}");
    }

    /// 20 of 1000 particles with E = |p| / 2.
    #[test]
    fn the_user_may_say_that_the_order_is_right() {
        let mut events = momenta(1000);
        events[100..120].iter_mut().for_each(|p| p[0] = 0.5 * (p[0] * p[0] - 100.0).max(1.0).sqrt());
        let error = refusal("E,px,py,pz", false, &events);
        assert!(error.starts_with("row 100, particle 0: "), "{error}");
        assert!(
            error.contains("2.0 % of the particles") && error.contains("if the order is right"),
            "{error}"
        );
        assert!(matches!(judge("E,px,py,pz", true, &events), Judgement::Doubtful(_)));
    }
}
