//! The precision in which values are compared: that of the coarser side.
//!
//! A holdout in single precision and generated events in double are never equal, even where both say 0.1; and a file of
//! rounded numbers hides that it holds the training events. So the events of all sources are brought to the coarsest
//! floating-point format among them, column by column, before anything is computed from them. Numbers on a
//! grid (0.1, 0.2, ...; 1/3, 2/3, ...) that differ in their last bits only are one number, and decimals in single precision are the
//! decimals that regions are given in. Where all sources agree on numbers that do not repeat nothing changes, not even a bit.

use std::fmt;

use amplicast_sdk::ndarray::{ArrayView1, ArrayView2, ArrayViewMut2};
use serde::Serialize;

/// Significant bits of half, single and double precision.
const HALF: u32 = 11;
const SINGLE: u32 = 24;
const DOUBLE: u32 = 53;

/// Decimal places that a grid of decimals may have.
const MOST_DECIMALS: u32 = 6;

/// Significant bits to which numbers on a grid of another step are brought: fewer than the last bits that a few operations change,
/// more than tell the grid's numbers apart.
const GRID_OF_SINGLE: u32 = 17;
const GRID_OF_DOUBLE: u32 = 44;

/// What the values of one column show of how they were stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grain {
    /// Significant bits; none where all values are so short that they fit in any format (integers, zeros, multiples of 1/8).
    pub bits: Option<u32>,
    /// The decimal places that suffice, if all values lie on such a grid.
    pub decimals: Option<u32>,
    /// Whether values repeat, up to their last bits, on a grid that is much coarser than the format.
    pub repeats: bool,
}

impl Grain {
    /// The grains of the columns of some events, n x d.
    pub fn of(events: ArrayView2<'_, f64>) -> Vec<Grain> {
        events.columns().into_iter().map(|column| Grain::of_column(column.iter().copied())).collect()
    }

    /// The same from some of them, at equal distances.
    pub fn of_some(events: ArrayView2<'_, f64>) -> Vec<Grain> {
        Grain::of(spaced(events, SOME))
    }

    /// The grain of one column.
    pub fn of_column(values: impl Iterator<Item = f64> + Clone) -> Grain {
        let lengths = values.clone().filter(|x| *x != 0.0 && x.fract() != 0.0).map(significant_bits);
        let (mut count, mut most) = (0_usize, 0);
        let mut full = [0_usize; 2];
        for length in lengths {
            count += 1;
            most = most.max(length);
            for (n, format) in full.iter_mut().zip([HALF, SINGLE]) {
                *n += usize::from(length == format);
            }
        }
        // A rounded number uses the last bit of its format every other time. A grid of few values (multiples of 1/8) does not,
        // and is no format.
        let uses = |n: usize| n * 5 > count;
        let bits = match most {
            HALF if uses(full[0]) => Some(HALF),
            0..=HALF => None,
            _ if most <= SINGLE && uses(full[1]) => Some(SINGLE),
            _ if most <= SINGLE => None,
            _ => Some(DOUBLE),
        };
        let decimals = match bits {
            Some(format @ (SINGLE | DOUBLE)) => {
                (0..=MOST_DECIMALS).find(|&k| values.clone().all(|x| decimal(x, k, format).is_some()))
            }
            _ => None,
        };
        let repeats = match bits {
            Some(SINGLE) => is_grid(values.clone(), GRID_OF_SINGLE),
            Some(DOUBLE) => is_grid(values.clone(), GRID_OF_DOUBLE),
            _ => false,
        };
        Grain { bits, decimals, repeats }
    }

    /// Of each column, the fewest decimal places that half of the values have, if any do.
    pub fn most_decimals(events: ArrayView2<'_, f64>) -> Vec<Option<u32>> {
        let places = |column: ArrayView1<'_, f64>| {
            let have = |k: &u32| {
                2 * column.iter().filter(|x| decimal(**x, *k, DOUBLE).is_some()).count() >= column.len()
            };
            (0..=MOST_DECIMALS).find(have)
        };
        events.columns().into_iter().map(places).collect()
    }
}

/// Events that tell the precision of all.
pub const SOME: usize = 512;

