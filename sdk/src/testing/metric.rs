//! Tests of metrics, on normal numbers whose mean differs a little from member to member.

use ndarray::Array3;

use super::inputs::normals;
use super::outcome::{Stop, Verdict, ensure, ensure_finite, ensure_refused, ensure_same, skip};
use super::proposal::quantile;
use super::subject::{Subject, Test};
use super::threads::same_on_two_threads;
use crate::abi::LoadedMetric;
use crate::{Accumulator, Comparison, Curves, Reference, ReferenceUse, Result, Values};

pub const TESTS: &[Test] = &[
    Test::new("values", "A checkpoint records as many finite numbers as there are names for them", values),
    Test::new("pieces", "Summaries that come in pieces count as if they came at once", pieces),
    Test::new("merge", "Accumulators of two halves, merged, hold what one of the whole holds", merge),
    Test::new("merge-length", "The state of another comparison is refused", merge_length),
    Test::new("measure", "The metric is finite at every checkpoint, and deterministic", measure),
    Test::new("limit", "The limit lies in its interval, and the 68 % interval in the 95 % one", limit),
    Test::new(
        "null-law",
        "Mean and quantiles of the null law are finite, fall with n, and quantiles rise with p",
        null_law,
    ),
    Test::new("deviation", "The deviation from the truth is finite", deviation),
    Test::new("threads", "Two threads get what one gets", threads),
];

pub const MEMBERS: usize = 8;
/// Values of each of many parts: there are 295.
const PART: usize = 17;
pub const CHECKPOINTS: [u64; 3] = [100, 1000, 5000];

/// The comparison with a reference of these values, of which the metric may ask for quantiles alone.
pub fn compare(metric: &LoadedMetric, sample: &[f64]) -> Result<Box<dyn Comparison>> {
    match metric.reference() {
        ReferenceUse::Values => metric.compare(&Reference::sample(Values::single(sample))),
        ReferenceUse::Quantiles(list) => {
            let quantiles: Vec<f64> = list.iter().map(|&p| quantile(sample.iter().copied(), p)).collect();
            metric.compare(&Reference::quantiles(1, &quantiles))
        }
    }
}

/// What the accumulators of members hold after so many of their values (member x checkpoint x value).
pub fn curves(
    comparison: &dyn Comparison,
    generated: &[Vec<f64>],
    checkpoints: &[u64],
) -> Result<Array3<f64>> {
    let mut curves = Array3::zeros((generated.len(), checkpoints.len(), comparison.value_names().len()));
    for (i, events) in generated.iter().enumerate() {
        for (k, &n) in checkpoints.iter().enumerate() {
            let mut accumulator = comparison.accumulator();
            accumulator.update(Values::single(&events[..n as usize]))?;
            accumulator.values()?.into_iter().enumerate().for_each(|(v, x)| curves[[i, k, v]] = x);
        }
    }
    Ok(curves)
}

/// A comparison with a reference, and curves of some members.
pub struct Comparing {
    pub metric: LoadedMetric,
    pub comparison: Box<dyn Comparison>,
    pub generated: Vec<Vec<f64>>,
}

impl Comparing {
    pub fn new(subject: &Subject<'_>) -> Verdict<Self> {
        let metric = subject.metric()?;
        let comparison = compare(&metric, &normals(subject.seed(50), 1000, 0.0))?;
        let shifts = normals(subject.seed(51), MEMBERS, 0.0);
        let member = |(i, shift): (usize, &f64)| {
            let seed = subject.seed(52).index(i as u64);
            normals(seed, CHECKPOINTS[2] as usize, 0.05 + 0.03 * shift)
        };
        let generated = shifts.iter().enumerate().map(member).collect();
        Ok(Comparing { metric, comparison, generated })
    }

    pub fn after(&self, pieces: &[&[f64]]) -> Result<Box<dyn Accumulator>> {
        let mut accumulator = self.comparison.accumulator();
        pieces.iter().try_for_each(|piece| accumulator.update(Values::single(piece)))?;
        Ok(accumulator)
    }

