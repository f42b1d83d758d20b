//! In which orders the four numbers of a particle could be a momentum, and what of it they show.

use std::f64::consts::{FRAC_PI_2, PI};

/// Particles of which the values are looked at for an azimuth.
const FOR_AZIMUTH: u64 = 100;

/// Part of the particles that may fall out of an order that fits.
const OUTSIDE: f64 = 1e-3;

/// Directions beyond this are no pseudorapidities.
const MOST_ETA: f64 = 10.0;

/// What the four numbers of particles are like.
#[derive(Debug, Clone)]
pub struct Orders {
    rounding: f64,
    particles: u64,
    /// How often each could be the energy of the three others.
    energies: [u64; 4],
    /// How often number e is at least number p times cosh of number h, and at most twice as much: an energy, a transverse momentum
    /// and a pseudorapidity.
    steep: [[[u64; 4]; 4]; 4],
    near: [[[u64; 4]; 4]; 4],
    numbers: [Spread; 4],
}

/// The values of one of the numbers.
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

/// An order in which the numbers could be a momentum.
#[derive(Debug, Clone, PartialEq)]
pub struct Likely {
    /// What is told to the user: which orders, and what speaks for them.
    pub told: String,
    /// Whether they are detector coordinates: four numbers that fit as (E, px, py, pz) as well are refused because of it.
    pub detector: bool,
}

impl Orders {
    pub fn new(rounding: f64) -> Self {
        let spread = Spread { low: f64::INFINITY, high: f64::NEG_INFINITY, wide: 0, above: 0, other: 0 };
        Orders {
            rounding,
            particles: 0,
            energies: [0; 4],
            steep: [[[0; 4]; 4]; 4],
            near: [[[0; 4]; 4]; 4],
            numbers: [spread; 4],
        }
    }

    /// Looks at a particle that is not zero.
    pub fn look(&mut self, numbers: [f64; 4]) {
        self.particles += 1;
        let squares: f64 = numbers.iter().map(|x| x * x).sum();
        let slopes = numbers.map(|x| if x.abs() <= MOST_ETA { x.cosh() } else { f64::INFINITY });
        for (i, (value, spread)) in numbers.into_iter().zip(&mut self.numbers).enumerate() {
            spread.low = spread.low.min(value);
            spread.high = spread.high.max(value);
            spread.wide += u64::from(value.abs() > FRAC_PI_2);
            spread.above += u64::from(value > PI);
            spread.other += u64::from(value != 0.0 && value != 1.0);
            let others = squares - value * value;
            let room = 1.0 - self.rounding;
            self.energies[i] += u64::from(value >= 0.0 && value * value >= others * room);
            for (p, pt) in numbers.into_iter().enumerate() {
                for (h, slope) in slopes.into_iter().enumerate() {
                    let momentum = pt * slope;
                    if i != p && p != h && i != h && value >= momentum * room {
                        self.steep[i][p][h] += 1;
                        self.near[i][p][h] += u64::from(value <= 2.0 * momentum);
                    }
                }
            }
        }
    }

    /// Other orders than E, px, py, pz in which they could be a momentum.
    pub fn likely(&self) -> Option<Likely> {
        if self.particles == 0 {
            return None;
        }
        match (0..4).find(|&i| self.is_azimuth(i)) {
            Some(azimuth) => self.with_azimuth(azimuth).or_else(|| self.cartesian()),
            None => self.cartesian().or_else(|| self.masked()),
        }
    }

    fn almost_all(&self, count: u64) -> bool {
        count as f64 >= (1.0 - OUTSIDE) * self.particles as f64
    }

    fn cartesian(&self) -> Option<Likely> {
        let energy = (0..4).find(|&i| self.almost_all(self.energies[i]))?;
        let order =
            ["E,px,py,pz", "px,E,py,pz", "px,py,E,pz", "px,py,pz,E"].get(energy).filter(|_| energy > 0)?;
        Some(Likely {
            told: format!(
                "in the order `{order}` they fit (E >= |p|): say so with `layout = \"{order}\"` (`--layout {order}`)"
            ),
            detector: false,
        })
    }