/// At most so many of the events, at equal distances: the first ones of a file may have another origin than the rest.
pub fn spaced(events: ArrayView2<'_, f64>, most: usize) -> ArrayView2<'_, f64> {
    let step = events.nrows().div_ceil(most.max(1)).max(1);
    events.slice_move(ndarray::s![..; step, ..])
}

/// Whether values repeat when their last bits are left out, and are then far apart.
fn is_grid(values: impl Iterator<Item = f64>, bits: u32) -> bool {
    let mut numbers: Vec<f64> = values.filter(|x| *x != 0.0).collect();
    let all = numbers.len();
    numbers.sort_unstable_by(f64::total_cmp);
    // Numbers of which one is rounded up and the other down are still neighbors.
    let apart = |a: f64, b: f64, bits: u32| (b - a).abs() > b.abs().max(a.abs()) * 0.5_f64.powi(bits as i32);
    numbers.dedup_by(|b, a| !apart(*a, *b, bits));
    // Of any file a few numbers may be alike.
    5 * numbers.len() <= 4 * all && numbers.windows(2).all(|pair| apart(pair[0], pair[1], bits - 5))
}

/// Bits from the first to the last that is set.
fn significant_bits(x: f64) -> u32 {
    let mantissa = x.to_bits() & ((1 << 52) - 1);
    if mantissa == 0 { 1 } else { DOUBLE - mantissa.trailing_zeros() }
}

/// The number of `places` decimals that x is up to the rounding of a few operations in its format, if it is one.
fn decimal(x: f64, places: u32, format: u32) -> Option<f64> {
    let scale = 10_f64.powi(places as i32);
    let scaled = x * scale;
    // A number with more digits than the format has is near some decimal anyhow.
    let most = if format == SINGLE { 3e4 } else { 1e9 };
    let near = (scaled - scaled.round()).abs() <= 4.0 * 0.5_f64.powi(format as i32 - 1) * scaled.abs();
    (scaled.abs() < most && near).then(|| scaled.round() / scale)
}

/// Whether x has so many decimal places, and the nearest number that has.
pub fn to_places(x: f64, places: u32) -> (bool, f64) {
    let scale = 10_f64.powi(places as i32);
    (decimal(x, places, DOUBLE).is_some(), (x * scale).round() / scale)
}

/// What is done to the values of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Step {
    /// Nothing.
    Keep,
    /// Rounded to half precision.
    Half,
    /// Rounded to single precision.
    Single,
    /// The same, but numbers that are decimals of so many places in single precision are those decimals.
    SingleDecimals(u32),
    /// 0.1 + 0.2 and 0.3 are one number: brought to the nearest decimal.
    Decimals(u32),
    /// 2/3 and 2 * (1/3) are one number: brought to so many significant bits.
    Bits(u32),
}

/// The precision in which events are compared, column by column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Rounding(Vec<Step>);

impl Rounding {
    /// The coarsest of these sources of events; nothing where they agree, and are all (`complete`) that will be compared.
    pub fn common(sources: &[Vec<Grain>], complete: bool) -> Self {
        let columns = sources.iter().map(Vec::len).min().unwrap_or(0);
        let step = |c: usize| {
            let grains = || sources.iter().map(|source| source[c]);
            let formats = || grains().filter(|g| g.bits.is_some());
            let bits = || formats().filter_map(|g| g.bits);
            let (coarsest, finest, several) = (bits().min(), bits().max(), bits().count() > 1);
            let places = formats().filter_map(|g| g.decimals).max();
            let all_decimals = formats().all(|g| g.decimals.is_some());
            let all_repeat = formats().all(|g| g.repeats);
            match (coarsest, places) {
                (Some(SINGLE), Some(places)) => Step::SingleDecimals(places),
                (Some(SINGLE), None) if all_repeat && several => Step::Bits(GRID_OF_SINGLE),
                (Some(HALF | SINGLE), _) if complete && finest == coarsest => Step::Keep,
                (Some(HALF), _) => Step::Half,
                (Some(SINGLE), _) => Step::Single,
                // All in double precision: decimals that were computed differently differ in the last bits.
                (Some(_), Some(places)) if all_decimals && several => Step::Decimals(places),
                (Some(_), None) if all_repeat && several => Step::Bits(GRID_OF_DOUBLE),
                _ => Step::Keep,
            }
        };
        let steps: Vec<Step> = (0..columns).map(step).collect();
        if steps.iter().all(|s| *s == Step::Keep) { Rounding::default() } else { Rounding(steps) }
    }

