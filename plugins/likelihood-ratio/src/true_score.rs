//! The score of the truth for a shift.

use amplicast_sdk::{
    Batch, Component, Error, Result, Schema, Summary, SummaryNeeds, SummaryStatistic, config, expect_length,
};

config! {
    /// The score of the truth: how the logarithm of its density changes with a shift of it.
    pub struct TrueScoreConfig {}
}

/// d log p_true(x - theta) / d theta at theta = 0, a number for each column; label `true-score`.
///
/// Its mean over a sample is, to first order, all that the sample knows of a shift theta of the truth: n training events know it to the
/// variance 1 / (n I), with I the covariance of the score (Fisher), and what is made of these events alone knows no more
/// (Matchev et al. 2022, section 3). So the metric `mean` of this summary has G = 1 for a generator that keeps all the information on a
/// shift, and less for any other one that follows its events: G is the part that it keeps.
#[derive(Debug, Clone)]
pub struct TrueScore;

impl Component for TrueScore {
    type Config = TrueScoreConfig;
    const NAME: &'static str = "true-score";
    const ABOUT: &'static str = "The score of the truth for a shift, where its density is known";

    fn new(_config: TrueScoreConfig) -> Result<Self> {
        Ok(TrueScore)
    }
}

impl SummaryStatistic for TrueScore {
    fn label(&self) -> String {
        "true-score".into()
    }

    fn numbers(&self, schema: &Schema) -> Vec<String> {
        schema.column_names().iter().map(|name| format!("score of {name}")).collect()
    }

    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        arguments.is_empty().then(|| "{}".into())
    }

    fn needs(&self) -> SummaryNeeds {
        SummaryNeeds { true_gradient: true, ..SummaryNeeds::default() }
    }

    fn prepare(&self, _schema: &Schema) -> Result<Box<dyn Summary>> {
        Ok(Box::new(TrueScore))
    }
}

impl Summary for TrueScore {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        let gradient = batch
            .true_gradient
            .ok_or_else(|| Error::data("expected the gradient of the true density, found none"))?;
        expect_length("summaries", gradient.len(), out.len())?;
        out.iter_mut().zip(gradient).for_each(|(score, gradient)| *score = -gradient);
        Ok(())
    }
}

amplicast_sdk::register_summary!(TrueScore);

#[cfg(test)]
mod tests {
    use amplicast_sdk::Origin;
    use amplicast_sdk::ndarray::Array2;

    use super::*;

    #[test]
    fn a_shift_of_the_truth_is_one_of_the_events_the_other_way() {
        let events = Array2::zeros((2, 2));
        let gradient = [1.0, -2.0, 0.5, 0.0];
        let batch =
            Batch { true_gradient: Some(&gradient), ..Batch::new(events.view(), Origin::Generated, &[0, 1]) };
        let mut out = [f64::NAN; 4];
        TrueScore.evaluate(&batch, &mut out).unwrap();
        assert_eq!(out, [-1.0, 2.0, -0.5, 0.0]);
        assert_eq!(TrueScore.numbers(&Schema::columns(["x", "y"])), ["score of x", "score of y"]);
        let bare = Batch::new(events.view(), Origin::Generated, &[0, 1]);
        let error = TrueScore.evaluate(&bare, &mut out).unwrap_err();
        assert_eq!(error.message(), "expected the gradient of the true density, found none");
    }
}
