//! The averaging metric: the spread of region integrals over members (Bahl et al. 2025, Eqs 9-19).

use amplicast_sdk::{
    Accumulator, Comparison, Component, Curves, Deviation, Error, Limit, Measured, Metric, NullLaw,
    Reference, ReferenceUse, Result, config, ensure_config, expect_length, register_metric,
};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::regions::{Regions, read_choice};

config! {
    /// Regions of the cell's summary; several regions are combined in quadrature (Eq. 19).
    pub struct IntegralConfig {
        /// Regions as intervals [low, high), in units of the summary.
        pub intervals: Vec<(f64, f64)> = Vec::new(),
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
        Regions::new(config.intervals.clone())?;
        Ok(Integral { intervals: config.intervals, choice: Vec::new(), quantiles: 0 })
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
        Ok(Box::new(RegionIntegrals {
            regions: Regions::new(intervals).map_err(|e| Error::data(e.to_string()))?,
        }))
    }
}

/// The integrals over fixed regions.
struct RegionIntegrals {
    regions: Regions,
}

/// Member statistics of the integrals at one checkpoint.
struct Spread {
    /// <I> of each region.
    mean: Vec<f64>,
    /// Covariance of the members over regions, unbiased (V x V).
    covariance: Vec<f64>,
    /// Binomial variance of one member's integral, each region.
    binomial: Vec<f64>,
    /// Number of members.
    members: f64,
    /// Degrees of freedom of one region's variance: N_eff - 1.
    freedom: f64,
}

impl Spread {
    fn new(curves: &Curves<'_>, k: usize, regions: usize) -> Result<Self> {
        let (n, v) = (curves.members(), curves.values.shape()[2]);
        expect_length("values of a checkpoint", regions, v)?;
        let fraction = |i: usize, r: usize| curves.values[[i, k, r]] / curves.passed(i, k) as f64;
        if (0..n).any(|i| curves.passed(i, k) == 0) {
            return Err(Error::data(
                "expected generated events that pass the selection, found a member without any",
            ));
        }
        let mean: Vec<f64> = (0..v).map(|r| (0..n).map(|i| fraction(i, r)).sum::<f64>() / n as f64).collect();
        let mut covariance = vec![0.0; v * v];
        if n > 1 {
            for i in 0..n {
                let residual: Vec<f64> = (0..v).map(|r| fraction(i, r) - mean[r]).collect();
                for (row, a) in covariance.chunks_mut(v).zip(&residual) {
                    row.iter_mut().zip(&residual).for_each(|(c, b)| *c += a * b / (n - 1) as f64);
                }
            }
        }
        let inverse_size = (0..n).map(|i| 1.0 / curves.passed(i, k) as f64).sum::<f64>() / n as f64;
        let binomial = mean.iter().map(|m| m * (1.0 - m) * inverse_size).collect();
        Ok(Spread {
            mean,
            covariance,
            binomial,
            members: n as f64,
            freedom: curves.n_effective.min(n as f64) - 1.0,
        })
    }

    fn total(&self) -> f64 {
        (0..self.mean.len()).map(|r| self.variance(r)).sum()
    }

    fn variance(&self, region: usize) -> f64 {
        self.covariance[region * (self.mean.len() + 1)]
    }

    fn statistical(&self) -> f64 {
        self.binomial.iter().sum()
    }

    /// n times the null law's mean: sum of <I>(1 - <I>) over regions (Eqs 12, 16).
    fn null_scale(&self) -> f64 {
        self.mean.iter().map(|m| m * (1.0 - m)).sum()
    }

    /// Degrees of freedom of the total variance: (N_eff - 1) (tr S)^2 / tr S^2 (Satterthwaite).
    ///
    /// For few members the ratio of the sample traces is biased low, towards too wide an interval; with the bias removed
    /// it scatters so much that the interval becomes too narrow. Their geometric mean keeps the coverage within 3 % of
    /// nominal, or above it, from 10 members on (docs/decisions).
    fn total_freedom(&self) -> f64 {
        let m = self.freedom;
        let trace_squared = self.total().powi(2);
        // tr S^2 of a symmetric S is the sum of its squared entries.
        let square_trace: f64 = self.covariance.iter().map(|c| c * c).sum();
        if m <= 1.0 || trace_squared == 0.0 {
            return m.max(1.0);
        }
        // Wishart moments: E tr S^2 = (1 + 1/m) tr C^2 + (tr C)^2 / m and E (tr S)^2 = (tr C)^2 + 2 tr C^2 / m.
        let square = m * m / ((m - 1.0) * (m + 2.0)) * (square_trace - trace_squared / m);
        let most = self.mean.len() as f64;
        let unbiased =
            if square > 0.0 { ((trace_squared - 2.0 * square / m) / square).clamp(1.0, most) } else { most };
        m * (unbiased * trace_squared / square_trace).sqrt()
    }
}

