//! Variances that are known from sums of squares, and from combinations of them.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::moments::quantile;

/// A mean of squares of normal numbers, with its degrees of freedom.
#[derive(Debug, Clone, Copy)]
pub struct MeanSquare {
    pub value: f64,
    pub freedom: f64,
}

/// A variance with its law: that of `scale` times `freedom` / chi^2 of as many degrees of freedom, seen from what was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variance {
    /// The estimate.
    pub value: f64,
    /// The estimate itself for a mean of squares, another number for a combination of several.
    pub scale: f64,
    /// Degrees of freedom.
    pub freedom: f64,
}

/// Ends between which a law is taken from the squares.
const ENDS: [f64; 2] = [0.025, 0.975];

/// Levels of each square, and combinations of them.
const LEVELS: usize = 60;
const DRAWS: usize = 2400;

/// Steps between the levels of one combination and the next, one a square: multiples of unlike square roots fill the space evenly.
const STEPS: [f64; 3] = [std::f64::consts::SQRT_2, 1.732_050_807_568_877_2, 2.236_067_977_499_79];

/// More degrees of freedom than these tell nothing.
const MOST: f64 = 1e6;

impl MeanSquare {
    pub fn new(value: f64, freedom: f64) -> Self {
        MeanSquare { value, freedom }
    }

    /// Multiplied with a number.
    pub fn times(self, factor: f64) -> Self {
        MeanSquare { value: factor * self.value, ..self }
    }

    /// What it is the mean of, equally likely in the confidence sense, at the probability `p`.
    fn at(self, p: f64) -> f64 {
        self.value * self.freedom / chi_squared(self.freedom, 1.0 - p)
    }
}

impl From<MeanSquare> for Variance {
    fn from(square: MeanSquare) -> Self {
        Variance { value: square.value, scale: square.value, freedom: square.freedom }
    }
}

impl Variance {
    /// A variance that follows by a rule from independent mean squares, and is never negative.
    ///
    /// Its law is that of the rule on what each square may be the mean of (generalized confidence, Weerahandi 1993). A difference of two
    /// squares has degrees of freedom by Satterthwaite that may be as few as one likes, while the rule knows where it ends.
    pub fn combined<const N: usize>(squares: [MeanSquare; N], rule: impl Fn([f64; N]) -> f64) -> Self {
        let value = rule(squares.map(|square| square.value));
        let ends = match N {
            // Of one square the ends are known without draws.
            1 => ENDS.map(|p| rule(squares.map(|square| square.at(p)))),
            _ => {
                let level = |k: usize| (k as f64 + 0.5) / LEVELS as f64;
                let tables =
                    squares.map(|square| (0..LEVELS).map(|k| square.at(level(k))).collect::<Vec<f64>>());
                let draw = |i: usize| {
                    let place = |j: usize| ((i as f64 * STEPS[j]).fract() * LEVELS as f64) as usize;
                    rule(std::array::from_fn(|j| tables[j][place(j).min(LEVELS - 1)]))
                };
                let mut drawn: Vec<f64> = (0..DRAWS).map(draw).collect();
                drawn.sort_unstable_by(f64::total_cmp);
                ENDS.map(|p| quantile(&drawn, p))
            }
        };
        Variance { value, ..with_ends(ends) }
    }

    /// Equally likely values, in the confidence sense, at the probability `p`.
    pub fn at(&self, p: f64) -> f64 {
        MeanSquare { value: self.scale, freedom: self.freedom }.at(p)
    }

    /// The same, never with more degrees of freedom than so many.
    pub fn freedom_below(self, most: f64) -> Self {
        Variance { freedom: 1.0 / (1.0 / self.freedom + 1.0 / most), ..self }
    }
}

/// The law with these ends.
fn with_ends([low, high]: [f64; 2]) -> Variance {
    let wanted = high / low;
    let ratio = |freedom: f64| chi_squared(freedom, ENDS[1]) / chi_squared(freedom, ENDS[0]);
    let known = wanted.is_finite() && wanted > ratio(MOST);
    if !known {
        return Variance { value: high, scale: high, freedom: MOST };
    }
    let (mut few, mut many) = (1e-2_f64.ln(), MOST.ln());
    for _ in 0..60 {
        let middle = 0.5 * (few + many);
        if ratio(middle.exp()) > wanted { few = middle } else { many = middle }
    }
    let freedom = (0.5 * (few + many)).exp();
    let scale = high * chi_squared(freedom, ENDS[0]) / freedom;
    Variance { value: scale, scale, freedom }
}

pub fn chi_squared(degrees: f64, p: f64) -> f64 {
    ChiSquared::new(degrees).map_or(degrees, |law| law.inverse_cdf(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_square_keeps_its_law() {
        let square = MeanSquare::new(0.3, 7.0);
        let of_one = Variance::combined([square], |[a]| 2.0 * a);
        assert!((of_one.freedom - 7.0).abs() < 1e-6 && (of_one.scale - 0.6).abs() < 1e-7, "{of_one:?}");
        // Two squares are known better than one, and not as well as if both were of the same variance.
        let of_two = Variance::combined([square, square], |[a, b]| a + b);
        assert!(of_two.freedom > 8.0 && of_two.freedom < 14.0, "{of_two:?}");
        assert!(of_two.at(0.975) > MeanSquare::new(0.6, 14.0).at(0.975), "{of_two:?}");
    }

    /// What never changes is known, and what is nearly lost in a difference has ends all the same.
    #[test]
    fn a_law_has_ends() {
        let [a, s] = [MeanSquare::new(1.0, 6.0), MeanSquare::new(0.99, 5.0)];
        let known = Variance::combined([a, s], |_| 0.2);
        assert_eq!((known.value, known.scale, known.freedom), (0.2, 0.2, MOST));
        let lost = Variance::combined([a, s], |[a, s]| (a - s).max(0.25 * a));
        assert!((lost.value - 0.25).abs() < 1e-12 && lost.freedom > 1.0, "{lost:?}");
        let above = |p: f64| MeanSquare::at(a, p);
        assert!(lost.at(0.975) < above(0.975) && lost.at(0.025) > 0.2 * above(0.025), "{lost:?}");
    }

    /// Intervals of v = a - s + t, as pairs of halves have it, hold the true one as often as they should, or more often.
    #[test]
    fn intervals_of_a_combination_hold_the_truth() {
        use amplicast_sdk::Seed;
        use amplicast_sdk::rand_distr::{ChiSquared, Distribution};
        let trials = 400;
        for (a, s, t) in [(1.0, 0.7, 0.3), (1.0, 0.2, 0.02), (1.0, 0.95, 0.6), (1.0, 0.05, 0.1)] {
            let truth = a - s + t;
            let mut stream = Seed::new(5).stream();
            let mut square = |value: f64, freedom: f64| {
                let drawn: f64 = ChiSquared::new(freedom).unwrap().sample(&mut stream);
                MeanSquare::new(value * drawn / freedom, freedom)
            };
            let (mut below, mut above) = (0, 0);
            for _ in 0..trials {
                let squares = [square(a, 6.0), square(s, 5.0), square(t, 1.0)];
                let v = Variance::combined(squares, |[a, s, t]| (a - s + t.min(2.0 * s)).max(0.25 * a));
                below += usize::from(v.at(0.975) < truth);
                above += usize::from(v.at(0.025) > truth);
            }
            println!("{a} {s} {t}: {below} below, {above} above of {trials}");
            // 2.5 % of them, and four standard errors.
            assert!(below.max(above) <= 10 + 13, "{a} {s} {t}: {below} below, {above} above");
        }
    }
}
