//! The size of a sample by its mean distance.

use amplicast_sdk::{Error, Result};

/// Doublings or halvings of the first size that are tried.
const STEPS: usize = 20;

/// The size at which a mean that falls with it is this one: a power of the size between one that is too small and twice it. `first` is the first
/// size that is tried, and the answer if its mean is the wanted one.
pub(crate) fn size_of_mean(
    wanted: f64,
    first: f64,
    mut mean: impl FnMut(usize) -> Result<f64>,
) -> Result<f64> {
    let mut size = (first.round() as usize).max(1);
    let mut found = mean(size)?;
    let grows = found > wanted;
    for _ in 0..STEPS {
        if found == wanted {
            return Ok(size as f64);
        }
        let next = if grows { 2 * size } else { size / 2 };
        if next == 0 {
            break;
        }
        let then = mean(next)?;
        if (then > wanted) != grows && found > 0.0 && then > 0.0 {
            let part = (wanted / found).ln() / (then / found).ln();
            return Ok(size as f64 * (next as f64 / size as f64).powf(part));
        }
        (size, found) = (next, then);
    }
    Err(Error::data(format!(
        "value: expected a distance that falls with the size of a true sample, found {found:.3e} for {size} events, where {wanted:.3e} was looked for"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_the_size_is_solved_exactly() {
        for (power, first) in [(0.5, 100.0), (1.0, 3.2), (0.5, 9000.0), (0.2, 77.0)] {
            let mean = |n: usize| Ok((n as f64).powf(-power));
            for size in [3.0_f64, 77.0, 1234.5] {
                let found = size_of_mean(size.powf(-power), first, mean).unwrap();
                assert!((found / size - 1.0).abs() < 1e-12, "{found} {size}");
            }
        }
    }

    #[test]
    fn the_first_size_may_be_right() {
        let mut asked = Vec::new();
        let mean = |n: usize| {
            asked.push(n);
            Ok(1.0 / n as f64)
        };
        assert_eq!(size_of_mean(1.0 / 60.0, 60.2, mean).unwrap(), 60.0);
        assert_eq!(asked, [60]);
    }

    #[test]
    fn what_does_not_fall_has_no_size() {
        let error = size_of_mean(0.5, 10.0, |_| Ok(1.0)).unwrap_err();
        assert!(error.message().contains("expected a distance that falls"), "{error}");
        assert!(size_of_mean(2.0, 10.0, |_| Ok(1.0)).is_err());
    }
}
