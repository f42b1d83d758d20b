//! Selections: cuts on summaries, which true and generated events pass alike.

use amplicast_sdk::{Batch, Result, Summary};

use super::data::evaluate;

/// A selection with its quantiles resolved: all intervals [low, high) must hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cuts {
    /// Number of the summary, low, high.
    pub intervals: Vec<(usize, f64, f64)>,
}

impl Cuts {
    /// Which events of a batch pass; `None` without cuts.
    pub fn mask(
        &self,
        summaries: &[Option<Box<dyn Summary>>],
        batch: &Batch<'_>,
    ) -> Result<Option<Vec<bool>>> {
        let mut mask: Option<Vec<bool>> = None;
        for &(summary, low, high) in &self.intervals {
            let values = evaluate(summaries, summary, batch)?;
            let mask = mask.get_or_insert_with(|| vec![true; values.len()]);
            mask.iter_mut().zip(&values).for_each(|(pass, &x)| *pass &= x >= low && x < high);
        }
        Ok(mask)
    }

    /// The values of the events that pass.
    pub fn keep(
        &self,
        summaries: &[Option<Box<dyn Summary>>],
        batch: &Batch<'_>,
        values: &[f64],
    ) -> Result<Vec<f64>> {
        Ok(match self.mask(summaries, batch)? {
            None => values.to_vec(),
            Some(mask) => values.iter().zip(mask).filter(|(_, pass)| *pass).map(|(&x, _)| x).collect(),
        })
    }
}

/// The quantile at `p` of values in any order, interpolated between neighbors (Hyndman and Fan's type 7, as NumPy).
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let position = p.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let sorted = [0.0, 1.0, 2.0, 10.0];
        assert_eq!(quantile(&sorted, 0.0), 0.0);
        assert_eq!(quantile(&sorted, 0.5), 1.5);
        assert_eq!(quantile(&sorted, 1.0), 10.0);
        assert_eq!(quantile(&[3.0], 0.3), 3.0);
    }
}
