//! What true events with weights are worth.

use amplicast_sdk::Expectations;
use serde::{Deserialize, Serialize};

/// What true events with weights know of a metric.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    /// How many that count alike know as much, by what the events themselves say.
    pub events: f64,
    /// The variance of each average over them; none of a metric that averages nothing.
    pub variances: Vec<f64>,
}

impl Worth {
    /// The mean over several views of the same events.
    pub fn mean<'w>(all: impl ExactSizeIterator<Item = &'w Worth>) -> Worth {
        let count = all.len() as f64;
        all.fold(Worth::default(), |mut sum, one| {
            sum.events += one.events / count;
            sum.variances.resize(one.variances.len(), 0.0);
            sum.variances.iter_mut().zip(&one.variances).for_each(|(sum, v)| *sum += v / count);
            sum
        })
    }

    /// How many events that count alike, and scatter as generated ones do, know the averages as well.
    ///
    /// A generated sample is compared with true ones that scatter as it does. Counted like this, G is V / MSE whatever weights of both
    /// signs have left of the training events' own fraction; that fraction may be zero or negative by chance.
    pub fn events_as_generated(&self, generated: &[Expectations]) -> f64 {
        let (mut scatter, mut known) = (0.0, 0.0);
        for found in generated {
            let diagonal = found.covariance.iter().step_by(found.means.len() + 1);
            for ((of_event, of_mean), unit) in diagonal.zip(&self.variances).zip(&found.units) {
                scatter += of_event / (unit * unit);
                known += of_mean / (unit * unit);
            }
        }
        if scatter > 0.0 && known > 0.0 { scatter / known } else { self.events }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60 events of 3000 in a region, 29 of them negative: the fraction is 2/2942 by chance, its variance is that of 60 events.
    #[test]
    fn a_fraction_that_cancels_decides_nothing() {
        let (inside, whole) = (2.0, 2942.0);
        let fraction = inside / whole;
        let variance = (60.0 - 2.0 * inside * fraction + 3000.0 * fraction * fraction) / (whole * whole);
        let worth = Worth { events: fraction * (1.0 - fraction) / variance, variances: vec![variance] };
        let generated = |f: f64| Expectations {
            means: vec![f],
            covariance: vec![f * (1.0 - f)],
            units: vec![1.0],
            error: 0.0,
            with_error: vec![0.0],
            events: 1e6,
        };
        let found = worth.events_as_generated(&[generated(0.008), generated(0.0082)]);
        let expected = 0.5 * (0.008 * 0.992 + 0.0082 * 0.9918) / variance;
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
        assert!(worth.events < 0.1 * found);
        // Nothing generated scatters, or nothing is averaged.
        assert_eq!(worth.events_as_generated(&[generated(0.0)]), worth.events);
        assert_eq!(Worth { events: 7.0, variances: vec![] }.events_as_generated(&[generated(0.1)]), 7.0);
        let mean = Worth::mean([worth.clone(), Worth { events: 0.0, variances: vec![0.0] }].iter());
        assert_eq!(mean, Worth { events: 0.5 * worth.events, variances: vec![0.5 * variance] });
    }
}
