//! Tests of summary statistics.

use ndarray::Axis;

use super::inputs::{self, Events};
use super::memory::keeps_nothing;
use super::outcome::{Verdict, ensure, ensure_finite, ensure_same, fail, skip};
use super::subject::{Subject, Test};
use super::threads::same_on_two_threads;
use crate::abi::LoadedSummaryStatistic;
use crate::{Batch, Context, ErrorKind, Origin, Result, Seed, Summary, SummaryFit};

pub const TESTS: &[Test] = &[
    Test::new("label", "Its label is its name with arguments, and stands for the same summary", label),
    Test::new("finite", "It writes a finite number for each event", finite),
    Test::new("seed", "The same events give the same numbers", deterministic),
    Test::new(
        "event-by-event",
        "An event's number does not depend on the other events of its batch",
        event_by_event,
    ),
    Test::new(
        "equal-events",
        "Events that are like their neighbors have the numbers that they have alone",
        equal_events,
    ),
    Test::new("again", "An event has the same number whenever it is asked for, and is kept nowhere", again),
    Test::new("empty-batch", "A batch without events is no error", empty_batch),
    Test::new("threads", "Two threads get what one gets", threads),
    Test::new("fit", "A fit gives the same finite parameters again, and a function of them", fit),
    Test::new(
        "simulated-null",
        "Simulated distances are finite, positive, and the same again",
        simulated_null,
    ),
];

/// A summary with events that it can be computed on.
pub struct Summarizing {
    pub statistic: LoadedSummaryStatistic,
    pub summary: Box<dyn Summary>,
    pub events: Events,
    pub seed: Seed,
}

impl Summarizing {
    /// On the first events that it can be computed on.
    pub fn new(subject: &Subject<'_>) -> Verdict<Self> {
        Self::on(subject, inputs::all(subject.seed(1)))
    }

    /// On the first of these events that it can be computed on.
    pub fn on(subject: &Subject<'_>, sets: impl Iterator<Item = Events>) -> Verdict<Self> {
        let statistic = subject.summary()?;
        let seed = subject.seed(23);
        let mut first_refusal = None;
        for events in sets {
            match statistic.prepare(&events.schema) {
                Ok(_) if statistic.needs().fit.is_some() => {
                    let parameters = fit_to(&statistic, &events, seed, subject.context)?;
                    let summary = statistic.fitted(&events.schema, &parameters)?;
                    return Ok(Summarizing { statistic, summary, events, seed });
                }
                Ok(summary) => return Ok(Summarizing { statistic, summary, events, seed }),
                Err(error) if error.kind() == ErrorKind::Plugin => {
                    return fail(format!("{}: {error}", events.title()));
                }
                Err(error) => _ = first_refusal.get_or_insert(format!("{}: {error}", events.title())),
            }
        }
        skip(format!(
            "it can be computed on none of the suite's events: {}",
            first_refusal.unwrap_or_default()
        ))
    }

    /// Its numbers of a batch.
    pub fn numbers(&self, batch: &Batch<'_>) -> Result<Vec<f64>> {
        let mut out = vec![f64::NAN; batch.values.nrows()];
        self.summary.evaluate(batch, &mut out)?;
        Ok(out)
    }

    /// Which events of a batch have the summary.
    pub fn defined(&self, batch: &Batch<'_>) -> Result<Vec<bool>> {
        Ok(self.summary.defined(batch)?.unwrap_or_else(|| vec![true; batch.values.nrows()]))
    }

    /// Some of the events.
    pub fn part(&self, range: std::ops::Range<usize>) -> Batch<'_> {
        self.events.batch().part(range)
    }
}

