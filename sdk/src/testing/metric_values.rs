//! Tests of metrics: what they take, how they are shown, and what they make of pseudo-experiments.

use ndarray::Array2;

use super::inputs::normals;
use super::metric::{CHECKPOINTS, Comparing, MEMBERS, close, compare, curves};
use super::outcome::{Verdict, ensure, ensure_finite, ensure_refused, ensure_same, skip, unless_refused};
use super::subject::{Subject, Test};
use crate::{Comparison, Curves, Reference, ReferenceUse, Result, Seed, Takes, Values};

pub const TESTS: &[Test] = &[
    Test::new("takes", "It refuses events of two numbers, or counts each of them", takes),
    Test::new("vectors", "Of events of three numbers the null law is that of true samples", vectors),
    Test::new(
        "weights",
        "Weights of 1 and events of weight 0 change nothing, or weights are refused",
        weights,
    ),
    Test::new("shown", "It has words for its axis and its figure, and the parts that it says", shown),
    Test::new(
        "simulate",
        "Pseudo-experiments give the same finite numbers again, which make a law",
        simulate,
    ),
];

/// `n` events of numbers of different means and widths.
fn vectors_of(seed: Seed, n: usize, numbers: usize) -> Array2<f64> {
    let list = normals(seed, n * numbers, 0.0);
    Array2::from_shape_fn((n, numbers), |(i, k)| 3.0 * k as f64 + 4f64.powi(k as i32) * list[i * numbers + k])
}

/// The comparison with these events, of which the metric may ask for nothing.
fn comparison(subject: &Subject<'_>, events: &Array2<f64>) -> Verdict<Result<Box<dyn Comparison>>> {
    let metric = subject.metric()?;
    Ok(match metric.reference() {
        ReferenceUse::Values => metric.compare(&Reference::sample(Values::new(events.view()))),
        ReferenceUse::Quantiles(list) => {
            let quantiles: Vec<f64> = (0..list.len()).map(|i| i as f64).collect();
            metric.compare(&Reference::quantiles(events.ncols(), &quantiles))
        }
    })
}

