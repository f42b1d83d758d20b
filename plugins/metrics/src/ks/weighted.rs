//! The distance between samples that may have weights, or events that belong together.

use std::sync::Arc;

use amplicast_sdk::{
    Accumulator, Comparison, Curves, Error, Limit, Measured, NullLaw, Result, Values, expect_length,
};

use super::counts::Gaps;
use super::distances::{last_distance, mean_distance};
use super::in_order::InOrder;
use super::weighted_law::{WeightedLaw, effective_events};

/// A reference with weights or groups: sup |F_gen - F_ref| of weighted distribution functions, with the law of such a reference.
pub struct AgainstWeighted {
    gaps: Arc<Gaps>,
    /// Part of the reference's weights below each distinct value; after the last, all.
    below: Arc<[f64]>,
    law: WeightedLaw,
}

impl AgainstWeighted {
    /// Refuses weights without a positive sum.
    pub fn new(reference: Values<'_>) -> Result<Self> {
        let sample = InOrder::new(reference)?;
        let (x, weights) = (&sample.x, &sample.weights);
        let whole: f64 = weights.iter().sum();
        if whole <= 0.0 {
            return Err(Error::data(format!(
                "expected reference events with a positive sum of weights, found {whole}"
            )));
        }
        let gaps = Gaps::new(x)?;
        let mut sums = vec![0.0];
        weights.iter().fold(0.0, |sum, weight| {
            sums.push(sum + weight);
            sum + weight
        });
        let below = gaps.below().iter().map(|events| sums[*events as usize] / whole).collect();
        Ok(AgainstWeighted { gaps: Arc::new(gaps), below, law: WeightedLaw::new(&sample) })
    }
}

impl Comparison for AgainstWeighted {
    fn value_names(&self) -> Vec<String> {
        vec!["distance".into()]
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        let (gaps, below) = (self.gaps.clone(), self.below.clone());
        Box::new(WeightedCounts { sums: vec![0.0; gaps.places()], gaps, below })
    }

    fn measure(&self, curves: &Curves<'_>, k: usize) -> Result<Measured> {
        Ok(Measured { value: mean_distance(curves, k), statistical: None, model: None })
    }

    fn limit(&self, curves: &Curves<'_>, _level: f64) -> Result<Limit> {
        last_distance(curves)
    }

    fn null(&self, _curves: &Curves<'_>, n: f64, probabilities: &[f64]) -> Result<NullLaw> {
        let quantiles = probabilities.iter().map(|&p| self.law.quantile(n, p)).collect();
        Ok(NullLaw { mean: self.law.mean(n), quantiles })
    }

    fn effective_events(&self, events: Values<'_>) -> Result<f64> {
        Ok(effective_events(&InOrder::new(events)?))
    }
}

/// Weights in the gaps of a reference and on its values.
struct WeightedCounts {
    gaps: Arc<Gaps>,
    below: Arc<[f64]>,
    sums: Vec<f64>,
}

