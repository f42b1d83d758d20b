//! The null law of a metric is the law that the metric has on true samples: both are drawn, reference and sample, and the
//! metric's own accumulator tells their distance.

use std::time::{Duration, Instant};

use rand_distr::{Distribution, Exp1, StandardNormal};

use super::many::each;
use super::metric::{compare, curves};
use super::outcome::{Stop, Verdict, ensure, ensure_finite};
use super::subject::{Subject, Test};
use crate::{Comparison, Curves, ReferenceUse, Seed};

pub const TESTS: &[Test] = &[Test::new(
    "null-true-samples",
    "The null law is the law of the metric on true samples, of several sizes against several references",
    true_samples,
)];

/// Pairs that are drawn however long they take.
const LEAST_TRIALS: usize = 100;
/// What each kind may take.
const TIME: Duration = Duration::from_millis(700);

/// Events of a sample and of the reference, and how many pairs of them are drawn.
struct Kind {
    n: usize,
    n_reference: usize,
    trials: usize,
    /// Probabilities at which quantiles are compared.
    probabilities: &'static [f64],
}

/// Kinds that are drawn of every distribution.
const KINDS: [Kind; 3] = [kind(50, 1000, 400), kind(300, 300, 400), kind(1000, 100, 400)];

/// Kinds that are drawn of the first one: few events, many, and so many pairs that the law's tail is seen.
const FURTHER: [Kind; 3] = [
    kind(10, 200, 2000),
    kind(20_000, 10_000, 150),
    Kind { probabilities: &[0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99], ..kind(100, 300, 20_000) },
];

const fn kind(n: usize, n_reference: usize, trials: usize) -> Kind {
    Kind { n, n_reference, trials, probabilities: &[0.05, 0.25, 0.5, 0.75, 0.95] }
}

/// Samples of a metric that is a spread over several.
const SPREAD: usize = 8;
/// Pairs that are drawn for it: it has no quantiles to be compared.
const TRIALS_OF_SPREAD: usize = 400;

/// Standard errors that are taken for chance. The seeds are fixed: a component passes always or never.
const CHANCE: f64 = 5.0;
/// What an approximate law may be off in its mean, relative to it.
const SLACK: f64 = 0.03;
/// What it may be off in a probability: so much, and no more than this part of what is left on the nearer side.
const SLACK_OF_PROBABILITY: (f64, f64) = (0.03, 0.3);

/// A true distribution of the summary.
struct Truth {
    name: &'static str,
    draw: fn(Seed, usize) -> Vec<f64>,
}

/// Several, so that a law that holds for one width or one shape alone is found. The last is of another mean and width, which a
/// metric that asks nothing of the reference cannot know.
const TRUTHS: [Truth; 3] = [
    Truth {
        name: "normal numbers",
        draw: |seed, n| {
            let mut stream = seed.stream();
            (0..n).map(|_| StandardNormal.sample(&mut stream)).collect()
        },
    },
    Truth {
        name: "exponential numbers of mean 0",
        draw: |seed, n| exponential(seed, n).map(|x| x - 1.0).collect(),
    },
    Truth {
        name: "negative exponential numbers of mean -200 and width 80",
        draw: |seed, n| exponential(seed, n).map(|x| -120.0 - 80.0 * x).collect(),
    },
];

fn exponential(seed: Seed, n: usize) -> impl Iterator<Item = f64> {
    let mut stream = seed.stream();
    (0..n).map(move |_| Exp1.sample(&mut stream))
}

fn true_samples(subject: &Subject<'_>) -> Verdict {
    let blind = *subject.metric()?.reference() == ReferenceUse::Quantiles(Vec::new());
    let everywhere = TRUTHS[..TRUTHS.len() - usize::from(blind)].iter();
    let all = everywhere.flat_map(|truth| KINDS.iter().map(move |kind| (truth, kind)));
    each(all.chain(FURTHER.iter().map(|kind| (&TRUTHS[0], kind))), |(truth, kind)| {
        let what = format!("{}, {} against a reference of {}", truth.name, kind.n, kind.n_reference);
        let trials = Trials::run(subject, truth, kind).map_err(|stop| stop.at(&what))?;
        trials.check().map_err(|stop| stop.at(&what))?;
        match trials.values.len() {
            found if found < trials.wanted => {
                Err(Stop::Partial(format!("{what}: {found} of {} true samples in its time", trials.wanted)))
            }
            _ => Ok(()),
        }
    })
}