    /// Whether values are taken as they are.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Rounds events, n x d, in place.
    pub fn apply(&self, mut events: ArrayViewMut2<'_, f64>) {
        if self.is_none() {
            return;
        }
        if let Some(first) = self.same()
            && let Some(values) = events.as_slice_mut()
        {
            return first.apply(values.iter_mut());
        }
        for (step, mut column) in self.0.iter().zip(events.columns_mut()) {
            step.apply(column.iter_mut());
        }
    }

    fn same(&self) -> Option<Step> {
        let first = *self.0.first()?;
        self.0.iter().all(|s| *s == first).then_some(first)
    }
}

impl Step {
    fn apply<'a>(self, values: impl Iterator<Item = &'a mut f64>) {
        match self {
            Step::Keep => {}
            Step::Half => values.for_each(|x| *x = half(*x)),
            Step::Single => values.for_each(|x| *x = single(*x)),
            Step::SingleDecimals(places) => {
                values.for_each(|x| *x = decimal(*x, places, SINGLE).unwrap_or_else(|| single(*x)));
            }
            Step::Bits(bits) => values.for_each(|x| *x = to_bits(*x, bits)),
            Step::Decimals(places) => {
                let scale = 10_f64.powi(places as i32);
                values.for_each(|x| *x = (*x * scale).round() / scale);
            }
        }
    }
}

/// The nearest number in single precision; beyond its range the number itself.
fn single(x: f64) -> f64 {
    let rounded = f64::from(x as f32);
    if rounded.is_finite() { rounded } else { x }
}

/// The nearest number with the bits of half precision, of any size.
fn half(x: f64) -> f64 {
    to_bits(x, HALF)
}

/// The nearest number with so many significant bits.
fn to_bits(x: f64, bits: u32) -> f64 {
    // Adding and subtracting a multiple leaves the wanted bits, rounded to even.
    let split = x * ((1_u64 << (DOUBLE - bits)) + 1) as f64;
    let rounded = split - (split - x);
    if rounded.is_finite() { rounded } else { x }
}

