//! The differential metric: the two-sample Kolmogorov-Smirnov distance (Bahl et al. 2025, Eqs 31-37).

mod counts;
mod distances;
mod grid;
mod in_order;
pub mod kolmogorov;
mod rescaled;
mod steps;
mod ties;
mod weighted;
mod weighted_law;

pub use counts::{Distance, GapCounts};

use std::sync::Arc;

use amplicast_sdk::{
    Accumulator, Comparison, Component, Curves, Error, Limit, Measured, Metric, NullLaw, Reference, Result,
    Shown, Values, config, expect_length, register_metric,
};

use counts::Gaps;
use distances::{last_distance, mean_distance};
use rescaled::rescaled_distance;
use ties::Ties;
use weighted::AgainstWeighted;

config! {
    /// The Kolmogorov-Smirnov distance has nothing to configure.
    pub struct KsConfig {}
}

/// M_KS of Eq. 33 against a reference sample, with Kolmogorov's law as null law (Eq. 34), that law scaled to the mean distance of
/// pseudo-experiments where the summaries are not independent, or the law of a distance between values that repeat.
pub struct Ks;

register_metric!(Ks);

impl Component for Ks {
    type Config = KsConfig;
    const NAME: &'static str = "ks";
    const ABOUT: &'static str =
        "Differential amplification: Kolmogorov-Smirnov distance to a reference (Eqs 31-37)";

    fn new(_: KsConfig) -> Result<Self> {
        Ok(Ks)
    }
}

impl Metric for Ks {
    fn shown(&self) -> Shown {
        Shown::value("KS distance")
    }

    /// sqrt(n m / (n + m)) D: it does not depend on the sizes of the samples.
    fn simulate(&self, training: Values<'_>, generated: Values<'_>) -> Result<Option<f64>> {
        Ok(Some(rescaled_distance(training.one()?.to_vec(), generated.one()?.to_vec())))
    }

    fn weights(&self) -> bool {
        true
    }

    fn groups(&self) -> bool {
        true
    }

    fn compare(&self, reference: &Reference<'_>) -> Result<Box<dyn Comparison>> {
        if reference.weighted || reference.grouped {
            if !reference.simulated.is_empty() {
                return Err(Error::unsupported(
                    "expected independent summaries of events with weights or groups, found those of a cross-fitted summary",
                ));
            }
            return Ok(Box::new(AgainstWeighted::new(reference.values)?));
        }
        let gaps = Arc::new(Gaps::new(reference.values.one()?)?);
        let simulated = reference.simulated.to_vec();
        if let Some(x) = simulated.iter().find(|x| !x.is_finite() || **x <= 0.0) {
            return Err(Error::data(format!("simulated null law: expected positive distances, found {x}")));
        }
        let ties = if simulated.is_empty() { Ties::of(gaps.below()) } else { None };
        Ok(Box::new(AgainstReference { gaps, simulated, ties }))
    }
}

struct AgainstReference {
    gaps: Arc<Gaps>,
    /// Simulated distances, rescaled, if the samples are not independent.
    simulated: Vec<f64>,
    /// The law of the distance, if reference values repeat.
    ties: Option<Ties>,
}

impl Comparison for AgainstReference {
    fn value_names(&self) -> Vec<String> {
        vec!["distance".into()]
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(GapCounts::new(self.gaps.clone()))
    }

    fn measure(&self, curves: &Curves<'_>, k: usize) -> Result<Measured> {
        Ok(Measured { value: mean_distance(curves, k), statistical: None, model: None })
    }

    fn limit(&self, curves: &Curves<'_>, _level: f64) -> Result<Limit> {
        last_distance(curves)
    }

    fn null(&self, _curves: &Curves<'_>, n: f64, probabilities: &[f64]) -> Result<NullLaw> {
        let n_reference = self.gaps.reference_events() as f64;
        let independent = kolmogorov::TwoSample::new(n, n_reference).with_ties(self.ties.as_ref());
        let law =
            if self.simulated.is_empty() { independent } else { independent.scaled_to(&self.simulated) };
        Ok(NullLaw { mean: law.mean(), quantiles: probabilities.iter().map(|&p| law.quantile(p)).collect() })
    }
}

impl Accumulator for GapCounts {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        self.add(values.one()?);
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(self.counts().iter().map(|&c| c as f64).collect())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        expect_length("gap counts", self.counts().len(), state.len())?;
        self.add_counts(state.iter().map(|&c| c as u64));
        Ok(())
    }

    fn values(&self) -> Result<Vec<f64>> {
        Ok(vec![self.distance().value()])
    }
}