/// What an accumulator holds after these events.
fn after(comparison: &dyn Comparison, pieces: &[Values<'_>]) -> Result<Vec<f64>> {
    let mut accumulator = comparison.accumulator();
    pieces.iter().try_for_each(|piece| accumulator.update(*piece))?;
    accumulator.values()
}

fn takes(subject: &Subject<'_>) -> Verdict {
    let events = vectors_of(subject.seed(60), 400, 2);
    if subject.metric()?.takes() == Takes::One {
        // Where it first sees them.
        return match comparison(subject, &events)? {
            Ok(comparison) => {
                let found = after(&*comparison, &[Values::new(events.view())]);
                ensure_refused("events of two numbers", found).map(drop)
            }
            refused => ensure_refused("a reference of two numbers", refused.map(drop)).map(drop),
        };
    }
    let comparison = comparison(subject, &events)??;
    let of = |events: &Array2<f64>| after(&*comparison, &[Values::new(events.view())]);
    let usual = of(&events)?;
    ensure_finite("values", usual.iter().copied())?;
    for k in 0..2 {
        let mut other = events.clone();
        other.column_mut(k).mapv_inplace(|x| 2.0 * x + 1.0);
        let other = of(&other)?;
        ensure(other != usual, || format!("number {k} of the events changes nothing: it is not looked at"))?;
    }
    let (first, second) = events.view().split_at(ndarray::Axis(0), 150);
    let cut = after(&*comparison, &[first, second].map(Values::new))?;
    close("values at once and in pieces", &usual, &cut)
}

/// True samples: members of each, events in a member and in the reference, and trials.
const SAMPLES: usize = 8;
const SAMPLE: usize = 100;
const REFERENCE: usize = 2000;
const TRIALS: u64 = 100;
/// Standard errors that are taken for chance, and what an approximate law may be off.
const CHANCE: f64 = 5.0;
const SLACK: f64 = 0.03;

fn vectors(subject: &Subject<'_>) -> Verdict {
    let metric = subject.metric()?;
    if metric.takes() == Takes::One {
        return skip("it takes one number");
    }
    let members = SAMPLES.max(metric.least_members() as usize);
    let (mut values, mut means) = (Vec::new(), Vec::new());
    for trial in 0..TRIALS {
        let seed = subject.seed(61).index(trial);
        let comparison = comparison(subject, &vectors_of(seed.split("reference"), REFERENCE, 3))??;
        let width = comparison.value_names().len();
        let mut all = Vec::new();
        for i in 0..members {
            let sample = vectors_of(seed.split("sample").index(i as u64), SAMPLE, 3);
            all.extend(after(&*comparison, &[Values::new(sample.view())])?);
        }
        let all = ndarray::ArrayView3::from_shape((members, 1, width), &all)
            .map_err(|e| crate::Error::plugin(e.to_string()))?;
        let curves = Curves {
            generated: &[SAMPLE as u64],
            passed: &vec![SAMPLE as u64; members],
            values: all,
            n_effective: members as f64,
        };
        values.push(comparison.measure(&curves, 0)?.value);
        means.push(comparison.null(&curves, SAMPLE as f64, &[0.5])?.mean);
    }
    ensure_finite("the metric", values.iter().copied())?;
    let n = TRIALS as f64;
    let mean = |list: &[f64]| list.iter().sum::<f64>() / n;
    let (found, stated) = (mean(&values), mean(&means));
    let variance = values.iter().map(|x| (x - found).powi(2)).sum::<f64>() / (n - 1.0);
    let error = (variance / n).sqrt();
    ensure((found - stated).abs() <= CHANCE * error + SLACK * stated.abs(), || {
        format!("the null law's mean is {stated:.4e}, that of {n} true samples {found:.4e} +- {error:.1e}")
    })
}

fn weights(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let events = &comparing.generated[0];
    let (half, ones) = (events.len() / 2, vec![1.0; events.len()]);
    let with = |w: &[f64]| after(&*comparing.comparison, &[Values { w: Some(w), ..Values::single(events) }]);
    let Some(weighted) = unless_refused("weights of 1", with(&ones))? else { return Ok(()) };
    close("values without weights and with weights of 1", &comparing.after(&[events])?.values()?, &weighted)?;
    let mut first = ones;
    first[half..].fill(0.0);
    let Some(weighted) = unless_refused("weights of 0", with(&first))? else { return Ok(()) };
    let alone = comparing.after(&[&events[..half]])?.values()?;
    close("values without events of weight 0, and with them", &alone, &weighted)
}

fn shown(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let shown = comparing.metric.shown().clone();
    for (what, text) in [("axis", &shown.axis), ("caption", &shown.caption)] {
        ensure(!text.trim().is_empty(), || format!("expected words for its {what}, found none"))?;
    }
    comparing.with_curves(MEMBERS, |curves| {
        for k in 0..CHECKPOINTS.len() {
            let measured = comparing.comparison.measure(curves, k)?;
            let has = measured.statistical.is_some() && measured.model.is_some();
            ensure(has == shown.parts, || {
                let [says, found] = [shown.parts, has].map(|parts| if parts { "with" } else { "without" });
                format!("expected a curve {says} a statistical and a model part, found one {found} them")
            })?;
        }
        Ok(())
    })
}

/// Pseudo-experiments, and events in each.
const EXPERIMENTS: u64 = 5;
const EVENTS: usize = 500;

fn simulate(subject: &Subject<'_>) -> Verdict {
    let metric = subject.metric()?;
    let mut simulated = Vec::new();
    for i in 0..EXPERIMENTS {
        let seed = subject.seed(62).index(i);
        let (truth, generated) =
            (normals(seed.split("truth"), EVENTS, 0.0), normals(seed.split("generated"), 2 * EVENTS, 0.0));
        // That it is finite is checked where it crosses the boundary.
        let once = || metric.simulate(Values::single(&truth), Values::single(&generated));
        let found = once()?;
        ensure_same("numbers of one pseudo-experiment", &found, &once()?)?;
        simulated.extend(found);
    }
    if simulated.is_empty() {
        return skip("it has no use for pseudo-experiments");
    }
    let events = normals(subject.seed(63), EVENTS, 0.0);
    let reference = Reference { simulated: &simulated, ..Reference::sample(Values::single(&events)) };
    let laws = [metric.compare(&reference)?, compare(&metric, &events)?];
    let passed = [EVENTS as u64];
    let generated = [normals(subject.seed(64), EVENTS, 0.0)];
    let mut means = Vec::new();
    for comparison in laws {
        let values = curves(&*comparison, &generated, &passed)?;
        let curves = Curves { generated: &passed, passed: &passed, values: values.view(), n_effective: 1.0 };
        let law = comparison.null(&curves, EVENTS as f64, &[0.16, 0.5, 0.84])?;
        ensure_finite("the law", law.quantiles.iter().copied().chain([law.mean]))?;
        means.push(law.mean);
    }
    ensure(means[0] != means[1], || "pseudo-experiments change nothing of the law".into())
}
