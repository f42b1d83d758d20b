//! Runs of a cell whose members have a known amplification, without a generator.

use amplicast_sdk::abi::LoadedMetric;
use amplicast_sdk::{CHUNK_EVENTS, Reference, ReferenceUse, Result, Seed};
use rayon::prelude::*;

use super::true_values::TrueValues;
use crate::estimate::estimate;
use crate::inspection::Footing;
use crate::pipeline::curves::{Assembled, MemberCurve};
use crate::pipeline::observe::events_of;
use crate::results::{Estimate, Interval, Verdict};
use crate::session::Session;

/// Beyond so many generated events for each n_equiv more would change nothing: their binomial noise is 0.5 % of the model's.
const ENOUGH: f64 = 200.0;

/// The part of the runs that should resolve an amplification that is asked for.
pub const CONFIDENCE: f64 = 0.8;

/// Most doublings of a size that are tried.
const DOUBLINGS: i32 = 8;

/// Most generated events of one simulated run when more are tried.
const MOST_EVENTS: f64 = 5e7;

/// What can be made larger: whether members, generated events and events of the reference grow with it.
const LARGER: [(&str, [bool; 3]); 5] = [
    ("members", [true, false, false]),
    ("n_gen", [false, true, false]),
    ("reference events", [false, false, true]),
    ("reference events and n_gen", [false, true, true]),
    ("members and n_gen", [true, true, false]),
];

/// The sizes that decide what can be resolved, all under the selection; of true events that have weights or belong together, effective ones.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Resources {
    /// True events used.
    pub n_train: f64,
    /// Events of the reference; 0 if the metric uses none.
    pub n_reference: f64,
    /// Independent members.
    pub members: u64,
    /// Generated events of each.
    pub n_gen: f64,
}

/// What is resolved at one amplification.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The amplification, known by construction.
    pub g: f64,
    /// Part of the simulated runs whose 68 % interval has two ends.
    pub at_68: f64,
    /// The same for 95 %: the verdict `resolved`.
    pub at_95: f64,
    /// Part of the runs that give only a lower bound.
    pub at_least: f64,
    /// Part of the runs that give only an upper bound.
    pub at_most: f64,
    /// Median lower and upper end of the 68 % interval; absent where most runs have none.
    pub interval_68: Interval,
}

impl Resources {
    /// `factor` times as much of what grows.
    fn larger(self, grows: [bool; 3], factor: f64) -> Self {
        let [members, n_gen, n_reference] = grows.map(|grows| if grows { factor } else { 1.0 });
        Resources {
            n_train: self.n_train,
            n_reference: self.n_reference * n_reference,
            members: (self.members as f64 * members) as u64,
            n_gen: self.n_gen * n_gen,
        }
    }
}

/// Simulated runs of one cell.
pub struct Simulations<'a> {
    /// The process.
    pub session: &'a Session,
    /// The cell's metric.
    pub metric: &'a LoadedMetric,
    /// True values of its summary.
    pub truth: &'a TrueValues,
    /// So many at every amplification.
    pub runs: u64,
    /// Their randomness.
    pub seed: Seed,
    /// Called after each of them.
    pub advance: &'a (dyn Fn() + Sync),
}

impl Simulations<'_> {
    /// What is resolved at one amplification.
    pub fn at(&self, resources: Resources, g: f64, seed: Seed) -> Result<Resolved> {
        let simulation = Simulation { metric: self.metric, truth: self.truth, resources };
        let found = (0..self.runs).into_par_iter().map(|k| {
            let found = self.session.attempt("forecast", || simulation.run(g, seed.index(k)));
            (self.advance)();
            found
        });
        Ok(resolved(g, &found.collect::<Result<Vec<Estimate>>>()?))
    }

    /// How many times as much of each size would resolve an amplification; none if that alone does not do.
    pub fn takes(&self, resources: Resources, reference: bool, g: f64) -> Result<Vec<(String, Option<f64>)>> {
        let mut takes = Vec::new();
        for (name, grows) in LARGER.into_iter().filter(|(_, [.., grows])| reference || !grows) {
            let seed = self.seed.split("target");
            let mut factor = None;
            for doubling in 0..=DOUBLINGS {
                let f = 2_f64.powi(doubling);
                let resources = resources.larger(grows, f);
                if resources.members as f64 * resources.n_gen > MOST_EVENTS {
                    break;
                }
                let seed = seed.index(100 * takes.len() as u64 + doubling as u64);
                if self.at(resources, g, seed)?.at_95 >= CONFIDENCE {
                    factor = Some(f);
                    break;
                }
            }
            takes.push((name.to_string(), factor));
        }
        Ok(takes)
    }
}

