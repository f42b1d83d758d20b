//! Into how many numbers events can fall, as far as their own numbers tell.

use std::collections::HashSet;

use amplicast_sdk::ndarray::ArrayView2;

use super::rounding::{Grain, SOME, spaced};

/// Into how many numbers, as a power of two, events can fall: two independent ones are equal with about one over it; 0 of events on
/// a grid, and of counts.
///
/// Columns may depend on each other: the finest counts, and half of the next.
pub fn resolution_of(events: ArrayView2<'_, f64>) -> f64 {
    let some = spaced(events, SOME);
    let mut seen = HashSet::new();
    // A file that holds its events several times is on no grid for that.
    let rows: Vec<usize> = (0..some.nrows())
        .filter(|&row| seen.insert(some.row(row).iter().map(|x| x.to_bits()).collect::<Vec<_>>()))
        .collect();
    let column = |c: usize| {
        let values = rows.iter().map(|&row| some[[row, c]]);
        let grain = Grain::of_column(values.clone());
        match grain.bits {
            Some(format) if grain.decimals.is_none() && !grain.repeats => resolution(values, format),
            _ => 0.0,
        }
    };
    let mut list: Vec<f64> = (0..some.ncols()).map(column).collect();
    list.sort_unstable_by(|a, b| b.total_cmp(a));
    list.first().unwrap_or(&0.0) + 0.5 * list.get(1).unwrap_or(&0.0)
}

/// log2 of the standard deviation of the bulk, in units of the format's last place there; 0 if some values are counts, or all are
/// multiples of a step.
fn resolution(values: impl Iterator<Item = f64>, format: u32) -> f64 {
    let (mut plain, mut sorted): (Vec<f64>, Vec<f64>) = values.partition(|x| x.fract() == 0.0);
    let all = plain.len() + sorted.len();
    let many = plain.len() * 50 > all;
    plain.sort_unstable_by(f64::total_cmp);
    plain.dedup();
    // One or two values are fill values, of which more events than one may consist.
    if sorted.is_empty() || (many && plain.len() > 2) {
        return 0.0;
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let gaps: Vec<f64> = sorted.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let step = gaps.iter().copied().filter(|gap| *gap > 0.0).fold(f64::INFINITY, f64::min);
    let multiple = |gap: &&f64| (*gap / step - (*gap / step).round()).abs() < 0.01;
    if gaps.iter().filter(multiple).count() * 10 >= gaps.len() * 9 {
        return 0.0;
    }
    let at = |part: usize| sorted[part * (sorted.len() - 1) / 4];
    let deviation = (at(3) - at(1)) / 1.35;
    let size = at(1).abs().max(at(3).abs());
    if deviation > 0.0 && size.is_finite() {
        ((deviation / size).log2() + f64::from(format)).max(0.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::{Array2, Axis};
    use amplicast_sdk::rand::RngExt;

    use super::*;

    fn events(f: impl Fn(f64) -> f64) -> Array2<f64> {
        let mut stream = Seed::new(3).stream();
        Array2::from_shape_fn((500, 1), |_| f(100.0 * stream.random::<f64>() - 20.0))
    }

    #[test]
    fn the_resolution_tells_how_often_chance_makes_events_equal() {
        let of = |f: fn(f64) -> f64| resolution_of(events(f).view());
        // Uniform over 100, numbers up to 64 of 2^-18 in single precision: 2^24 of them, a few bits for size over width.
        let single = of(|x| f64::from(x as f32));
        assert!((21.0..25.0).contains(&single), "{single}");
        assert!((of(|x| x) - single - 29.0).abs() < 1.0);
        assert_eq!(of(|x| (100.0 * x).round() / 100.0), 0.0);
        assert_eq!(of(f64::round), 0.0);
        assert_eq!(of(|x| (3.0 * x).round() / 3.0), 0.0);
        // Every event five times.
        let five = events(|x| x).select(Axis(0), &(0..500).map(|i| i / 5).collect::<Vec<_>>());
        assert!(resolution_of(five.view()) > 48.0);
    }
}