impl RegionIntegrals {
    fn last(&self, curves: &Curves<'_>) -> Result<Spread> {
        let last = curves
            .checkpoints()
            .checked_sub(1)
            .ok_or_else(|| Error::data("expected a checkpoint, found none"))?;
        Spread::new(curves, last, self.regions.len())
    }
}

impl Comparison for RegionIntegrals {
    fn value_names(&self) -> Vec<String> {
        self.regions.names()
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Counts { regions: self.regions.clone(), counts: vec![0; self.regions.len()] })
    }

    fn measure(&self, curves: &Curves<'_>, k: usize) -> Result<Measured> {
        let spread = Spread::new(curves, k, self.regions.len())?;
        let (total, statistical) = (spread.total(), spread.statistical());
        Ok(Measured { value: total, statistical: Some(statistical), model: Some(total - statistical) })
    }

    fn limit(&self, curves: &Curves<'_>, level: f64) -> Result<Limit> {
        let spread = self.last(curves)?;
        if spread.freedom < 1.0 {
            return Err(Error::data(format!(
                "the spread over members needs at least 2 (effective) members, found {}",
                curves.n_effective
            )));
        }
        if spread.null_scale() <= 0.0 {
            return Err(Error::data(
                "expected generated events inside and outside of the regions, found none on one side",
            ));
        }
        let (total, statistical) = (spread.total(), spread.statistical());
        let freedom = spread.total_freedom();
        let law =
            ChiSquared::new(freedom).map_err(|e| Error::numeric(format!("chi squared of {freedom}: {e}")))?;
        let at = |p: f64| total * freedom / law.inverse_cdf(p) - statistical;
        Ok(Limit {
            value: total - statistical,
            low: at(0.5 + level / 2.0),
            high: at(0.5 - level / 2.0),
            extrapolated: true,
        })
    }

    fn null(&self, curves: &Curves<'_>, n: f64, probabilities: &[f64]) -> Result<NullLaw> {
        // M_I is an expectation: for a true sample of n events it is the binomial variance, without spread.
        let mean = self.last(curves)?.null_scale() / n;
        Ok(NullLaw { mean, quantiles: vec![mean; probabilities.len()] })
    }

    fn deviation(&self, curves: &Curves<'_>, truth: &[f64], n_truth: u64) -> Result<Option<Deviation>> {
        expect_length("true integrals", self.regions.len(), truth.len())?;
        let k = curves.checkpoints() - 1;
        let spread = self.last(curves)?;
        let (mut posterior_mean, mut single_member, mut null_scale) = (0.0, 0.0, 0.0);
        let mut pulls = Vec::with_capacity(truth.len());
        for (r, count) in truth.iter().enumerate() {
            let integral = count / n_truth as f64;
            let truth_variance = integral * (1.0 - integral) / n_truth as f64;
            let square =
                |i: usize| (curves.values[[i, k, r]] / curves.passed(i, k) as f64 - integral).powi(2);
            let mean_square = (0..curves.members()).map(square).sum::<f64>() / spread.members;
            let bias = spread.mean[r] - integral;
            posterior_mean += bias * bias - spread.binomial[r] / spread.members - truth_variance;
            single_member += mean_square - spread.binomial[r] - truth_variance;
            null_scale += integral * (1.0 - integral);
            // The mean over members has itself an error of sqrt(S / N).
            let model = spread.variance(r) - spread.binomial[r];
            let width = (model + spread.variance(r) / spread.members + truth_variance).sqrt();
            pulls.push(if model > 0.0 { bias / width } else { f64::NAN });
        }
        Ok(Some(Deviation { posterior_mean, single_member, null_scale, pulls }))
    }
}

/// Events in each region.
struct Counts {
    regions: Regions,
    counts: Vec<u64>,
}

impl Accumulator for Counts {
    fn update(&mut self, summaries: &[f64]) -> Result<()> {
        self.regions.count(summaries, &mut self.counts);
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
