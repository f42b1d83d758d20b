//! The gradient of a log density, by differences.

use amplicast_sdk::ndarray::{Array2, ArrayView2};
use amplicast_sdk::{Density, Error, Result};

/// The step of a central difference, for a column of size one: its own error is one in 10^8 of what a density of that size has, and a
/// density in single precision (a network that stands for the truth) still has digits left in the difference.
const STEP: f64 = 1e-4;

/// d log p / dx for each event and column (n x d), row by row.
pub fn gradient(density: &dyn Density, events: ArrayView2<'_, f64>) -> Result<Vec<f64>> {
    let (n, columns) = events.dim();
    let mut moved: Array2<f64> = events.to_owned();
    let mut ends = [vec![0.0; n], vec![0.0; n]];
    let mut found = vec![0.0; n * columns];
    for column in 0..columns {
        let step = |x: f64| STEP * x.abs().max(1.0);
        for (sign, end) in [-1.0, 1.0].into_iter().zip(&mut ends) {
            moved.column_mut(column).zip_mut_with(&events.column(column), |to, x| *to = x + sign * step(*x));
            density.log_density(moved.view(), end)?;
        }
        moved.column_mut(column).assign(&events.column(column));
        for event in 0..n {
            // As far apart as they are once rounded.
            let x = events[[event, column]];
            let apart = (x + step(x)) - (x - step(x));
            let slope = (ends[1][event] - ends[0][event]) / apart;
            if !slope.is_finite() {
                return Err(Error::data(format!(
                    "expected a true density with a gradient, found none at {x} of column {column}: it is 0 there"
                )));
            }
            found[event * columns + column] = slope;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::array;

    use super::*;

    /// log p = -r^2 / 2 + sin(x) y, of events within |x| < 100.
    struct Wavy;

    impl Density for Wavy {
        fn log_density(&self, events: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
            for (event, out) in events.rows().into_iter().zip(out) {
                let (x, y) = (event[0], event[1]);
                *out = if x.abs() < 100.0 { -0.5 * (x * x + y * y) + x.sin() * y } else { f64::NEG_INFINITY };
            }
            Ok(())
        }
    }

    #[test]
    fn differences_give_the_derivatives() {
        let events = array![[0.0, 0.0], [0.3, -2.0], [-7.0, 11.0], [1e-9, 5.0]];
        let found = gradient(&Wavy, events.view()).unwrap();
        for (event, found) in events.rows().into_iter().zip(found.chunks(2)) {
            let (x, y) = (event[0], event[1]);
            for (found, expected) in found.iter().zip([x.cos() * y - x, x.sin() - y]) {
                assert!(
                    (found - expected).abs() < 1e-6 * (1.0 + expected.abs()),
                    "{found}, expected {expected}"
                );
            }
        }
    }

    #[test]
    fn where_there_is_no_density_there_is_none() {
        let error = gradient(&Wavy, array![[0.0, 0.0], [200.0, 0.0]].view()).unwrap_err();
        assert!(error.message().contains("none at 200 of column 0"), "{error}");
    }
}
