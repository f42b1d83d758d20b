//! Tests of summary statistics.

use ndarray::Axis;

use super::fit::fit_to;
use super::inputs::{self, Events};
use super::memory::keeps_nothing;
use super::outcome::{Verdict, ensure, ensure_finite, ensure_same, fail, skip};
use super::subject::{Subject, Test};
use super::threads::same_on_two_threads;
use crate::abi::LoadedSummary;
use crate::{Batch, Context, ErrorKind, Result, Seed, Summary};

pub const TESTS: &[Test] = &[
    Test::new("label", "Its label is its name with arguments, and stands for the same summary", label),
    Test::new("numbers", "Its numbers have names, always the same, and it writes no more of them", numbers),
    Test::new("finite", "It writes finite numbers for each event", finite),
    Test::new("seed", "The same events give the same numbers", deterministic),
    Test::new(
        "event-by-event",
        "An event's numbers do not depend on the other events of its batch",
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
];

/// A summary with events that it can be computed on.
pub struct Summarizing {
    pub statistic: LoadedSummary,
    pub summary: Box<dyn Summary>,
    pub events: Events,
    pub seed: Seed,
    /// Numbers of an event.
    pub width: usize,
}

/// The function for these events: of a fitted summary, that of a fit to some of them.
fn function(
    statistic: &LoadedSummary,
    events: &Events,
    seed: Seed,
    context: &dyn Context,
) -> Result<Box<dyn Summary>> {
    match statistic {
        LoadedSummary::Fixed(fixed) => fixed.prepare(&events.schema),
        LoadedSummary::Fitted(fitted) => {
            fitted.fitted(&events.schema, &fit_to(fitted, events, seed, context)?)
        }
    }
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
            match statistic.check(&events.schema) {
                Ok(()) => {
                    let summary = function(&statistic, &events, seed, subject.context)?;
                    let width = statistic.numbers(&events.schema)?.len();
                    return Ok(Summarizing { statistic, summary, events, seed, width });
                }
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

    /// Its numbers of a batch, one event after the other.
    pub fn numbers(&self, batch: &Batch<'_>) -> Result<Vec<f64>> {
        let mut out = vec![f64::NAN; self.width * batch.values.nrows()];
        self.summary.evaluate(batch, &mut out)?;
        Ok(out)
    }

    /// The numbers of event `i` among those of a batch.
    pub fn of<'n>(&self, numbers: &'n [f64], i: usize) -> &'n [f64] {
        &numbers[i * self.width..(i + 1) * self.width]
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
    // One that is fitted is what it was fitted to.
    let LoadedSummary::Fixed(again) = again else { return Ok(()) };
    let (batch, other) = (summarizing.events.batch(), again.prepare(&summarizing.events.schema)?);
    let mut out = vec![f64::NAN; summarizing.width * batch.values.nrows()];
    other.evaluate(&batch, &mut out)?;
    ensure_same(
        &format!("the summary and the one that `{label}` stands for"),
        &summarizing.numbers(&batch)?,
        &out,
    )
}

fn numbers(subject: &Subject<'_>) -> Verdict {
    let summarizing = Summarizing::new(subject)?;
    let schema = &summarizing.events.schema;
    let mut names = summarizing.statistic.numbers(schema)?;
    ensure_same("names of its numbers", &names, &summarizing.statistic.numbers(schema)?)?;
    names.sort();
    ensure(names.iter().all(|name| !name.trim().is_empty()), || "expected names, found an empty one".into())?;
    ensure(names.windows(2).all(|pair| pair[0] != pair[1]), || {
        format!("expected different names of the numbers, found {}", names.join(", "))
    })
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
    let width = summarizing.width;
    for (i, numbers) in together.chunks(width).enumerate().step_by(17) {
        let alone = summarizing.numbers(&summarizing.part(i..i + 1))?;
        ensure(alone == numbers, || {
            format!("event {i}: {} in a batch, {} alone", text(numbers), text(&alone))
        })?;
    }
    let mut first = 0;
    for n in inputs::ODD_NUMBERS {
        let part = summarizing.numbers(&summarizing.part(first..first + n))?;
        ensure(part == together[width * first..width * (first + n)], || {
            format!(
                "events {first} to {}: other numbers in a batch of {n} than in one of {}",
                first + n - 1,
                together.len() / width
            )
        })?;
        first += n;
    }
    Ok(())
}

/// The numbers of an event, for messages.
pub fn text(numbers: &[f64]) -> String {
    numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")
}

fn bits(numbers: &[f64]) -> impl Iterator<Item = u64> {
    numbers.iter().map(|x| x.to_bits())
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
        let of = |i| summarizing.of(&expected, i);
        let differs = |(i, x): (&usize, &[f64])| !bits(of(*i)).eq(bits(x));
        if let Some(k) = list.iter().zip(found.chunks(summarizing.width)).position(differs) {
            let (usual, found) = (text(of(list[k])), text(summarizing.of(&found, k)));
            return fail(format!("an event {times} times {how}: {usual} usually, {found} at place {k}"));
        }
    }
    let alike = summarizing.numbers(&select(vec![0; events]).batch())?;
    let usual = summarizing.of(&expected, 0);
    ensure(alike.chunks(summarizing.width).all(|x| bits(x).eq(bits(usual))), || {
        format!("{events} events that are all alike: {} usually, found {alike:?}", text(usual))
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
        Ok(8 * summarizing.width * AGAIN)
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
