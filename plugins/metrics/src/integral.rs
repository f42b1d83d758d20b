//! The averaging metric: the spread of region integrals over members (Bahl et al. 2025, Eqs 9-19).

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{
    Accumulator, Comparison, Component, Error, Expectations, Extended, Metric, Reference, ReferenceUse,
    Result, Shown, Values, WeightedFractions, config, ensure_config, expect_length, register_metric,
};

use crate::averaging::{Averaging, Quantities};
use crate::fractions::{WITHOUT_VARIANCE, binomial, expect_known, expect_positive};
use crate::grouped_integral::GroupedIntegrals;
use crate::regions::{Regions, read_choice};

config! {
    /// Regions of the cell's summary; several regions are combined in quadrature (Eq. 19).
    pub struct IntegralConfig {
        /// Regions as intervals [low, high), in units of the summary; a tail has an end `inf` or `-inf`.
        pub intervals: Vec<(Extended, Extended)> = Vec::new(),
        /// Number of regions of equal probability that the summary's range is cut into; 0 for none.
        pub quantiles: u32 = 0,
        /// Which of them, numbered from 1: `"2"`, `"2-19"`, `"2,5,7-9"`.
        pub regions: String = String::new(),
    }
}

/// M_I of Eq. 11, estimated by the members' variance (Eq. 15) with the binomial part subtracted (Eq. 17).
pub struct Integral {
    intervals: Vec<(f64, f64)>,
    /// Chosen quantile regions and the number of all of them.
    choice: Vec<u32>,
    quantiles: u32,
}

register_metric!(Integral);

impl Component for Integral {
    type Config = IntegralConfig;
    const NAME: &'static str = "integral";
    const ABOUT: &'static str = "Averaging amplification: spread of region integrals over members (Eqs 9-19)";

    fn new(config: IntegralConfig) -> Result<Self> {
        let by_quantiles = config.quantiles > 0 || !config.regions.is_empty();
        ensure_config(!by_quantiles || config.intervals.is_empty(), "intervals", || {
            "expected either `intervals` or `quantiles` with `regions`, found both".into()
        })?;
        if by_quantiles {
            ensure_config(config.quantiles >= 2, "quantiles", || {
                format!("expected at least 2 regions, found {}", config.quantiles)
            })?;
            let choice = read_choice(&config.regions, config.quantiles)?;
            ensure_config((choice.len() as u32) < config.quantiles || choice.len() > 1, "regions", || {
                "expected a part of the summary's range, found all of it: its integral is 1 by definition"
                    .into()
            })?;
            return Ok(Integral { intervals: Vec::new(), choice, quantiles: config.quantiles });
        }
        let intervals: Vec<(f64, f64)> =
            config.intervals.iter().map(|&(low, high)| (low.into(), high.into())).collect();
        for (i, &(low, high)) in intervals.iter().enumerate() {
            ensure_config(low.is_finite() || high.is_finite(), &format!("intervals[{i}]"), || {
                "expected a part of the summary's range, found all of it: its integral is 1 by definition"
                    .into()
            })?;
        }
        Regions::new(intervals.clone())?;
        Ok(Integral { intervals, choice: Vec::new(), quantiles: 0 })
    }
}

impl Metric for Integral {
    fn reference(&self) -> ReferenceUse {
        let edge = |k: u32| f64::from(k) / f64::from(self.quantiles);
        ReferenceUse::Quantiles(self.choice.iter().flat_map(|&r| [edge(r - 1), edge(r)]).collect())
    }

    fn least_members(&self) -> u64 {
        2
    }

    fn weights(&self) -> bool {
        true
    }

    fn groups(&self) -> bool {
        true
    }

    fn shown(&self) -> Shown {
        Shown::variance(Self::NAME)
    }

    fn compare(&self, reference: &Reference<'_>) -> Result<Box<dyn Comparison>> {
        let intervals = if self.choice.is_empty() {
            self.intervals.clone()
        } else {
            expect_length("quantiles of the reference", 2 * self.choice.len(), reference.quantiles.len())?;
            let outermost = |r: u32, k: usize, q: &[f64]| match k {
                0 if r == 1 => f64::NEG_INFINITY,
                1 if r == self.quantiles => f64::INFINITY,
                k => q[k],
            };
            let pairs = self.choice.iter().zip(reference.quantiles.chunks(2));
            pairs.map(|(&r, q)| (outermost(r, 0, q), outermost(r, 1, q))).collect()
        };
        let regions = Regions::new(intervals).map_err(|e| Error::data(e.to_string()))?;
        Ok(match (reference.grouped, reference.weighted) {
            (true, _) => Box::new(Averaging(GroupedIntegrals::new(regions)?)),
            (false, true) => Box::new(Averaging(WeightedIntegrals { regions })),
            (false, false) => Box::new(Averaging(RegionIntegrals { regions })),
        })
    }
}

