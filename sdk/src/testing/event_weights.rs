//! Tests of what is done with event weights: by a dataset that has some, and by generators and metrics that say that they can.

use ndarray::Array2;

use super::generator::{self, Learning, Prepared, some_parameters};
use super::inputs;
use super::many::each;
use super::metric::close;
use super::outcome::{Verdict, ensure, ensure_finite, ensure_refused, skip, unless_refused};
use super::subject::{Subject, Test};
use crate::{Accumulator, Alone, Batch, Chunk, Model, Reference, ReferenceUse, Result, Split, Values};

pub const DATASET_TESTS: &[Test] = &[Test::new(
    "weights",
    "Events are the same with their weights, which are finite and have a positive sum; without any they are refused",
    of_dataset,
)];

pub const GENERATOR_TESTS: &[Test] = &[Test::new(
    "event-weights",
    "Equal event weights change nothing; others are those of the loss, or of a fit that repeats rows",
    of_generator,
)];

pub const METRIC_TESTS: &[Test] = &[Test::new(
    "event-weights",
    "Weights of 1 change nothing, a weight of 2 is the event twice, and their unit does not matter",
    of_metric,
)];

/// Why events of a dataset are not compared with its law.
pub const WEIGHTED: &str = "its law is that of its events with their weights";

fn of_dataset(subject: &Subject<'_>) -> Verdict {
    let dataset = subject.dataset()?;
    let dimension = dataset.schema().dimension();
    each([Split::Training, Split::Holdout], |split| {
        let most = dataset.capacity(split)?.unwrap_or(u64::MAX).min(inputs::CHUNK as u64) as usize;
        if most == 0 {
            return Ok(());
        }
        let chunk = Chunk { index: 0, first_event: 0, seed: subject.seed(40) };
        let empty = || Array2::from_elem((most, dimension), f64::NAN);
        let (mut plain, mut events, mut weights) = (empty(), empty(), vec![f64::NAN; most]);
        let read = dataset.read_weighted(split, chunk, events.view_mut(), &mut weights);
        if !dataset.weighted() {
            return ensure_refused("weights, which the dataset says it has not", read).map(drop);
        }
        read?;
        dataset.read(split, chunk, plain.view_mut())?;
        ensure(plain == events, || "with their weights other events are read".into())?;
        ensure_finite("weights", weights.iter().copied())?;
        let sum: f64 = weights.iter().sum();
        ensure(sum > 0.0, || format!("expected weights with a positive sum, found {sum}"))?;
        let mut again = vec![f64::NAN; most];
        dataset.read_weighted(split, chunk, events.view_mut(), &mut again)?;
        ensure(again == weights, || "read again, the weights are others".into())
    })
}

/// The learning's training set with these weights.
fn prepared(learning: &Learning, weights: &[f64]) -> Result<Prepared> {
    let batch = learning.training.batch();
    let batch = Batch { weights: Some(weights), ..batch };
    generator::prepared(&learning.generator, &batch, &learning.training.schema)
}

fn of_generator(subject: &Subject<'_>) -> Verdict {
    each(Learning::two(subject)?, |learning| {
        if !learning.generator.abilities().weights {
            return skip("it takes no event weights, as it says");
        }
        let rows = &learning.training.rows;
        let plain = learning.model()?;
        let parameters = some_parameters(&plain, &learning)?;
        let equal = prepared(&learning, &vec![2.0; rows.len()])?;
        let same = some_parameters(&equal, &learning)?;
        ensure(same == parameters, || {
            "events of weight 2 each give other parameters than without weights".into()
        })?;
        let twice: Vec<f64> = rows.iter().map(|row| 1.0 + f64::from(u8::from(row % 3 == 0))).collect();
        let weighted = prepared(&learning, &twice)?;
        let Some(gradients) = plain.gradients() else {
            return as_rows_twice(&learning, (&plain, &weighted), &twice);
        };
        let loss = |of: &dyn crate::Differentiable, weights: Option<&[f64]>| {
            let mut gradient = vec![0.0; parameters.len()];
            let loss = of.loss_and_gradient(&parameters, rows, weights, learning.seed(5), &mut gradient)?;
            Ok::<_, crate::Error>((loss, gradient))
        };
        let own =
            weighted.gradients().ok_or_else(|| crate::Error::plugin("expected gradients, found none"))?;
        let (expected, found) = (loss(gradients, Some(&twice))?, loss(own, None)?);
        let near = |a: f64, b: f64, scale: f64| (a - b).abs() <= 1e-4 * (1.0 + scale);
        ensure(near(expected.0, found.0, expected.0.abs()), || {
            format!("weights of events and of a loss: losses {} and {}", found.0, expected.0)
        })?;
        let alone = own.loss(&parameters, rows, learning.seed(5))?;
        ensure(near(alone, found.0, expected.0.abs()), || {
            format!("the loss alone is {alone}, with its gradient {}", found.0)
        })?;
        let largest = expected.1.iter().fold(0.0_f64, |m, g| m.max(f64::from(g.abs())));
        let pairs = expected.1.iter().zip(&found.1);
        let off = pairs.map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max);
        ensure(near(off, 0.0, largest), || {
            format!("weights of events and of a loss: gradients differ by {off}")
        })
    })
}

