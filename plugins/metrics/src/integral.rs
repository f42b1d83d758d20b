//! The averaging metric: the spread of region integrals over members (Bahl et al. 2025, Eqs 9-19).

use amplicast_sdk::ndarray::ArrayView2;
use amplicast_sdk::{
    Accumulator, Comparison, Component, Error, Extended, Metric, Reference, ReferenceUse, Result, Shown,
    Values, config, ensure_config, expect_length, register_metric,
};

use crate::averaging::{Averaging, Quantities};
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
        Ok(Box::new(Averaging(RegionIntegrals {
            regions: Regions::new(intervals).map_err(|e| Error::data(e.to_string()))?,
        })))
    }
}

/// The integrals over fixed regions.
struct RegionIntegrals {
    regions: Regions,
}

impl Quantities for RegionIntegrals {
    fn value_names(&self) -> Vec<String> {
        self.regions.names()
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Counts { regions: self.regions.clone(), counts: vec![0; self.regions.len()] })
    }

    fn means(&self, values: &[f64], events: u64) -> Vec<f64> {
        values.iter().map(|count| count / events as f64).collect()
    }

    /// An event is inside or outside: I (1 - I) (Eqs 12, 16).
    fn event_variances(&self, means: &[f64], _samples: ArrayView2<'_, f64>) -> Vec<f64> {
        means.iter().map(|i| i * (1.0 - i)).collect()
    }

    /// M_rs = I_r delta_rs - I_r I_s: no event is in two regions.
    fn event_covariance(&self, means: &[f64], _values: &[f64]) -> Vec<f64> {
        let entry =
            |(r, a): (usize, &f64), (s, b): (usize, &f64)| if r == s { a * (1.0 - a) } else { -a * b };
        means.iter().enumerate().flat_map(|a| means.iter().enumerate().map(move |b| entry(a, b))).collect()
    }

    /// V = sum I (1 - I) has the derivatives 1 - 2 I.
    fn error(&self, means: &[f64], covariance: &[f64], events: f64) -> f64 {
        let slopes: Vec<f64> = means.iter().map(|i| 1.0 - 2.0 * i).collect();
        let rows = covariance.chunks(means.len()).zip(&slopes);
        let along = |row: &[f64]| row.iter().zip(&slopes).map(|(m, slope)| m * slope).sum::<f64>();
        let variance: f64 = rows.map(|(row, slope)| slope * along(row)).sum();
        let total: f64 = means.iter().map(|i| i * (1.0 - i)).sum();
        (variance.max(0.0) / events).sqrt() / total
    }

    fn without_variance(&self) -> &'static str {
        "expected generated events inside and outside of the regions, found none on one side"
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

#[cfg(test)]
mod tests;
