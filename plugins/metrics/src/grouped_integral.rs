//! Region integrals of true events some of which belong together.

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{Accumulator, Error, Expectations, GroupedFractions, Result, Values};

use crate::averaging::Quantities;
use crate::fractions::{WITHOUT_VARIANCE, binomial, expect_known, expect_positive};
use crate::regions::Regions;

/// Most regions: every checkpoint of a member holds the covariance of them all.
const MOST_REGIONS: usize = 100;

/// The integrals over fixed regions: fractions of events, or of the sum of their weights, whose errors are those of groups.
///
/// Generated events are each by itself.
pub struct GroupedIntegrals {
    regions: Regions,
}

impl GroupedIntegrals {
    /// Refuses more than a hundred regions.
    pub fn new(regions: Regions) -> Result<Self> {
        if regions.len() <= MOST_REGIONS {
            return Ok(GroupedIntegrals { regions });
        }
        Err(Error::unsupported(format!(
            "expected at most {MOST_REGIONS} regions for events that belong together, found {}",
            regions.len()
        )))
    }
}

impl Quantities for GroupedIntegrals {
    /// A summary of [`GroupedFractions`].
    fn value_names(&self) -> Vec<String> {
        let names = self.regions.names();
        let of = |what: &str| names.iter().map(|name| format!("{what} {name}")).collect::<Vec<_>>();
        let pairs = (0..names.len()).flat_map(|r| names[r..].iter().map(move |other| (r, other)));
        let covariances = pairs.map(|(r, other)| format!("covariance {} {other}", names[r]));
        let first = ["sum w", "effective events", "relative error of the variance"].map(String::from);
        [first.to_vec(), of("fraction"), of("with the variance"), covariances.collect()].concat()
    }

    fn names(&self) -> Vec<String> {
        self.regions.names()
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        let sums = GroupedFractions::new(self.regions.len());
        Box::new(Sums { regions: self.regions.clone(), sums })
    }

    fn means(&self, values: &[f64], events: u64) -> Vec<f64> {
        self.expectations(values, events).map(|found| found.means).unwrap_or_default()
    }

    /// That of generated events, each of which is by itself.
    fn event_variances(&self, means: &[f64], _samples: ArrayView2<'_, f64>) -> Vec<f64> {
        binomial(means)
    }

    fn expectations(&self, values: &[f64], _events: u64) -> Result<Expectations> {
        let (whole, found) = GroupedFractions::read_summary(values, self.regions.len())?;
        expect_positive(whole)?;
        Ok(found)
    }

    fn known(&self, found: &Expectations) -> Result<()> {
        expect_known(found)
    }

    fn without_variance(&self) -> &'static str {
        WITHOUT_VARIANCE
    }
}

/// What groups have in each region.
struct Sums {
    regions: Regions,
    sums: GroupedFractions,
}

impl Accumulator for Sums {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        if values.are_alike() {
            let mut counts = vec![0; self.regions.len()];
            self.regions.count(values.list()?, &mut counts);
            self.sums.add_counts(&counts, values.events() as u64);
            return Ok(());
        }
        let intervals = self.regions.intervals();
        self.sums.add(values, |x| intervals.iter().position(|(low, high)| x >= *low && x < *high))
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(self.sums.numbers())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        self.sums.merge(state)
    }

    fn values(&self) -> Result<Vec<f64>> {
        Ok(self.sums.summary())
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::{Component, Metric, Reference};

    use super::*;
    use crate::{Integral, IntegralConfig};

    /// Four equal events in a group: as many effective ones as groups, and a null law for generated events that is the usual one.
    #[test]
    fn true_events_are_groups_and_generated_ones_events() {
        let reference = Reference { grouped: true, ..Reference::quantiles(1, &[]) };
        let intervals = vec![(0.0.into(), 0.5.into())];
        let metric =
            Integral::new(IntegralConfig { intervals, quantiles: 0, regions: String::new() }).unwrap();
        let comparison = metric.compare(&reference).unwrap();
        assert_eq!(comparison.value_names().len(), GroupedFractions::len_of(1));
        let x: Vec<f64> = (0..400).map(|i| f64::from(i / 4) / 100.0).collect();
        let groups: Vec<u64> = (0..400).map(|i| i / 4).collect();
        let grouped = Values { g: Some(&groups), ..Values::single(&x) };
        let effective = |values| comparison.effective_events(values).unwrap();
        assert!((effective(grouped) - 100.0).abs() < 1e-9);
        assert_eq!(effective(Values::single(&x)), 400.0);
        let of = |values: Values<'_>| {
            let mut accumulator = comparison.accumulator();
            accumulator.update(values).unwrap();
            comparison.expectations(&accumulator.values().unwrap(), 400).unwrap().unwrap()
        };
        let (found, generated) = (of(grouped), of(Values::single(&x)));
        assert!((found.means[0] - 0.5).abs() < 1e-12 && (generated.events - 400.0).abs() < 1e-9);
        // The variance of a fraction is four times as large, and that of an event the same.
        assert!((found.covariance[0] - 0.25).abs() < 1e-12 && (generated.covariance[0] - 0.25).abs() < 1e-12);
    }

    #[test]
    fn too_many_regions_are_refused() {
        let of = |quantiles: u32| {
            let regions = format!("1-{}", quantiles - 1);
            let metric = Integral::new(IntegralConfig { intervals: Vec::new(), quantiles, regions }).unwrap();
            let edges: Vec<f64> = (0..quantiles - 1).flat_map(|r| [f64::from(r), f64::from(r + 1)]).collect();
            metric.compare(&Reference { grouped: true, ..Reference::quantiles(1, &edges) }).map(drop)
        };
        assert!(of(101).is_ok());
        assert!(of(102).unwrap_err().message().contains("expected at most 100 regions"));
    }
}
