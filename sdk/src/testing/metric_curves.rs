//! Tests of metrics on long streams, and of the limit that they tend to.

use std::time::{Duration, Instant};

use ndarray::Array3;

use super::inputs::normals;
use super::metric::{Comparing, curves};
use super::outcome::{Stop, Verdict, ensure, unless_refused};
use super::subject::{Subject, Test};
use crate::{Curves, Values};

pub const TESTS: &[Test] = &[
    Test::new("limit-of-curve", "The limit is what the metric tends to for many events", limit_of_curve),
    Test::new(
        "many-events",
        "The same values many times over, up to two million, change nothing",
        many_events,
    ),
];

/// Checkpoints of members far from the reference: the last is close to the limit.
const CHECKPOINTS: [u64; 4] = [1000, 5000, 20_000, 60_000];
const MEMBERS: usize = 8;
/// By how much the limit may differ from the metric at the last checkpoint, relative to it, beside the last step's change.
const CLOSE: f64 = 0.15;

fn limit_of_curve(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let members = MEMBERS.max(comparing.metric.least_members() as usize);
    let shifts = normals(subject.seed(57), members, 0.0);
    let generated: Vec<Vec<f64>> = (0..)
        .zip(&shifts)
        .map(|(i, z)| normals(subject.seed(58).index(i), CHECKPOINTS[3] as usize, 0.8 + 0.3 * z))
        .collect();
    let values = curves(&*comparing.comparison, &generated, &CHECKPOINTS)?;
    let passed: Vec<u64> = (0..members).flat_map(|_| CHECKPOINTS).collect();
    let curves = Curves {
        generated: &CHECKPOINTS,
        passed: &passed,
        values: values.view(),
        n_effective: members as f64,
    };
    let last = CHECKPOINTS.len() - 1;
    let (before, end) = (
        comparing.comparison.measure(&curves, last - 1)?.value,
        comparing.comparison.measure(&curves, last)?.value,
    );
    let limit = comparing.comparison.limit(&curves, 0.68)?;
    let tolerance = CLOSE * end.abs() + 3.0 * (end - before).abs();
    ensure((limit.value - end).abs() <= tolerance, || {
        format!(
            "{members} members far from the reference: the metric is {before:.5} for {} events, {end:.5} for {}; expected a \
             limit within {tolerance:.5} of that, found {:.5}",
            CHECKPOINTS[last - 1],
            CHECKPOINTS[last],
            limit.value
        )
    })
}

/// Values that come again and again, and how often.
const BLOCK: usize = 2000;
const TIMES: [usize; 4] = [10, 20, 100, 1100];
const TIME: Duration = Duration::from_secs(1);
/// Relative change that an approximate accumulator may make, beside a few times that from the first number to the second.
const APPROXIMATE: f64 = 0.02;

fn many_events(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let members = comparing.metric.least_members().max(1) as usize;
    let blocks: Vec<Vec<f64>> = (0..members)
        .map(|i| normals(subject.seed(59).index(i as u64), BLOCK, 0.4 + 0.2 * i as f64))
        .collect();
    let mut accumulators: Vec<_> = blocks.iter().map(|_| comparing.comparison.accumulator()).collect();
    let start = Instant::now();
    let (mut fed, mut found) = (0, Vec::new());
    for times in TIMES {
        while fed < times {
            accumulators
                .iter_mut()
                .zip(&blocks)
                .try_for_each(|(a, block)| a.update(Values::single(block)))?;
            fed += 1;
        }
        let n = (fed * BLOCK) as u64;
        let mut values = Array3::zeros((members, 1, comparing.comparison.value_names().len()));
        for (i, accumulator) in accumulators.iter().enumerate() {
            accumulator.values()?.into_iter().enumerate().for_each(|(v, x)| values[[i, 0, v]] = x);
        }
        let curves = Curves {
            generated: &[n],
            passed: &vec![n; members],
            values: values.view(),
            n_effective: members as f64,
        };
        let Some(measured) = unless_refused("the metric", comparing.comparison.measure(&curves, 0))? else {
            return Ok(());
        };
        found.push((n, measured.value));
        if let [first, second, .., last] = found[..] {
            // A metric that knows of the number of events changes with it from the first to the second.
            let usual = (second.1 - first.1).abs();
            let scale = first.1.abs().max(second.1.abs());
            if usual > APPROXIMATE * scale {
                return Ok(());
            }
            ensure((last.1 - first.1).abs() <= APPROXIMATE * scale + 3.0 * usual, || {
                format!(
                    "the same {BLOCK} values again and again: the metric is {:.6} for {} events, {:.6} for {}, {:.6} for {}",
                    first.1, first.0, second.1, second.0, last.1, last.0
                )
            })?;
        }
        if times < TIMES[3] && start.elapsed() > TIME {
            return Err(Stop::Partial(format!("{n} of {} events in its time", TIMES[3] * BLOCK)));
        }
    }
    Ok(())
}