    /// Angles to a jet's axis are no azimuths, but what marks padding is 1 for every particle.
    fn masked(&self) -> Option<Likely> {
        let mask = &self.numbers[3];
        if mask.other > 0 || mask.high != 1.0 {
            return None;
        }
        let (angle, momentum) = (|i| self.is_angle(i), |i: usize| self.numbers[i].low >= 0.0);
        let order = if angle(0) && angle(1) && momentum(2) {
            "eta,phi,pt,mask"
        } else if momentum(0) && angle(1) && angle(2) {
            "pt,eta,phi,mask"
        } else {
            return None;
        };
        Some(Likely {
            told: format!(
                "in the order `{order}` they would fit (pt >= 0, angles, and a number 4 that is 1 for every particle): if that is what they \
                 are, say so with `layout = \"{order}\"` (`--layout {order}`)"
            ),
            detector: true,
        })
    }

    /// Detector coordinates: an energy that lies near its momentum shows the order; what else stands beside pt, eta and phi does not show.
    fn with_azimuth(&self, phi: usize) -> Option<Likely> {
        let (mut fitting, mut usual) = (Vec::new(), Vec::new());
        for [pt, eta, last] in permutations(phi) {
            if self.numbers[pt].low < 0.0 || !self.is_angle(eta) {
                continue;
            }
            let order = |what: &'static str| {
                let mut order = [what; 4];
                (order[pt], order[eta], order[phi]) = ("pt", "eta", "phi");
                order.join(",")
            };
            let energy = self.almost_all(self.steep[last][pt][eta]);
            if energy && 2 * self.near[last][pt][eta] > self.particles {
                fitting.push(order("E"));
            }
            if ["pt,eta,phi,m", "m,pt,eta,phi", "pt,phi,eta,m", "eta,phi,pt,m"].contains(&order("m").as_str())
            {
                let energy = energy.then_some(("E", "if it is an energy"));
                let ways = self.ways(last).chain(energy);
                let ways: Vec<String> =
                    ways.map(|(what, meaning)| format!("`{}` {meaning}", order(what))).collect();
                usual.push((last, ways.join(", ")));
            }
        }
        let told = match (&fitting[..], usual.first()) {
            ([order], _) => format!(
                "in the order `{order}` they fit (pt >= 0, phi spread over a circle, E >= pt cosh eta): say so with `layout = \
                 \"{order}\"` (`--layout {order}`)"
            ),
            (_, Some((last, ways))) => format!(
                "number {} of a particle is spread over a circle like an azimuth, but what number {} is, a mass or something else, these \
                 numbers do not tell: say it with `layout` (`--layout`): {ways}; with y in place of eta if that is a rapidity",
                phi + 1,
                last + 1
            ),
            _ => return None,
        };
        Some(Likely { told, detector: true })
    }

    /// What the number beside pt, eta and phi may be.
    fn ways(&self, last: usize) -> impl Iterator<Item = (&'static str, &'static str)> {
        let spread = &self.numbers[last];
        let mass = match spread.low < 0.0 {
            true => "if it is a mass (below zero it stands for a negative square)",
            false => "if it is a mass",
        };
        let mask = (spread.other == 0 && spread.high == 1.0)
            .then_some(("mask", "if it is 1 for a particle and 0 for padding"));
        let other = ("_", "if it is not used, such as a particle's kind (particles are massless then)");
        [("m", mass), other].into_iter().chain(mask)
    }

    fn is_angle(&self, i: usize) -> bool {
        self.numbers[i].low >= -MOST_ETA && self.numbers[i].high <= MOST_ETA
    }

    /// Whether values reach from -pi to pi, or from 0 to 2 pi, and no further, half of them in either half.
    fn is_azimuth(&self, i: usize) -> bool {
        let spread = &self.numbers[i];
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

/// The places of pt, eta and the fourth number beside an azimuth.
fn permutations(phi: usize) -> impl Iterator<Item = [usize; 3]> {
    let rest: Vec<usize> = (0..4).filter(|i| *i != phi).collect();
    [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        .into_iter()
        .map(move |p| p.map(|i| rest[i]))
}
