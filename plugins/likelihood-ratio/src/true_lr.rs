//! The true likelihood ratio.

use amplicast_sdk::{
    Batch, Component, Error, Result, Schema, Summary, SummaryNeeds, SummaryStatistic, config, expect_length,
};

config! {
    /// The logarithm of the generator's density over the truth's.
    pub struct TrueLrConfig {}
}

/// log p_gen(x) - log p_true(x), the most powerful summary of all (Neyman and Pearson): LR_truth of Bahl et al. 2025,
/// section 4, up to sign; label `true-lr`.
///
/// It differs from member to member, and it needs both densities: no real experiment has the second one.
#[derive(Debug, Clone)]
pub struct TrueLr;

impl Component for TrueLr {
    type Config = TrueLrConfig;
    const NAME: &'static str = "true-lr";
    const ABOUT: &'static str =
        "The logarithm of the member's density over the truth's, where both are known";

    fn new(_config: TrueLrConfig) -> Result<Self> {
        Ok(TrueLr)
    }
}

impl SummaryStatistic for TrueLr {
    fn label(&self) -> String {
        "true-lr".into()
    }

    fn axis(&self) -> String {
        "log p_gen / p_true".into()
    }

    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        arguments.is_empty().then(|| "{}".into())
    }

    fn needs(&self) -> SummaryNeeds {
        SummaryNeeds { log_density: true, true_log_density: true, ..SummaryNeeds::default() }
    }

    fn prepare(&self, _schema: &Schema) -> Result<Box<dyn Summary>> {
        Ok(Box::new(TrueLr))
    }
}

impl Summary for TrueLr {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        let missing = || Error::data("expected the densities of the member and of the truth, found none");
        let generated = batch.log_density.ok_or_else(missing)?;
        let truth = batch.true_log_density.ok_or_else(missing)?;
        expect_length("summaries", generated.len(), out.len())?;
        for ((ratio, generated), truth) in out.iter_mut().zip(generated).zip(truth) {
            // Where only one of the densities vanishes the order is kept, with the largest finite number.
            *ratio = (generated - truth).clamp(f64::MIN, f64::MAX);
        }
        Ok(())
    }
}

amplicast_sdk::register_summary!(TrueLr);

#[cfg(test)]
mod tests {
    use amplicast_sdk::Origin;
    use amplicast_sdk::ndarray::Array2;

    use super::*;

    #[test]
    fn the_difference_of_the_logarithms() {
        let events = Array2::zeros((4, 1));
        let batch = Batch {
            log_density: Some(&[-1.0, 0.5, f64::NEG_INFINITY, 0.0]),
            true_log_density: Some(&[-3.0, 0.5, 0.0, f64::NEG_INFINITY]),
            ..Batch::new(events.view(), Origin::Generated, &[0, 1, 2, 3])
        };
        let mut out = [f64::NAN; 4];
        TrueLr.evaluate(&batch, &mut out).unwrap();
        assert_eq!(out, [2.0, 0.0, f64::MIN, f64::MAX]);
    }

    #[test]
    fn without_densities_it_says_what_is_missing() {
        let events = Array2::zeros((1, 1));
        let batch = Batch::new(events.view(), Origin::Generated, &[0]);
        let error = TrueLr.evaluate(&batch, &mut [0.0]).unwrap_err();
        assert_eq!(error.message(), "expected the densities of the member and of the truth, found none");
    }
}
