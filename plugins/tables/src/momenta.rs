//! Whether the numbers of a file can be the four-momenta that they are said to be.

use std::f64::consts::PI;

use crate::arrangement::Arrangement;
use crate::layout::Part;
use crate::orders::Orders;

/// Part of the particles that may lie outside of the light cone.
const OUTSIDE: f64 = 1e-3;

/// How far outside of the light cone rounding takes a massless particle: of E^2, in float32 with room.
const ROUNDING: f64 = 1e-4;

/// The same of float16, which has 11 bits.
const ROUNDING_HALF: f64 = 8e-3;

/// How far below zero a mass may be by rounding: m^2 of E^2, 3 % of the energy.
const ROUNDING_MASS: f64 = 1e-3;

/// Values by which files mark particles that are not there.
const PADDING: [f64; 6] = [-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0];

/// What a pass over a file saw of its four-momenta.
#[derive(Debug, Clone)]
pub struct Momenta {
    arrangement: Arrangement,
    rounding: f64,
    /// Particles that are not zero (padding).
    particles: u64,
    outside: u64,
    first: Option<Outside>,
    /// Particles all of whose numbers are a marker of padding, and the first of them: its row, its place and the marker.
    padding: u64,
    padded: Option<(u64, usize, f64)>,
    /// In which other orders four numbers could be a momentum.
    orders: Option<Orders>,
}

/// The first particle that is none.
#[derive(Debug, Clone, Copy)]
struct Outside {
    row: u64,
    particle: usize,
    momentum: [f64; 4],
}

impl Momenta {
    /// Of events that are arranged like this; `half` if their numbers are of float16.
    pub fn new(arrangement: Arrangement, half: bool) -> Self {
        let mut rounding = if half { ROUNDING_HALF } else { ROUNDING };
        let orders = arrangement.is_identical().then(|| Orders::new(rounding));
        if arrangement.layout.parts().contains(&Part::M) {
            rounding = f64::max(rounding, ROUNDING_MASS);
        }
        Momenta {
            arrangement,
            rounding,
            particles: 0,
            outside: 0,
            first: None,
            padding: 0,
            padded: None,
            orders,
        }
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
        for (i, part) in parts.iter().enumerate() {
            inside &= match part {
                Part::Pt => component(i) >= 0.0,
                Part::Phi => component(i).abs() <= 2.0 * PI + 1e-3,
                _ => true,
            };
        }
        let same = (1..parts.len()).all(|i| component(i) == component(0));
        if let Some(marker) = PADDING.into_iter().find(|marker| !inside && same && component(0) == *marker) {
            self.padding += 1;
            self.padded.get_or_insert((row, particle, marker));
        } else if let Some(orders) = &mut self.orders {
            orders.look(momentum);
        }
        if !inside {
            self.outside += 1;
            self.first.get_or_insert(Outside { row, particle, momentum });
        }
    }

