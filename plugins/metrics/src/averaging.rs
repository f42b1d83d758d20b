//! Averaging amplification of expectation values: their spread over members (Bahl et al. 2025, Eqs 9-19).
//!
//! Everything holds for the expectation of any function of an event, of which the indicator of a region is one.

use amplicast_sdk::ndarray::{ArrayView2, Axis};
use amplicast_sdk::{
    Accumulator, Comparison, Curves, Deviation, Error, Expectations, Limit, Measured, NullLaw, Result,
    Values, expect_length,
};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// The quantities whose expectation values an averaging metric measures, combined in quadrature (Eq. 19).
pub trait Quantities: Send + Sync {
    /// What the numbers of the accumulator are.
    fn value_names(&self) -> Vec<String>;

    /// What is averaged.
    fn names(&self) -> Vec<String>;

    /// An empty accumulator.
    fn accumulator(&self) -> Box<dyn Accumulator>;

    /// The sample means, from the accumulator's numbers on `events` events.
    fn means(&self, values: &[f64], events: u64) -> Vec<f64>;

    /// The variance of each quantity from event to event, given the means over samples and the numbers of each of them
    /// (sample x value).
    fn event_variances(&self, means: &[f64], samples: ArrayView2<'_, f64>) -> Vec<f64>;

    /// The unit in which each quantity enters the sum over quantities, given their variances from event to event.
    fn units(&self, event_variances: &[f64]) -> Vec<f64> {
        vec![1.0; event_variances.len()]
    }

    /// The expectation values in one sample of `events` events, above 0, from its numbers.
    fn expectations(&self, values: &[f64], events: u64) -> Result<Expectations>;

    /// Refuses expectation values of true events, some with negative weights, that these do not know well enough to be counted by.
    fn known(&self, _found: &Expectations) -> Result<()> {
        Ok(())
    }

    /// The complaint when no event differs from another.
    fn without_variance(&self) -> &'static str;
}

/// The comparison that all expectation values share.
pub struct Averaging<E>(pub E);

/// Member statistics of the expectation values at one checkpoint.
pub(crate) struct Spread {
    /// Each member's sample means.
    members: Vec<Vec<f64>>,
    /// Their mean over members.
    mean: Vec<f64>,
    /// Covariance of the members over quantities, unbiased (V x V).
    covariance: Vec<f64>,
    /// Variance of each quantity from event to event.
    event_variance: Vec<f64>,
    /// The unit of each quantity, in which all of the above are.
    units: Vec<f64>,
    /// Mean over members of 1 / n_gen.
    inverse_size: f64,
    /// Degrees of freedom of one quantity's variance: N_eff - 1.
    freedom: f64,
}

impl Spread {
    pub(crate) fn new(quantities: &dyn Quantities, curves: &Curves<'_>, k: usize) -> Result<Self> {
        let n = curves.members();
        expect_length("values of a checkpoint", quantities.value_names().len(), curves.values.shape()[2])?;
        if (0..n).any(|i| curves.passed(i, k) == 0) {
            return Err(Error::data(
                "expected generated events that pass the selection, found a member without any",
            ));
        }
        let mut members: Vec<Vec<f64>> =
            (0..n).map(|i| quantities.means(&values(curves, i, k), curves.passed(i, k))).collect();
        let v = members.first().map_or(0, Vec::len);
        let mut mean: Vec<f64> =
            (0..v).map(|r| members.iter().map(|m| m[r]).sum::<f64>() / n as f64).collect();
        let mut event_variance = quantities.event_variances(&mean, curves.values.index_axis(Axis(1), k));
        let units = quantities.units(&event_variance);
        members.iter_mut().chain([&mut mean]).for_each(|means| in_units(means, &units));
        variances_in_units(&mut event_variance, &units);
        let mut covariance = vec![0.0; v * v];
        if n > 1 {
            for member in &members {
                let residual: Vec<f64> = member.iter().zip(&mean).map(|(x, m)| x - m).collect();
                for (row, a) in covariance.chunks_mut(v).zip(&residual) {
                    row.iter_mut().zip(&residual).for_each(|(c, b)| *c += a * b / (n - 1) as f64);
                }
            }
        }
        let inverse_size = (0..n).map(|i| 1.0 / curves.passed(i, k) as f64).sum::<f64>() / n as f64;
        let freedom = curves.n_effective.min(n as f64) - 1.0;
        Ok(Spread { members, mean, covariance, event_variance, units, inverse_size, freedom })
    }

    fn last(quantities: &dyn Quantities, curves: &Curves<'_>) -> Result<Self> {
        let last = curves
            .checkpoints()
            .checked_sub(1)
            .ok_or_else(|| Error::data("expected a checkpoint, found none"))?;
        Spread::new(quantities, curves, last)
    }

    fn total(&self) -> f64 {
        (0..self.mean.len()).map(|r| self.variance(r)).sum()
    }

    fn variance(&self, quantity: usize) -> f64 {
        self.covariance[quantity * (self.mean.len() + 1)]
    }

    /// The variance of one member's mean that is due to the finite number of generated events.
    fn finite_sample(&self, quantity: usize) -> f64 {
        self.event_variance[quantity] * self.inverse_size
    }