impl fmt::Display for Rounding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |step: &Step| match step {
            Step::Keep => "as they are".to_string(),
            Step::Half => "in half precision".into(),
            Step::Single => "in single precision".into(),
            Step::SingleDecimals(places) => format!("to {places} decimals, or in single precision"),
            Step::Bits(bits) => format!("to {bits} significant bits"),
            Step::Decimals(places) => format!("to {places} decimals"),
        };
        let mut names: Vec<String> = self.0.iter().map(name).collect();
        names.dedup();
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::{Array2, array};
    use amplicast_sdk::rand::RngExt;

    use super::*;

    fn events(f: impl Fn(f64) -> f64) -> Array2<f64> {
        let mut stream = Seed::new(3).stream();
        Array2::from_shape_fn((500, 1), |_| f(100.0 * stream.random::<f64>() - 20.0))
    }

    fn grain(f: impl Fn(f64) -> f64) -> Vec<Grain> {
        Grain::of(events(f).view())
    }

    #[test]
    fn formats_are_seen_in_the_values() {
        let bits = |f: fn(f64) -> f64| grain(f)[0].bits;
        assert_eq!(bits(|x| x), Some(DOUBLE));
        assert_eq!(bits(|x| f64::from(x as f32)), Some(SINGLE));
        assert_eq!(bits(half), Some(HALF));
        // Counts and multiples of 1/8 are no format, whatever they are stored in.
        assert_eq!(bits(f64::round), None);
        assert_eq!(bits(|x| (8.0 * x).round() / 8.0), None);
        // Half of the particles are padded.
        assert_eq!(bits(|x| if x < 30.0 { 0.0 } else { f64::from(x as f32) }), Some(SINGLE));
    }

    #[test]
    fn values_are_brought_to_the_coarser_format() {
        let tenth = |x: f64| (10.0 * x).round() / 10.0;
        let sources = [grain(tenth), grain(|x| f64::from(tenth(x) as f32))];
        let rounding = Rounding::common(&sources, true);
        assert_eq!(rounding, Rounding(vec![Step::SingleDecimals(1)]));
        // 0.7 in single precision, and one off in its last bit, is the 0.7 of a region's edge; no decimal stays what it is.
        let mut found = array![
            [0.1],
            [f64::from(0.7_f32)],
            [f64::from(0.7_f32.next_up())],
            [1e300],
            [-0.0],
            [0.123_456_78]
        ];
        rounding.apply(found.view_mut());
        assert_eq!(found, array![[0.1], [0.7], [0.7], [1e300], [0.0], [f64::from(0.123_456_78_f32)]]);
        let rounding = Rounding::common(&[grain(|x| x), grain(|x| f64::from(x as f32))], true);
        assert_eq!(rounding, Rounding(vec![Step::Single]));
        let mut found = array![[0.1], [0.25], [1e300], [-0.0]];
        rounding.apply(found.view_mut());
        assert_eq!(found, array![[f64::from(0.1_f32)], [0.25], [1e300], [0.0]]);
        // Twice is once.
        let once = found.clone();
        rounding.apply(found.view_mut());
        assert_eq!(once, found);
        assert_eq!(Rounding::common(&[grain(half), grain(|x| x)], true), Rounding(vec![Step::Half]));
    }

    #[test]
    fn decimals_that_were_computed_differently_are_one_number() {
        // The products differ from the quotients in their last bit every now and then.
        let sources = [grain(|x| (10.0 * x).round() / 10.0), grain(|x| (10.0 * x).round() * 0.1)];
        let rounding = Rounding::common(&sources, true);
        assert_eq!(rounding, Rounding(vec![Step::Decimals(1)]));
        let mut found = array![[0.1 + 0.2], [0.3]];
        rounding.apply(found.view_mut());
        assert_eq!(found[[0, 0]], found[[1, 0]]);
        // One rounded file says nothing of the other: what it hides stays visible.
        assert!(Rounding::common(&[sources[0].clone(), grain(|x| x)], true).is_none());
    }

    /// k / 3 and k * (1 / 3) differ in their last bits, in double precision as in single.
    #[test]
    fn a_grid_of_any_step_is_seen() {
        let third = |x: f64| (0.3 * x).round() / 3.0;
        let product = |x: f64| (0.3 * x).round() * (1.0 / 3.0);
        let single = |x: f64| f64::from((0.3 * x).round() as f32 * (1.0_f32 / 3.0));
        for (other, bits) in [(product as fn(f64) -> f64, GRID_OF_DOUBLE), (single, GRID_OF_SINGLE)] {
            let rounding = Rounding::common(&[grain(third), grain(other)], true);
            assert_eq!(rounding, Rounding(vec![Step::Bits(bits)]));
            let [mut a, mut b] = [events(third), events(other)];
            rounding.apply(a.view_mut());
            rounding.apply(b.view_mut());
            assert_eq!(a, b);
        }
        // One source on a grid is no reason to bring another, that is on none, to it.
        assert!(Rounding::common(&[grain(third), grain(|x| x)], true).is_none());
        assert!(Rounding::common(&[grain(third)], true).is_none());
    }

    #[test]
    fn sources_that_agree_are_left_alone() {
        assert!(Rounding::common(&[grain(|x| x), grain(|x| x + 1.0)], true).is_none());
        assert!(Rounding::common(&[grain(f64::round), grain(|x| x)], true).is_none());
        assert!(Rounding::common(&[], true).is_none());
        let single = || grain(|x| f64::from(x as f32));
        assert!(Rounding::common(&[single(), single()], true).is_none());
        // What a network will generate is not known yet.
        assert_eq!(Rounding::common(&[single(), single()], false), Rounding(vec![Step::Single]));
    }

    #[test]
    fn columns_have_their_own_precision() {
        let of = |f: fn(f64) -> f64, g: fn(f64) -> f64| [grain(f), grain(g)].concat();
        let rounding = Rounding::common(&[of(|x| x, |x| x), of(|x| x, |x| f64::from(x as f32))], true);
        let mut found = array![[0.1, 0.1]];
        rounding.apply(found.view_mut());
        assert_eq!(found, array![[0.1, f64::from(0.1_f32)]]);
        assert_eq!(rounding.to_string(), "as they are, in single precision");
    }
}
