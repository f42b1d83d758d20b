//! Tests of summaries that are fitted to events.

use super::fit::{fit_to, with_fit};
use super::outcome::{Verdict, ensure, ensure_finite, ensure_same, skip};
use super::subject::{Subject, Test};
use super::summary::Summarizing;
use crate::abi::{LoadedFittedSummary, LoadedSummary};
use crate::{Result, TrainingUse};

pub const TESTS: &[Test] = &[
    Test::new("fit", "A fit gives the same finite parameters again, and a function of them", fit),
    Test::new(
        "pseudo-experiments",
        "Pseudo-experiments have a number for each event, are the same again, and differ from each other",
        pseudo_experiments,
    ),
];

/// A fitted summary, and the events that it is fitted to.
fn with_fitted(
    subject: &Subject<'_>,
    test: impl FnOnce(&LoadedFittedSummary, &Summarizing) -> Verdict,
) -> Verdict {
    let summarizing = Summarizing::new(subject)?;
    match &summarizing.statistic {
        LoadedSummary::Fixed(_) => skip("it is not fitted to events"),
        LoadedSummary::Fitted(fitted) => test(fitted, &summarizing),
    }
}

fn fit(subject: &Subject<'_>) -> Verdict {
    with_fitted(subject, |fitted, summarizing| {
        let Summarizing { events, seed, .. } = summarizing;
        if let TrainingUse::Held { training_fraction } = fitted.needs().training {
            ensure(training_fraction > 0.0 && training_fraction < 1.0, || {
                format!(
                    "expected a fraction of the training events above 0 and below 1, found {training_fraction}"
                )
            })?;
        }
        let wide = |parameters: Vec<f32>| parameters.into_iter().map(f64::from).collect::<Vec<_>>();
        let parameters = || -> Result<Vec<f64>> { Ok(wide(fit_to(fitted, events, *seed, subject.context)?)) };
        let found = parameters()?;
        ensure_same("parameters of two fits with one seed", &found, &parameters()?)?;
        let other = with_fit(fitted, events, 1, (*seed, subject.context), |fit| fitted.fit(fit))?.parameters;
        ensure_same("parameters with other unseen events", &found, &wide(other))?;
        ensure_finite("parameters", found)?;
        ensure_finite("summaries", summarizing.numbers(&events.batch())?)
    })
}

/// Pseudo-experiments that are drawn: each is a fit.
const DRAWN: u64 = 3;

fn pseudo_experiments(subject: &Subject<'_>) -> Verdict {
    with_fitted(subject, |fitted, Summarizing { events, seed, .. }| {
        let count = fitted.pseudo_experiments();
        if count == 0 {
            return skip("it has no pseudo-experiments");
        }
        ensure(fitted.needs().cross_fitted(), || {
            format!("expected none, since training events are held back, found {count} pseudo-experiments")
        })?;
        let draw = |number: u64| {
            with_fit(fitted, events, 0, (*seed, subject.context), |fit| fitted.pseudo_experiment(fit, number))
        };
        // That they have a finite number for each event is checked where they cross the boundary.
        let found = (0..count.min(DRAWN)).map(draw).collect::<Result<Vec<_>>>()?;
        let last = found.len() as u64 - 1;
        ensure_same("a pseudo-experiment, again and out of order", &found[last as usize], &draw(last)?)?;
        for (i, experiment) in found.iter().enumerate() {
            ensure(!experiment.generated.is_empty(), || "expected generated events, found none".into())?;
            ensure(!found[..i].contains(experiment), || {
                format!("pseudo-experiment {i} is the same as an earlier one")
            })?;
        }
        Ok(())
    })
}