    fn statistical(&self) -> f64 {
        self.null_scale() * self.inverse_size
    }

    /// n times the null law's mean.
    fn null_scale(&self) -> f64 {
        self.event_variance.iter().sum()
    }

    /// Degrees of freedom of the total variance: (N_eff - 1) (tr S)^2 / tr S^2 (Satterthwaite).
    ///
    /// For few members the ratio of the sample traces is biased low, toward too wide an interval; with the bias removed
    /// it scatters so much that the interval becomes too narrow. Their geometric mean keeps the coverage within 3 % of
    /// nominal, or above it, from 10 members on (docs/decisions).
    pub(crate) fn total_freedom(&self) -> f64 {
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

fn in_units(means: &mut [f64], units: &[f64]) {
    means.iter_mut().zip(units).for_each(|(mean, unit)| *mean /= unit);
}

fn variances_in_units(variances: &mut [f64], units: &[f64]) {
    variances.iter_mut().zip(units).for_each(|(variance, unit)| *variance /= unit * unit);
}

/// The accumulator's numbers of member `i` at checkpoint `k`.
fn values(curves: &Curves<'_>, i: usize, k: usize) -> Vec<f64> {
    curves.values.index_axis(Axis(0), i).row(k).to_vec()
}

impl<E: Quantities> Comparison for Averaging<E> {
    fn value_names(&self) -> Vec<String> {
        self.0.value_names()
    }

    fn quantities(&self) -> Vec<String> {
        self.0.names()
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        self.0.accumulator()
    }

    fn effective_events(&self, events: Values<'_>) -> Result<f64> {
        if events.are_alike() {
            return Ok(events.events() as f64);
        }
        let mut accumulator = self.0.accumulator();
        accumulator.update(events)?;
        let found = self.0.expectations(&accumulator.values()?, events.events() as u64)?;
        if events.w.is_some_and(|weights| weights.iter().any(|weight| *weight < 0.0)) {
            self.0.known(&found)?;
        }
        Ok(found.events)
    }

    fn measure(&self, curves: &Curves<'_>, k: usize) -> Result<Measured> {
        let spread = Spread::new(&self.0, curves, k)?;
        let (total, statistical) = (spread.total(), spread.statistical());
        Ok(Measured { value: total, statistical: Some(statistical), model: Some(total - statistical) })
    }

    fn limit(&self, curves: &Curves<'_>, level: f64) -> Result<Limit> {
        let spread = Spread::last(&self.0, curves)?;
        if spread.freedom < 1.0 {
            return Err(Error::data(format!(
                "the spread over members needs at least 2 (effective) members, found {}",
                curves.n_effective
            )));
        }
        if spread.null_scale() <= 0.0 {
            return Err(Error::data(self.0.without_variance()));
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

    /// An expectation over samples: the variance of a mean of `n` true events, without spread (Eqs 12, 16).
    fn null(&self, curves: &Curves<'_>, n: f64, probabilities: &[f64]) -> Result<NullLaw> {
        let mean = Spread::last(&self.0, curves)?.null_scale() / n;
        Ok(NullLaw { mean, quantiles: vec![mean; probabilities.len()] })
    }

    fn expectations(&self, values: &[f64], events: u64) -> Result<Option<Expectations>> {
        expect_length("values of a sample", self.value_names().len(), values.len())?;
        if events == 0 {
            return Err(Error::data("expected events that pass the selection, found none"));
        }
        self.0.expectations(values, events).map(Some)
    }

    fn deviation(&self, curves: &Curves<'_>, truth: &[f64], n_truth: u64) -> Result<Option<Deviation>> {
        expect_length("true values", self.value_names().len(), truth.len())?;
        let spread = Spread::last(&self.0, curves)?;
        let members = spread.members.len() as f64;
        if n_truth == 0 {
            return Err(Error::data("expected true events that pass the selection, found none"));
        }
        let Expectations { means: mut true_means, covariance, events: true_events, .. } =
            self.0.expectations(truth, n_truth)?;
        let mut true_variances: Vec<f64> = covariance.into_iter().step_by(true_means.len() + 1).collect();
        in_units(&mut true_means, &spread.units);
        variances_in_units(&mut true_variances, &spread.units);
        let (mut posterior_mean, mut single_member) = (0.0, 0.0);
        let mut pulls = Vec::with_capacity(true_means.len());
        for (r, &expected) in true_means.iter().enumerate() {
            let truth_variance = true_variances[r] / true_events;
            let finite_sample = spread.finite_sample(r);
            let squares = spread.members.iter().map(|m| (m[r] - expected).powi(2));
            let mean_square = squares.sum::<f64>() / members;
            let bias = spread.mean[r] - expected;
            posterior_mean += bias * bias - finite_sample / members - truth_variance;
            single_member += mean_square - finite_sample - truth_variance;
            // The mean over members has itself an error of sqrt(S / N).
            let model = spread.variance(r) - finite_sample;
            let width = (model + spread.variance(r) / members + truth_variance).sqrt();
            pulls.push(if model > 0.0 { bias / width } else { f64::NAN });
        }
        let null_scale = true_variances.iter().sum();
        Ok(Some(Deviation { posterior_mean, single_member, null_scale, pulls }))
    }
}