/// The integrals over fixed regions, of events that all count alike.
struct RegionIntegrals {
    regions: Regions,
}

impl Quantities for RegionIntegrals {
    fn value_names(&self) -> Vec<String> {
        self.regions.names()
    }

    fn names(&self) -> Vec<String> {
        self.regions.names()
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Counts { regions: self.regions.clone(), counts: vec![0; self.regions.len()] })
    }

    fn means(&self, values: &[f64], events: u64) -> Vec<f64> {
        values.iter().map(|count| count / events as f64).collect()
    }

    fn event_variances(&self, means: &[f64], _samples: ArrayView2<'_, f64>) -> Vec<f64> {
        binomial(means)
    }

    /// M_rs = I_r delta_rs - I_r I_s: no event is in two regions. Their sum V = sum I (1 - I) has the derivatives 1 - 2 I.
    fn expectations(&self, values: &[f64], events: u64) -> Result<Expectations> {
        let means = self.means(values, events);
        let entry =
            |(r, a): (usize, &f64), (s, b): (usize, &f64)| if r == s { a * (1.0 - a) } else { -a * b };
        let rows = means.iter().enumerate();
        let covariance: Vec<f64> =
            rows.flat_map(|a| means.iter().enumerate().map(move |b| entry(a, b))).collect();
        let slopes: Vec<f64> = means.iter().map(|i| 1.0 - 2.0 * i).collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let along: Vec<f64> = covariance.chunks(means.len()).map(|row| dot(row, &slopes)).collect();
        let total: f64 = binomial(&means).iter().sum();
        // A part of the events may all be on one side of a region.
        let (error, with_error) = match total > 0.0 {
            true => (
                (dot(&slopes, &along).max(0.0) / events as f64).sqrt() / total,
                along.iter().map(|along| along / total).collect(),
            ),
            false => (0.0, vec![0.0; means.len()]),
        };
        let units = vec![1.0; means.len()];
        Ok(Expectations { means, covariance, units, error, with_error, events: events as f64 })
    }

    fn without_variance(&self) -> &'static str {
        WITHOUT_VARIANCE
    }
}

/// Events in each region.
struct Counts {
    regions: Regions,
    counts: Vec<u64>,
}

impl Accumulator for Counts {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        self.regions.count(values.one()?, &mut self.counts);
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(self.counts.iter().map(|&c| c as f64).collect())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        expect_length("counts", self.counts.len(), state.len())?;
        self.counts.iter_mut().zip(state).for_each(|(c, &s)| *c += s as u64);
        Ok(())
    }

    fn values(&self) -> Result<Vec<f64>> {
        self.state()
    }
}

/// The integrals over fixed regions of samples that may have weights: fractions of the sum of weights.
struct WeightedIntegrals {
    regions: Regions,
}

impl Quantities for WeightedIntegrals {
    /// Sums of the powers 0 to 4 of the weights in each region, and of all.
    fn value_names(&self) -> Vec<String> {
        let places = self.regions.names().into_iter().chain(["all".into()]);
        places.flat_map(|name| (0..5).map(move |power| format!("sum w^{power} {name}"))).collect()
    }

    fn names(&self) -> Vec<String> {
        self.regions.names()
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        let sums = WeightedFractions::new(self.regions.len());
        Box::new(Sums { regions: self.regions.clone(), sums })
    }

    fn means(&self, values: &[f64], events: u64) -> Vec<f64> {
        self.expectations(values, events).map(|found| found.means).unwrap_or_default()
    }

    /// That of generated events, which have no weights.
    fn event_variances(&self, means: &[f64], _samples: ArrayView2<'_, f64>) -> Vec<f64> {
        binomial(means)
    }

    fn expectations(&self, values: &[f64], _events: u64) -> Result<Expectations> {
        let sums = WeightedFractions::read(values)?;
        expect_positive(sums.weights().1)?;
        Ok(sums.expectations())
    }

    fn known(&self, found: &Expectations) -> Result<()> {
        expect_known(found)
    }

    fn without_variance(&self) -> &'static str {
        WITHOUT_VARIANCE
    }
}

/// Weights in each region.
struct Sums {
    regions: Regions,
    sums: WeightedFractions,
}

impl Accumulator for Sums {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let (x, weights) = values.one_weighted()?;
        self.sums.add(weights, x.len());
        for (region, &(low, high)) in self.regions.intervals().iter().enumerate() {
            self.sums.add_to(region, weights, x.iter().map(|&x| x >= low && x < high));
        }
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(self.sums.numbers())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        self.sums.merge(state)
    }

    fn values(&self) -> Result<Vec<f64>> {
        self.state()
    }
}

#[cfg(test)]
mod tests;