/// One cell with members of a known amplification.
struct Simulation<'a> {
    metric: &'a LoadedMetric,
    truth: &'a TrueValues,
    resources: Resources,
}

impl Simulation<'_> {
    fn run(&self, g: f64, seed: Seed) -> Result<Estimate> {
        let Resources { n_train, n_reference, members, n_gen } = self.resources;
        let numbers = self.truth.numbers;
        let draw = |n: usize, seed: Seed| {
            let mut list = Vec::with_capacity(n * numbers);
            self.truth.draw(n, &mut seed.stream(), &mut list);
            TrueValues { list, numbers }
        };
        let (values, quantiles) = match self.metric.reference() {
            ReferenceUse::Values => (draw(n_reference as usize, seed.split("reference")).list, Vec::new()),
            ReferenceUse::Quantiles(list) => (Vec::new(), self.truth.quantiles(list)),
        };
        let values = events_of(&values, numbers);
        let comparison =
            self.metric.compare(&Reference { quantiles: &quantiles, ..Reference::sample(values) })?;
        let n_equiv = (g * n_train).round().max(1.0);
        let n_gen = n_gen.min(ENOUGH * n_equiv).max(1.0) as u64;
        let width = comparison.value_names().len();
        let member = |i: u64| -> Result<MemberCurve> {
            let seed = seed.split("member").index(i);
            let pool = draw(n_equiv as usize, seed.split("pool"));
            let mut accumulator = comparison.accumulator();
            let mut stream = seed.split("sample").stream();
            let mut chunk = Vec::with_capacity(CHUNK_EVENTS * numbers);
            let mut left = n_gen as usize;
            while left > 0 {
                let n = left.min(CHUNK_EVENTS);
                chunk.clear();
                pool.draw(n, &mut stream, &mut chunk);
                accumulator.update(events_of(&chunk, numbers))?;
                left -= n;
            }
            let (passed, values) = (vec![n_gen], vec![accumulator.values()?]);
            Ok(MemberCurve { passed, values, ..MemberCurve::default() })
        };
        let curves: Vec<MemberCurve> = (0..members).into_par_iter().map(member).collect::<Result<_>>()?;
        let data = Assembled::new(&curves.iter().collect::<Vec<_>>(), &[n_gen], width, members as f64);
        estimate(&*comparison, &data.curves(), n_train, &Footing::Sound)
    }
}

fn resolved(g: f64, runs: &[Estimate]) -> Resolved {
    let part = |f: &dyn Fn(&Estimate) -> bool| {
        runs.iter().filter(|e| f(e)).count() as f64 / runs.len().max(1) as f64
    };
    let median = |end: &dyn Fn(&Estimate) -> f64| {
        let mut list: Vec<f64> = runs.iter().map(end).collect();
        list.sort_unstable_by(f64::total_cmp);
        list.get(list.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Resolved {
        g,
        at_68: part(&|e| e.interval_68.low.is_some() && e.interval_68.high.is_some()),
        at_95: part(&|e| e.verdict == Verdict::Resolved),
        at_least: part(&|e| e.verdict == Verdict::AtLeast),
        at_most: part(&|e| e.verdict == Verdict::AtMost),
        interval_68: Interval {
            low: Some(median(&|e| e.interval_68.low.unwrap_or(0.0))).filter(|low| *low > 0.0),
            high: Some(median(&|e| e.interval_68.high.unwrap_or(f64::INFINITY)))
                .filter(|high| high.is_finite()),
        },
    }
}