impl Accumulator for WeightedCounts {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let x = values.list()?;
        match values.w {
            None => self.gaps.add(x, |_| 1.0, &mut self.sums),
            Some(weights) => self.gaps.add(x, |i| weights[i], &mut self.sums),
        }
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(self.sums.clone())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        expect_length("gap weights", self.sums.len(), state.len())?;
        self.sums.iter_mut().zip(state).for_each(|(sum, x)| *sum += x);
        Ok(())
    }

    /// The distance; 1 if no event was generated.
    fn values(&self) -> Result<Vec<f64>> {
        let whole: f64 = self.sums.iter().sum();
        if whole == 0.0 {
            return Ok(vec![1.0]);
        }
        let mut largest = 0.0_f64;
        self.gaps
            .at_cuts(&self.sums, |seen: f64, j| largest = largest.max((seen / whole - self.below[j]).abs()));
        Ok(vec![largest])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(reference: (&[f64], &[f64]), generated: (&[f64], Option<&[f64]>)) -> f64 {
        let values = Values { w: Some(reference.1), ..Values::single(reference.0) };
        let against = AgainstWeighted::new(values).unwrap();
        let (mut first, mut rest) = (against.accumulator(), against.accumulator());
        let cut = generated.0.len() / 3;
        let part = |range: std::ops::Range<usize>| Values {
            w: generated.1.map(|w| &w[range.clone()]),
            ..Values::single(&generated.0[range])
        };
        first.update(part(0..cut)).unwrap();
        rest.update(part(cut..generated.0.len())).unwrap();
        first.merge(&rest.state().unwrap()).unwrap();
        first.values().unwrap()[0]
    }

    /// Straight from the definition, over every value of both samples.
    fn by_definition(reference: (&[f64], &[f64]), generated: (&[f64], &[f64])) -> f64 {
        let function = |(x, w): (&[f64], &[f64]), y: f64, or_equal: bool| {
            let below = x.iter().zip(w).filter(|(x, _)| **x < y || (or_equal && **x == y));
            below.map(|(_, w)| w).sum::<f64>() / w.iter().sum::<f64>()
        };
        let cuts = reference.0.iter().chain(generated.0);
        let of = |y: f64, e: bool| (function(reference, y, e) - function(generated, y, e)).abs();
        cuts.flat_map(|&y| [of(y, false), of(y, true)]).fold(0.0, f64::max)
    }

    #[test]
    fn distances_are_those_of_the_definition() {
        let x: Vec<f64> = (0..50).map(|i| (f64::from(i) * 0.37).sin()).collect();
        let y: Vec<f64> = (0..80).map(|i| ((f64::from(i) * 0.21).cos() * 9.0).round() / 10.0).collect();
        let w: Vec<f64> = (0..50).map(|i| f64::from(i % 5) - 0.5).collect();
        let v: Vec<f64> = (0..80).map(|i| 0.25 + f64::from(i % 3)).collect();
        let ones = vec![1.0; 80];
        for weights in [&v, &ones] {
            let expected = by_definition((&x, &w), (&y, weights));
            assert!((distance((&x, &w), (&y, Some(weights))) - expected).abs() < 1e-12);
        }
        assert_eq!(distance((&x, &w), (&y, None)), distance((&x, &w), (&y, Some(&ones))));
        // A weight of 2 is the value twice: in the distance, not in how well it is known.
        let twice = distance((&[1.0, 2.0, 2.0], &[1.0; 3]), (&[1.5], None));
        assert!(
            (distance((&[1.0, 2.0], &[1.0, 2.0]), (&[1.5], None)) - twice).abs() < 1e-15
                && (twice - 2.0 / 3.0).abs() < 1e-15
        );
    }

    /// SciPy 1.17.1, which knows no weights: scipy.stats.ks_2samp of samples in which each value stands as often as its weight says; with negative ones the
    /// distribution functions of scipy.stats.ecdf of the positive and the negative events, added with their signs.
    #[test]
    fn golden_values_of_scipy() {
        let x: Vec<f64> = (0..50).map(|i| (f64::from(i) * 0.37).sin()).collect();
        let y: Vec<f64> = (0..80).map(|i| (f64::from(i) * 0.21).cos() * 1.3 + 0.3).collect();
        let w: Vec<f64> = (0..50).map(|i| f64::from(i / 10 + 1)).collect();
        let v: Vec<f64> = (0..80).map(|i| f64::from(i / 20 + 1)).collect();
        let signed: Vec<f64> = (0..50).map(|i| if i % 7 == 3 { -w[i] } else { w[i] }).collect();
        for (w, v, expected) in [
            (&w, None, GOLDEN[0]),
            (&w, Some(&v[..]), GOLDEN[1]),
            (&vec![1.0; 50], Some(&v[..]), GOLDEN[2]),
            (&signed, None, GOLDEN[3]),
        ] {
            let found = distance((&x, w), (&y, v));
            assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
        }
    }
    const GOLDEN: [f64; 4] = [0.2875, 0.275, 0.275, 0.32453703703703696];

    #[test]
    fn weights_without_a_positive_sum_are_refused() {
        let values = Values { w: Some(&[1.0, -1.0]), ..Values::single(&[0.0, 1.0]) };
        assert!(AgainstWeighted::new(values).err().unwrap().message().contains("positive sum of weights"));
    }
}