    /// Runs a test on the curves of the first `members` members.
    pub fn with_curves<T>(&self, members: usize, test: impl Fn(&Curves<'_>) -> Verdict<T>) -> Verdict<T> {
        let values = curves(&*self.comparison, &self.generated[..members], &CHECKPOINTS)?;
        let passed: Vec<u64> = (0..members).flat_map(|_| CHECKPOINTS).collect();
        test(&Curves {
            generated: &CHECKPOINTS,
            passed: &passed,
            values: values.view(),
            n_effective: members as f64,
        })
    }
}

pub fn close(what: &str, first: &[f64], second: &[f64]) -> Verdict {
    let (n, m) = (first.len(), second.len());
    ensure(n == m, || format!("{what}: expected {n} numbers, found {m}"))?;
    let differs = |(a, b): (&f64, &f64)| (a - b).abs() > 1e-9 * (a.abs() + b.abs());
    match first.iter().zip(second).position(differs) {
        None => Ok(()),
        Some(i) => ensure(false, || format!("{what}: number {i} is {} and {}", first[i], second[i])),
    }
}

fn values(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let mut names = comparing.comparison.value_names();
    ensure(!names.is_empty(), || "expected a name for each number, found none".into())?;
    names.sort();
    ensure(names.windows(2).all(|pair| pair[0] != pair[1]), || {
        format!("expected different names of the numbers, found {}", names.join(", "))
    })?;
    // Their number is checked where they cross the boundary.
    for events in &comparing.generated {
        ensure_finite(&format!("values ({} names)", names.len()), comparing.after(&[events])?.values()?)?;
    }
    Ok(())
}

fn pieces(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let events = &comparing.generated[0];
    let whole = comparing.after(&[events])?.values()?;
    let cut = comparing.after(&[&events[..1], &[], &events[1..700], &events[700..]])?.values()?;
    close("values at once and in pieces", &whole, &cut)
}

fn merge(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let (first, second) = comparing.generated[0].split_at(1234);
    let whole = comparing.after(&[first, second])?;
    let mut halves = comparing.after(&[first])?;
    halves.merge(&comparing.after(&[second])?.state()?)?;
    close("values of the whole and of merged halves", &whole.values()?, &halves.values()?)?;
    close("states of the whole and of merged halves", &whole.state()?, &halves.state()?)?;
    let mut parts = comparing.comparison.accumulator();
    for part in comparing.generated[0].chunks(PART) {
        parts.merge(&comparing.after(&[part])?.state()?)?;
    }
    close("values of the whole and of many merged parts", &whole.values()?, &parts.values()?)?;
    // As the host does it: states of blocks, merged into an empty accumulator.
    let mut empty = comparing.comparison.accumulator();
    for part in [first, &[], second] {
        empty.merge(&comparing.after(&[part])?.state()?)?;
    }
    close(
        "values of the whole and of parts merged into an empty accumulator",
        &whole.values()?,
        &empty.values()?,
    )
}

fn merge_length(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let mut state = comparing.after(&[&comparing.generated[0]])?.state()?;
    state.push(0.0);
    ensure_refused("a state that is too long", comparing.comparison.accumulator().merge(&state))?;
    state.truncate(state.len() - 2);
    ensure_refused("a state that is too short", comparing.comparison.accumulator().merge(&state)).map(drop)
}

fn measure(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    comparing.with_curves(MEMBERS, |curves| {
        for k in 0..CHECKPOINTS.len() {
            let measured = comparing.comparison.measure(curves, k)?;
            let parts = [Some(measured.value), measured.statistical, measured.model];
            ensure_finite(&format!("value and parts at checkpoint {k}"), parts.into_iter().flatten())?;
            ensure_same("measured twice", &measured, &comparing.comparison.measure(curves, k)?)?;
        }
        Ok(())
    })
}

fn limit(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let least = comparing.metric.least_members().max(1) as usize;
    for members in [least.min(MEMBERS), MEMBERS] {
        comparing.with_curves(members, |curves| {
            let [narrow, wide] =
                [comparing.comparison.limit(curves, 0.68)?, comparing.comparison.limit(curves, 0.95)?];
            for limit in [narrow, wide] {
                ensure_finite(&format!("limit of {members} members"), [limit.value])?;
                ensure(limit.low <= limit.value && limit.value <= limit.high, || {
                    format!("{members} members: expected low <= value <= high, found {limit:?}")
                })?;
            }
            ensure(wide.low <= narrow.low && narrow.high <= wide.high, || {
                format!(
                    "{members} members: the 68 % interval {narrow:?} is not inside of the 95 % one {wide:?}"
                )
            })
        })?;
    }
    Ok(())
}

const PROBABILITIES: [f64; 7] = [0.0015, 0.025, 0.16, 0.5, 0.84, 0.975, 0.9985];

fn null_law(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    // The host looks for n_equiv from far below one event to sizes that nobody generates.
    let sizes: Vec<f64> = (-3..=18).map(|e| 10f64.powi(e)).chain([f64::INFINITY]).collect();
    comparing.with_curves(MEMBERS, |curves| {
        let mut before: Option<(f64, Vec<f64>)> = None;
        for &n in &sizes {
            let law = comparing.comparison.null(curves, n, &PROBABILITIES)?;
            let mut numbers = vec![law.mean];
            numbers.extend(&law.quantiles);
            ensure_finite(&format!("mean and quantiles for {n:e} events"), numbers.iter().copied())?;
            ensure(law.quantiles.is_sorted(), || {
                format!(
                    "{n:e} events: expected rising quantiles at {PROBABILITIES:?}, found {:?}",
                    law.quantiles
                )
            })?;
            if let Some((smaller, last)) = &before {
                let rises = |(now, then): (&f64, &f64)| *now > then + 1e-12 * then.abs();
                if let Some(i) = numbers.iter().zip(last).position(rises) {
                    let what =
                        if i == 0 { "mean".into() } else { format!("quantile at {}", PROBABILITIES[i - 1]) };
                    return Err(Stop::Failed(format!(
                        "the {what} rises from {} for {smaller:e} events to {} for {n:e}",
                        last[i], numbers[i]
                    )));
                }
            }
            before = Some((n, numbers));
        }
        Ok(())
    })
}

fn deviation(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    let truth = normals(subject.seed(53), 50_000, 0.0);
    let values = comparing.after(&[&truth])?.values()?;
    comparing.with_curves(MEMBERS, |curves| {
        match comparing.comparison.deviation(curves, &values, truth.len() as u64)? {
            None => skip("it knows no deviation from the truth"),
            Some(found) => {
                ensure_finite("deviations", [found.posterior_mean, found.single_member, found.null_scale])
            }
        }
    })
}

fn threads(subject: &Subject<'_>) -> Verdict {
    let comparing = Comparing::new(subject)?;
    same_on_two_threads(subject.context, "values and states", |i| {
        let accumulator = comparing.after(&[&comparing.generated[i]])?;
        Ok((accumulator.values()?, accumulator.state()?))
    })
}