/// A fit without a loss: to events some of which have the weight 2, and to rows of which those stand twice.
fn as_rows_twice(learning: &Learning, (plain, weighted): (&Prepared, &Prepared), twice: &[f64]) -> Verdict {
    let rows = &learning.training.rows;
    let repeated: Vec<u64> = rows.iter().flat_map(|&row| vec![row; twice[row as usize] as usize]).collect();
    let fit = |model: &Prepared, rows: &[u64], seed: u64| {
        model.fit(rows, &inputs::settings(), learning.seed(seed), &Alone)
    };
    let (first, second) = (fit(weighted, rows, 3)?, fit(plain, &repeated, 3)?);
    let size = |list: &[f32]| list.iter().map(|x| f64::from(x.abs())).sum::<f64>();
    // A number of times has no unit of its own.
    let ratio = size(&second) / size(&first);
    let pairs = first.iter().zip(&second);
    let off = pairs.map(|(a, b)| (ratio * f64::from(*a) - f64::from(*b)).abs()).fold(0.0, f64::max);
    if off <= 1e-4 * size(&second) {
        return Ok(());
    }
    // Parameters may be the bytes of anything: then events tell, unless each training has events of its own.
    if fit(plain, &repeated, 4)? != second {
        return skip("its training is random: a weight of 2 and the row twice differ by chance");
    }
    let drawn = |model: &Prepared, parameters: &[f32]| -> Result<Array2<f64>> {
        let mut events = Array2::from_elem((500, learning.training.schema.dimension()), f64::NAN);
        model.at(parameters)?.sample(inputs::chunk(learning.seed(6), 0), events.view_mut())?;
        Ok(events)
    };
    let (first, second) = (drawn(weighted, &first)?, drawn(plain, &second)?);
    for (column, (a, b)) in first.columns().into_iter().zip(second.columns()).enumerate() {
        let off = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        ensure(off <= 1e-4 * b.std(0.0), || {
            format!("a weight of 2 and the row twice: events differ by {off} in column {column}")
        })?;
    }
    Ok(())
}

/// Events of whose values is asked.
const FEW: usize = 20;

fn of_metric(subject: &Subject<'_>) -> Verdict {
    let metric = subject.metric()?;
    if !metric.weights() {
        return skip("it takes no event weights, as it says");
    }
    let events = inputs::normals(subject.seed(62), 400, 0.0);
    let ones = vec![1.0; events.len()];
    let twice: Vec<f64> = (0..events.len()).map(|i| 1.0 + f64::from(u8::from(i % 3 == 0))).collect();
    let weighted = |w| Values { w: Some(w), ..Values::single(&events) };
    let comparison = match metric.reference() {
        ReferenceUse::Values => metric.compare(&Reference::sample(weighted(&twice)))?,
        ReferenceUse::Quantiles(list) => {
            let quantiles: Vec<f64> = (0..list.len()).map(|i| i as f64).collect();
            metric.compare(&Reference { weighted: true, ..Reference::quantiles(1, &quantiles) })?
        }
    };
    let after = |values: Values<'_>| -> Result<Box<dyn Accumulator>> {
        let mut accumulator = comparison.accumulator();
        accumulator.update(values)?;
        Ok(accumulator)
    };
    // So few that a metric that looks at the first events alone sees all, with those that stand twice.
    let few = Values::single(&events[..FEW]);
    let (few_ones, few_twice) = (Some(&ones[..FEW]), Some(&twice[..FEW]));
    let repeated: Vec<f64> =
        few.list()?.iter().zip(&twice).flat_map(|(x, w)| vec![*x; *w as usize]).collect();
    let plain = after(few)?.values()?;
    let of_ones = after(Values { w: few_ones, ..few });
    let Some(of_ones) = unless_refused("weights of 1", of_ones)? else { return Ok(()) };
    close("values without weights and with weights of 1", &plain, &of_ones.values()?)?;
    let first = after(Values { w: few_twice, ..few })?.values()?;
    let second = after(Values::single(&repeated))?.values()?;
    let expectations = |values: &[f64], n: usize| comparison.expectations(values, n as u64);
    match (expectations(&first, FEW)?, expectations(&second, repeated.len())?) {
        (Some(first), Some(second)) => {
            close("means with weights of 2, and of events twice", &first.means, &second.means)?;
        }
        _ => close("values with weights of 2, and of events twice", &first, &second)?,
    }
    let triple: Vec<f64> = twice.iter().map(|w| 3.0 * w).collect();
    let sizes = [&ones, &twice, &triple].map(|w| comparison.effective_events(weighted(w)));
    let [of_ones, of_twice, of_triple] = sizes;
    let (of_ones, of_twice, of_triple) = (of_ones?, of_twice?, of_triple?);
    let n = events.len() as f64;
    ensure((of_ones / n - 1.0).abs() < 0.1, || format!("{n} events of weight 1 count as {of_ones}"))?;
    ensure((of_twice / of_triple - 1.0).abs() < 1e-9, || {
        format!("effective events are {of_twice}, with weights three times as large {of_triple}")
    })
}
