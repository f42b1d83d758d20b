//! The noncentral chi squared law, and the noncentrality for which a value is as large as it is.

use statrs::function::gamma::{checked_gamma_ur, ln_gamma};

use super::normal_quantile;

/// Above it the law is that of a normal number to all digits that matter, and the sum over Poisson terms would be long.
const LARGE: f64 = 1e4;

/// Poisson terms further away from the largest one than this many of their standard deviations are below rounding.
const FAR: f64 = 9.0;

/// P[X >= z] for X of the chi squared law with `degrees` degrees of freedom and this noncentrality: a Poisson sum of central laws.
pub fn survival(degrees: f64, noncentrality: f64, z: f64) -> f64 {
    if z <= 0.0 {
        return 1.0;
    }
    let (half, y) = (noncentrality / 2.0, z / 2.0);
    let width = FAR * (half + 1.0).sqrt();
    let first = (half - width).floor().max(0.0);
    let shape = degrees / 2.0 + first;
    let mut weight = if half > 0.0 { (first * half.ln() - half - ln_gamma(first + 1.0)).exp() } else { 1.0 };
    // Q(a + 1, y) = Q(a, y) + y^a e^-y / Gamma(a + 1): only sums of positive numbers.
    let mut central = checked_gamma_ur(shape, y).unwrap_or(0.0);
    let mut step = (shape * y.ln() - y - ln_gamma(shape + 1.0)).exp();
    let mut sum = weight * central;
    let mut j = first;
    while half > 0.0 && j < half + width + FAR {
        central += step;
        j += 1.0;
        step *= y / (degrees / 2.0 + j);
        weight *= half / j;
        sum += weight * central;
    }
    sum.min(1.0)
}

/// The noncentrality for which a value of `z` or more has the probability `p`; 0 where it has more than that without any.
pub fn noncentrality(degrees: f64, z: f64, p: f64) -> f64 {
    if z > LARGE {
        // The root of a large number of this law is normal, with variance 1, around sqrt(lambda + degrees - 1).
        let root = (z.sqrt() + normal_quantile(p)).max(0.0);
        return (root * root - (degrees - 1.0)).max(0.0);
    }
    let above = |lambda: f64| survival(degrees, lambda, z) - p;
    let (mut low, mut high) = (0.0, z.max(1.0));
    let (mut at_low, mut at_high) = (above(low), above(high));
    if at_low >= 0.0 {
        return 0.0;
    }
    while at_high < 0.0 {
        (low, at_low) = (high, at_high);
        high *= 2.0;
        at_high = above(high);
    }
    // The line through the ends, one end's value halved as long as the other one moves (Illinois).
    let mut side = 0;
    for _ in 0..100 {
        let middle = (low * at_high - high * at_low) / (at_high - at_low);
        let found = above(middle);
        if found.abs() < 1e-11 || high - low < 1e-10 * high {
            return middle;
        }
        if found < 0.0 {
            (low, at_low) = (middle, found);
            at_high *= if side == -1 { 0.5 } else { 1.0 };
            side = -1;
        } else {
            (high, at_high) = (middle, found);
            at_low *= if side == 1 { 0.5 } else { 1.0 };
            side = 1;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SciPy 1.17: stats.ncx2.sf and stats.chi2.sf.
    #[test]
    fn the_law_is_that_of_scipy() {
        for (degrees, lambda, z, expected) in [
            (1.0, 0.0, 1.0, 0.317_310_507_862_911_15),
            (1.0, 4.0, 4.0, 0.500_031_671_241_833_1),
            (18.0, 10.0, 30.0, 0.374_293_008_212_376_1),
            (17.2, 500.0, 400.0, 0.996_962_229_765_797_3),
            (5.0, 0.3, 0.1, 0.999_859_994_130_632_1),
        ] {
            let found = survival(degrees, lambda, z);
            assert!((found - expected).abs() < 1e-9, "{degrees} {lambda} {z}: {found}");
        }
    }

    #[test]
    fn the_noncentrality_is_the_inverse() {
        for degrees in [1.0, 3.3, 18.0, 200.0] {
            for z in [0.01, 1.0, 30.0, 900.0] {
                for p in [0.025, 0.16, 0.5, 0.84, 0.975] {
                    let lambda = noncentrality(degrees, z, p);
                    let found = survival(degrees, lambda, z);
                    let expected = if lambda == 0.0 { found.max(p) } else { p };
                    assert!((found - expected).abs() < 1e-8, "{degrees} {z} {p}: {lambda} {found}");
                }
            }
        }
    }

    /// Where the sum is replaced by the law of a normal number nothing jumps.
    #[test]
    fn large_values_are_those_of_a_normal_number() {
        for p in [0.16, 0.5, 0.975] {
            let below = noncentrality(18.0, 0.999 * LARGE, p) / 0.999;
            let above = noncentrality(18.0, 1.001 * LARGE, p) / 1.001;
            assert!((above / below - 1.0).abs() < 1e-3, "{p}: {below} {above}");
        }
    }
}