fn label(subject: &Subject<'_>) -> Verdict {
    let summarizing = Summarizing::new(subject)?;
    let (label, axis) = (summarizing.statistic.label(), summarizing.statistic.axis());
    ensure(!axis.trim().is_empty(), || "expected a text for axes, found none".into())?;
    let (name, arguments) = label.split_once(':').unwrap_or((label, ""));
    ensure(name == subject.component.name, || {
        format!("expected a label such as `{0}` or `{0}:1,2`, found `{label}`", subject.component.name)
    })?;
    let arguments: Vec<&str> = if arguments.is_empty() { Vec::new() } else { arguments.split(',').collect() };
    let config = match subject.component.config_of_arguments(&arguments, &subject.caller())? {
        Some(config) => config,
        None if arguments.is_empty() => "{}".into(),
        None => return ensure(false, || format!("its label `{label}` stands for no configuration")),
    };
    let again = subject.component.summary(&config, subject.caller())?;
    ensure(again.label() == label, || {
        format!(
            "its label `{label}` stands for the configuration {config}, whose label is `{}`",
            again.label()
        )
    })?;
    if again.needs().fit.is_some() {
        // It is what it was fitted to.
        return Ok(());
    }
    let (batch, other) = (summarizing.events.batch(), again.prepare(&summarizing.events.schema)?);
    let mut out = vec![f64::NAN; batch.values.nrows()];
    other.evaluate(&batch, &mut out)?;
    ensure_same(
        &format!("the summary and the one that `{label}` stands for"),
        &summarizing.numbers(&batch)?,
        &out,
    )
}

fn finite(subject: &Subject<'_>) -> Verdict {
    let summarizing = Summarizing::new(subject)?;
    ensure_finite("summaries", summarizing.numbers(&summarizing.events.batch())?)
}

fn deterministic(subject: &Subject<'_>) -> Verdict {
    let (first, anew) = (Summarizing::new(subject)?, Summarizing::new(subject)?);
    let numbers = first.numbers(&first.events.batch())?;
    ensure_same("summaries of the same events", &numbers, &first.numbers(&first.events.batch())?)?;
    ensure_same("summaries, made anew", &numbers, &anew.numbers(&anew.events.batch())?)
}

fn event_by_event(subject: &Subject<'_>) -> Verdict {
    let summarizing = Summarizing::new(subject)?;
    let together = summarizing.numbers(&summarizing.events.batch())?;
    for (i, number) in together.iter().enumerate().step_by(17) {
        let alone = summarizing.numbers(&summarizing.part(i..i + 1))?;
        ensure(alone[0] == *number, || format!("event {i}: {number} in a batch, {} alone", alone[0]))?;
    }
    let mut first = 0;
    for n in inputs::ODD_NUMBERS {
        let part = summarizing.numbers(&summarizing.part(first..first + n))?;
        ensure(part == together[first..first + n], || {
            format!(
                "events {first} to {}: other numbers in a batch of {n} than in one of {}",
                first + n - 1,
                together.len()
            )
        })?;
        first += n;
    }
    Ok(())
}

/// Events of a batch in which each occurs several times, and how often.
const REPEATED: (usize, usize) = (32, 3);

fn equal_events(subject: &Subject<'_>) -> Verdict {
    let summarizing = Summarizing::new(subject)?;
    let (events, times) = REPEATED;
    let select = |list: Vec<usize>| {
        let values = summarizing.events.values.select(Axis(0), &list);
        let mut selected = Events::new(summarizing.events.schema.clone(), values);
        selected.rows = list.iter().map(|&i| summarizing.events.rows[i]).collect();
        selected
    };
    let expected = summarizing.numbers(&summarizing.part(0..events))?;
    let ways = [
        ("in succession", (0..events * times).map(|k| k / times).collect::<Vec<_>>()),
        ("in turns", (0..events * times).map(|k| k % events).collect()),
    ];
    for (how, list) in ways {
        let found = summarizing.numbers(&select(list.clone()).batch())?;
        let differs = |(i, x): (&usize, &f64)| expected[*i].to_bits() != x.to_bits();
        if let Some(k) = list.iter().zip(&found).position(differs) {
            let (usual, found) = (expected[list[k]], found[k]);
            return fail(format!("an event {times} times {how}: {usual} usually, {found} at place {k}"));
        }
    }
    let alike = summarizing.numbers(&select(vec![0; events]).batch())?;
    ensure(alike.iter().all(|x| x.to_bits() == expected[0].to_bits()), || {
        format!("{events} events that are all alike: {} usually, found {alike:?}", expected[0])
    })
}

/// Events that are asked for again and again.
const AGAIN: usize = 1 << 14;