/// What the metric was on true samples, and what its null law says of them.
struct Trials {
    values: Vec<f64>,
    means: Vec<f64>,
    quantiles: Vec<Vec<f64>>,
    probabilities: &'static [f64],
    /// Pairs that were to be drawn.
    wanted: usize,
    /// Whether the metric is one sample's, so that its law has a spread.
    single: bool,
}

impl Trials {
    fn run(subject: &Subject<'_>, truth: &Truth, kind: &Kind) -> Verdict<Self> {
        let metric = subject.metric()?;
        let single = metric.least_members() <= 1;
        let members = if single { 1 } else { SPREAD.max(metric.least_members() as usize) };
        let Kind { n, n_reference, probabilities, trials } = *kind;
        let wanted = if single { trials } else { trials.min(TRIALS_OF_SPREAD) };
        let mut trials = Trials {
            values: Vec::new(),
            means: Vec::new(),
            quantiles: Vec::new(),
            probabilities,
            wanted,
            single,
        };
        let start = Instant::now();
        let seed = subject.seed(54).split(truth.name).index(n as u64);
        for trial in 0..wanted {
            if trial >= LEAST_TRIALS && start.elapsed() > TIME {
                break;
            }
            let seed = seed.index(trial as u64);
            let comparison = compare(&metric, &(truth.draw)(seed.split("reference"), n_reference))?;
            let sample = |i: usize| (truth.draw)(seed.split("sample").index(i as u64), n);
            trials.add(&*comparison, &(0..members).map(sample).collect::<Vec<_>>(), n)?;
        }
        Ok(trials)
    }

    fn add(&mut self, comparison: &dyn Comparison, samples: &[Vec<f64>], n: usize) -> Verdict {
        let checkpoints = [n as u64];
        let values = curves(comparison, samples, &checkpoints)?;
        let passed = vec![n as u64; samples.len()];
        let curves = Curves {
            generated: &checkpoints,
            passed: &passed,
            values: values.view(),
            n_effective: samples.len() as f64,
        };
        let law = comparison.null(&curves, n as f64, self.probabilities)?;
        self.values.push(comparison.measure(&curves, 0)?.value);
        self.means.push(law.mean);
        self.quantiles.push(law.quantiles);
        Ok(())
    }

    fn check(&self) -> Verdict {
        ensure_finite("the metric", self.values.iter().copied())?;
        ensure_finite("the null law's mean", self.means.iter().copied())?;
        let n = self.values.len() as f64;
        let mean = |list: &[f64]| list.iter().sum::<f64>() / n;
        let (found, stated) = (mean(&self.values), mean(&self.means));
        let differences: Vec<f64> = self.values.iter().zip(&self.means).map(|(v, m)| v - m).collect();
        let off = mean(&differences);
        let variance = differences.iter().map(|d| (d - off).powi(2)).sum::<f64>() / (n - 1.0);
        let error = (variance / n).sqrt();
        ensure(off.abs() <= CHANCE * error + SLACK * stated.abs(), || {
            format!(
                "the null law's mean is {stated:.4e}, that of {n} true samples {found:.4e} +- {error:.1e}"
            )
        })?;
        // An expectation over samples has no spread: its quantiles are its mean.
        let spread = self.quantiles.iter().any(|q| q.first() != q.last());
        if !self.single || !spread {
            return Ok(());
        }
        for (i, &p) in self.probabilities.iter().enumerate() {
            // A distance of counts is one of few values, and a quantile may lie on one of them.
            let share = |nudge: f64| {
                let below = |(value, q): &(&f64, &Vec<f64>)| **value <= q[i] + nudge * q[i].abs();
                self.values.iter().zip(&self.quantiles).filter(below).count() as f64 / n
            };
            let (least, most) = (share(-1e-9), share(1e-9));
            let (most_slack, part) = SLACK_OF_PROBABILITY;
            let slack = most_slack.min(part * p.min(1.0 - p));
            let tolerance = CHANCE * (p * (1.0 - p) / n).sqrt() + slack;
            ensure(least <= p + tolerance && most >= p - tolerance, || {
                format!(
                    "{:.1} % of {n} true samples lie below the null law's quantile at {p}",
                    50.0 * (least + most)
                )
            })?;
        }
        Ok(())
    }
}
