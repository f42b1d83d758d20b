//! Tests of a metric's accumulator: its memory, few values, extreme ones.

use std::time::{Duration, Instant};

use super::inputs::{ODD_NUMBERS, normals};
use super::memory::resident;
use super::metric::{Comparing, compare, curves};
use super::outcome::{Stop, Verdict, ensure, ensure_finite, unless_refused};
use super::subject::{Subject, Test};
use crate::{Comparison, Curves, Values};

pub const TESTS: &[Test] = &[
    Test::new("bounded", "An accumulator's state and memory do not grow with the number of events", bounded),
    Test::new(
        "few-values",
        "1, 2, 3, 7 and 101 events give finite numbers, or are refused with the reason",
        few_values,
    ),
    Test::new(
        "extreme-values",
        "Zeros, one value only, 1e-30 and 1e9 give finite numbers, or are refused with the reason",
        extreme_values,
    ),
];

/// Values that an accumulator gets at once.
const PIECE: usize = 1 << 16;
/// Pieces: 67 MB of values, which show in the memory of the process if they are kept.
const PIECES: usize = 128;
/// What an accumulator may take for them.
const TIME: Duration = Duration::from_secs(1);

fn bounded(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let values = normals(subject.seed(55), PIECE, 0.0);
    let state = |pieces: usize| -> Verdict<usize> {
        let mut accumulator = comparing.comparison.accumulator();
        (0..pieces)
            .try_for_each(|k| accumulator.update(Values::single(&shifted(&values, k)[..PIECE / 4])))?;
        Ok(accumulator.state()?.len())
    };
    let (few, many) = (state(1)?, state(10)?);
    ensure(many <= 2 * few, || {
        format!(
            "a state of {few} numbers after {} events, of {many} after ten times as many: it keeps the events",
            PIECE / 4
        )
    })?;
    let mut kept = Vec::new();
    let mut grown = 0;
    // Other threads need memory as well: once is no proof.
    for repetition in 0..3 {
        let Some(before) = resident() else {
            return Err(Stop::Partial("the length of the state alone: /proc is not there".into()));
        };
        let start = Instant::now();
        let mut accumulator = comparing.comparison.accumulator();
        let mut fed = 0;
        while fed < PIECES && start.elapsed() < TIME {
            accumulator.update(Values::single(&shifted(&values, fed)))?;
            fed += 1;
        }
        let bytes = 8 * PIECE * fed;
        let more = resident().unwrap_or(before).saturating_sub(before);
        if fed < PIECES / 8 {
            let events = fed * PIECE;
            return Err(Stop::Partial(format!("{events} events in {} s: too few to tell", TIME.as_secs())));
        }
        grown += u32::from(more > bytes / 6);
        ensure(grown < 2, || {
            format!(
                "{} MB more memory after {} events of {} MB: it keeps the events",
                more >> 20,
                fed * PIECE,
                bytes >> 20
            )
        })?;
        if repetition == 1 && grown == 0 {
            break;
        }
        // Kept until the end, or the next one would take the memory that this one leaves.
        kept.push(accumulator);
    }
    Ok(())
}

/// Other values for each piece.
fn shifted(values: &[f64], piece: usize) -> Vec<f64> {
    values.iter().map(|x| x + 1e-3 * piece as f64).collect()
}

/// All that is asked of a comparison, on members that have these values.
fn ask(comparison: &dyn Comparison, generated: &[Vec<f64>]) -> Verdict {
    let n = generated[0].len() as u64;
    // What crosses the boundary is finite, or refused there.
    let Some(values) = unless_refused("values", curves(comparison, generated, &[n]))? else { return Ok(()) };
    let passed = vec![n; generated.len()];
    let curves = Curves {
        generated: &[n],
        passed: &passed,
        values: values.view(),
        n_effective: generated.len() as f64,
    };
    if let Some(measured) = unless_refused("the metric", comparison.measure(&curves, 0))? {
        let parts = [Some(measured.value), measured.statistical, measured.model];
        ensure_finite("the metric", parts.into_iter().flatten())?;
    }
    if let Some(limit) = unless_refused("the limit", comparison.limit(&curves, 0.95))? {
        ensure_finite("the limit", [limit.value])?;
        ensure(limit.low <= limit.value && limit.value <= limit.high, || {
            format!("the limit: expected low <= value <= high, found {limit:?}")
        })?;
    }
    if let Some(law) = unless_refused("the null law", comparison.null(&curves, 100.0, &[0.16, 0.5, 0.84]))? {
        ensure_finite("the null law", law.quantiles.into_iter().chain([law.mean]))?;
    }
    Ok(())
}

fn few_values(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let members = comparing.metric.least_members().max(1) as usize;
    for n in ODD_NUMBERS {
        let few: Vec<Vec<f64>> = (0..members).map(|i| comparing.generated[i % 8][..n].to_vec()).collect();
        ask(&*comparing.comparison, &few).map_err(|stop| stop.at(&format!("{n} events")))?;
        let few_true = normals(subject.seed(56), n, 0.0);
        let what = format!("a reference of {n} events");
        if let Some(comparison) = unless_refused(&what, compare(&comparing.metric, &few_true))? {
            ask(&*comparison, &few).map_err(|stop| stop.at(&what))?;
        }
    }
    Ok(())
}

fn extreme_values(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let members = comparing.metric.least_members().max(1) as usize;
    let usual = &comparing.generated[0][..200];
    let mixed = |value: f64| {
        let mut list = usual.to_vec();
        list[..100].fill(value);
        list
    };
    let sets = [
        ("zeros", vec![0.0; 200]),
        ("one value", vec![0.7; 200]),
        ("1e-30", vec![1e-30; 200]),
        ("half of them one value", mixed(0.25)),
        ("half of them 5001", mixed(5001.0)),
        ("half of them 1e9", mixed(1e9)),
        ("half of them -1e9", mixed(-1e9)),
    ];
    for (what, values) in &sets {
        let generated = vec![values.clone(); members];
        ask(&*comparing.comparison, &generated).map_err(|stop| stop.at(what))?;
        let what = format!("a reference of {what}");
        if let Some(comparison) = unless_refused(&what, compare(&comparing.metric, values))? {
            ask(&*comparison, &generated).map_err(|stop| stop.at(&what))?;
            ask(&*comparison, &vec![usual.to_vec(); members]).map_err(|stop| stop.at(&what))?;
        }
    }
    Ok(())
}