fn again(subject: &Subject<'_>) -> Verdict {
    let summarizing = Summarizing::new(subject)?;
    let events = summarizing.events.more(subject.seed(28), AGAIN);
    let first = summarizing.numbers(&events.batch())?;
    let mut out = first.clone();
    keeps_nothing("summaries", || {
        summarizing.summary.evaluate(&events.batch(), &mut out)?;
        ensure_same("summaries of the same events, again and again", &first, &out)?;
        Ok(8 * AGAIN)
    })
}

fn empty_batch(subject: &Subject<'_>) -> Verdict {
    let summarizing = Summarizing::new(subject)?;
    let numbers = summarizing.numbers(&summarizing.part(0..0))?;
    ensure(numbers.is_empty(), || "expected no number".into())
}

fn threads(subject: &Subject<'_>) -> Verdict {
    let summarizing = Summarizing::new(subject)?;
    let half = summarizing.events.rows.len() / 2;
    same_on_two_threads(subject.context, "summaries", |i| {
        summarizing.numbers(&summarizing.part(i * half..(i + 1) * half))
    })
}

fn fit(subject: &Subject<'_>) -> Verdict {
    let Summarizing { statistic, summary, events, seed } = Summarizing::new(subject)?;
    let Some(needs) = statistic.needs().fit else { return skip("it is not fitted to events") };
    let fraction = needs.training_fraction;
    ensure(needs.cross_fitted || (fraction > 0.0 && fraction < 1.0), || {
        format!(
            "expected a fraction of the training events above 0 and below 1, found {}",
            needs.training_fraction
        )
    })?;
    let parameters = || -> Result<Vec<f64>> {
        Ok(fit_to(&statistic, &events, seed, subject.context)?.into_iter().map(f64::from).collect())
    };
    let found = parameters()?;
    ensure_same("parameters of two fits with one seed", &found, &parameters()?)?;
    let other =
        with_fit(&statistic, &events, 1, (seed, subject.context), |fit| statistic.fit(fit))?.parameters;
    let other: Vec<f64> = other.into_iter().map(f64::from).collect();
    ensure_same("parameters with other unseen events", &found, &other)?;
    ensure_finite("parameters", found)?;
    let mut out = vec![f64::NAN; events.rows.len()];
    summary.evaluate(&events.batch(), &mut out)?;
    ensure_finite("summaries", out)
}

fn simulated_null(subject: &Subject<'_>) -> Verdict {
    if !subject.summary()?.needs().fit.is_some_and(|needs| needs.cross_fitted) {
        return skip("it is not cross-fitted");
    }
    let Summarizing { statistic, events, seed, .. } = Summarizing::new(subject)?;
    let values =
        || with_fit(&statistic, &events, 0, (seed, subject.context), |fit| statistic.simulated_null(fit));
    let found = values()?;
    ensure_same("two simulations with one seed", &found, &values()?)?;
    match found.iter().find(|x| !x.is_finite() || **x <= 0.0) {
        None => Ok(()),
        Some(x) => ensure(false, || format!("expected finite positive distances, found {x}")),
    }
}

fn fit_to(
    statistic: &LoadedSummaryStatistic,
    events: &Events,
    seed: Seed,
    context: &dyn Context,
) -> Result<Vec<f32>> {
    Ok(with_fit(statistic, events, 0, (seed, context), |fit| statistic.fit(fit))?.parameters)
}

/// Fits to the first eighth of the events as true ones, and to the last half as generated ones; what lies between is unseen,
/// without its first `skipped` events.
fn with_fit<T>(
    statistic: &LoadedSummaryStatistic,
    events: &Events,
    skipped: usize,
    (seed, context): (Seed, &dyn Context),
    call: impl FnOnce(&SummaryFit<'_>) -> Result<T>,
) -> Result<T> {
    let n = events.rows.len();
    let generated = Batch { origin: Origin::Generated, ..events.batch().part(n / 2..n) };
    let cross_fitted = statistic.needs().fit.is_some_and(|needs| needs.cross_fitted);
    let unseen = if cross_fitted { 0..0 } else { n / 8 + skipped..n / 2 };
    call(&SummaryFit {
        schema: &events.schema,
        training: events.batch().part(0..n / 8),
        unseen: events.batch().part(unseen),
        generated,
        seed,
        context,
    })
}