    /// What is wrong with them, or only to be said: `stated` if the user or the columns' names say what they are.
    pub fn judge(&self, stated: bool) -> Judgement {
        let share = self.outside as f64 / self.particles.max(1) as f64;
        let likely = self.orders.as_ref().and_then(Orders::likely);
        if self.particles == 0 && self.arrangement.layout.parts().contains(&Part::Mask) {
            return Judgement::Wrong(format!(
                "expected particles, found that all of them are masked in the order `{}`: a mask is 1 for a particle",
                self.arrangement.layout
            ));
        }
        if let Some((row, particle, marker)) = self.padded {
            return Judgement::Wrong(format!(
                "row {row}, particle {particle}: expected a four-momentum, found {marker} in all of its numbers, and so for {} particles: \
                 this looks like padding; particles that are not there must be zero: `x[(x == {marker}).all(-1)] = 0`",
                self.padding
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
                return Judgement::Wrong(format!("{found}; {}", likely.told));
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
            Some(likely) if !stated && likely.detector => Judgement::Wrong(format!(
                "expected four-momenta (E, px, py, pz), found what may be something else: {}; or `E,px,py,pz` if they are nevertheless",
                likely.told
            )),
            _ => Judgement::Right,
        }
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

    fn energy([pt, eta, _, m]: [f64; 4]) -> f64 {
        (pt * pt * eta.cosh().powi(2) + m * m).sqrt()
    }

    /// An order that the numbers show: E >= |p| holds in no other.
    #[test]
    fn another_order_is_found() {
        let with_energy: Vec<[f64; 4]> =
            particles(500).into_iter().map(|p| [p[0], p[1], p[2], energy(p)]).collect();
        for (events, likely) in [
            (order(momenta(500), [1, 2, 3, 0]), "px,py,pz,E"),
            (order(momenta(500), [1, 2, 0, 3]), "px,py,E,pz"),
            (with_energy.clone(), "pt,eta,phi,E"),
            (order(with_energy.clone(), [3, 1, 2, 0]), "E,eta,phi,pt"),
            (order(with_energy.clone(), [3, 0, 1, 2]), "E,pt,eta,phi"),
            (order(with_energy, [3, 0, 2, 1]), "E,pt,phi,eta"),
        ] {
            let error = refusal("E,px,py,pz", false, &events);
            assert!(error.contains(&format!("in the order `{likely}` they fit")), "{likely}: {error}");
        }
        // Angles to a jet's axis, of which the mask tells.
        let relative =
            particles(500).into_iter().map(|[pt, eta, phi, _]| [eta / 5.0, phi / 5.0, pt / 100.0, 1.0]);
        let error = refusal("E,px,py,pz", false, &relative.collect::<Vec<_>>());
        assert!(error.contains("in the order `eta,phi,pt,mask` they would fit"), "{error}");
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

    /// Beside pt, eta and phi a mass is not told from the kind of a particle or a tag by their values: no advice may make one of the
    /// other, and none drops the masses without a word.
    #[test]
    fn what_the_numbers_do_not_show_is_not_said() {
        let kinds = [22.0, 211.0, 130.0, 321.0];
        let fourth = |value: &dyn Fn(usize, f64) -> f64| -> Vec<[f64; 4]> {
            let list = particles(500).into_iter().enumerate();
            list.map(|(i, [pt, eta, phi, m])| [pt, eta, phi, value(i, m)]).collect()
        };
        for (what, events, places) in [
            ("a mass", fourth(&|_, m| m), "pt,eta,phi,X"),
            (
                "masses of which some are below zero",
                fourth(&|i, m| if i % 3 == 0 { -0.01 } else { m }),
                "pt,eta,phi,X",
            ),
            ("kinds", fourth(&|i, _| kinds[i % 4]), "pt,eta,phi,X"),
            (
                "kinds and charges",
                fourth(&|i, _| kinds[i % 4] * (1.0 - 2.0 * (i % 2) as f64)),
                "pt,eta,phi,X",
            ),
            ("tags", fourth(&|i, _| (i % 2) as f64), "pt,eta,phi,X"),
            ("zero", fourth(&|_, _| 0.0), "pt,eta,phi,X"),
            ("a mass, eta first", order(particles(500), [1, 2, 0, 3]), "eta,phi,pt,X"),
            ("a mass first", order(particles(500), [3, 0, 1, 2]), "X,pt,eta,phi"),
            ("phi before eta", order(particles(500), [0, 2, 1, 3]), "pt,phi,eta,X"),
            (
                "phi from 0 on",
                particles(500).into_iter().map(|[pt, eta, phi, m]| [pt, eta, phi + PI, m]).collect(),
                "pt,eta,phi,X",
            ),
        ] {
            let error = refusal("E,px,py,pz", false, &events);
            assert!(error.contains("a mass or something else, these numbers do not tell"), "{what}: {error}");
            for part in ["m", "_"] {
                assert!(
                    error.contains(&format!("`{}` if it is ", places.replace('X', part))),
                    "{what}: {error}"
                );
            }
            assert!(!error.contains("they fit"), "{what}: {error}");
        }
    }

    /// m^2 of a massless jet in float32 is off by rounding: m = -0.02 E has E^2 = p^2 (1 - 4e-4). Far below zero is no rounding.
    #[test]
    fn masses_a_little_below_zero_are_massless() {
        let with = |part: f64| -> Vec<[f64; 4]> {
            particles(500)
                .into_iter()
                .map(|[pt, eta, phi, _]| [pt, eta, phi, -part * pt * eta.cosh()])
                .collect()
        };
        assert_eq!(judge("pt,eta,phi,m", true, &with(0.02)), Judgement::Right);
        assert_ne!(judge("pt,eta,phi,m", true, &with(0.2)), Judgement::Right);
    }

    /// A marker of padding in a single particle of thousands is a wrong momentum.
    #[test]
    fn padding_by_a_marker_is_named() {
        for (layout, mut events) in [("E,px,py,pz", momenta(2000)), ("pt,eta,phi,m", particles(2000))] {
            for marker in [-999.0, -1.0] {
                events[77] = [marker; 4];
                let error = refusal(layout, true, &events);
                assert!(
                    error.starts_with("row 77, particle 0: expected a four-momentum, found -"),
                    "{error}"
                );
                assert!(error.contains("looks like padding") && error.contains(".all(-1)] = 0`"), "{error}");
            }
        }
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
