//! Tests of uncertainty models, on a model that can do exactly what they require.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use super::inputs;
use super::model::TestModel;
use super::outcome::{Verdict, ensure, ensure_finite, ensure_refused, ensure_same, skip, unless_refused};
use super::subject::{Subject, Test};
use super::threads::{Impatient, same_on_two_threads};
use crate::abi::LoadedUncertaintyModel;
use crate::{Alone, Chain, Context, ErrorKind, Inference, Members, Model, Result, Seed};

pub const TESTS: &[Test] = &[
    Test::new("requirements", "It needs a possible number of members, and chains for them", requirements),
    Test::new("chains", "A chain has named vectors of numbers, and is deterministic in its seed", chains),
    Test::new(
        "members",
        "It gives as many members as asked for, each as long as the layout, finite",
        members,
    ),
    Test::new("members-seed", "Members are deterministic in their seed", members_seed),
    Test::new(
        "stored-chains",
        "Members do not depend on the order in which a chain's vectors are stored",
        stored_chains,
    ),
    Test::new("lost-chain", "Members can be drawn when a chain diverged and is left out", lost_chain),
    Test::new("no-chains", "No chains, or a chain without its vectors, are refused", no_chains),
    Test::new(
        "row-counts",
        "Chains of 1, 2, 3, 7 and 101 training events are finite, or refused with the reason",
        row_counts,
    ),
    Test::new("threads", "Chains inferred on two threads are those inferred on one", threads),
    Test::new("stop", "It stops when the user asks for it", stop),
];

/// An uncertainty model with what it works on.
pub struct Inferring {
    pub uncertainty: LoadedUncertaintyModel,
    pub model: TestModel,
    pub seed: Seed,
    /// Members in a test, as far as it can give so many.
    pub wanted: u64,
}

/// Members in most tests.
const MEMBERS: u64 = 6;

impl Inferring {
    pub fn new(subject: &Subject<'_>) -> Verdict<Self> {
        Self::on(subject, inputs::EVENTS)
    }

    /// On a training set of so many events.
    fn on(subject: &Subject<'_>, events: usize) -> Verdict<Self> {
        let uncertainty = subject.uncertainty()?;
        let model = TestModel::with(uncertainty.requirements(), subject.seed(1), events);
        Ok(Inferring { uncertainty, model, seed: subject.seed(40), wanted: MEMBERS })
    }

    /// Members in a test.
    pub fn count(&self) -> u64 {
        let r = self.uncertainty.requirements();
        r.most_members.unwrap_or(u64::MAX).min(self.wanted.max(r.least_members as u64))
    }

    /// The rows that a chain is fitted to, if it names them.
    pub fn rows(&self, k: u64) -> Result<Option<Vec<u64>>> {
        self.uncertainty.rows(k, self.count(), self.model.events(), self.seed.split("chains"))
    }

    /// A chain, as the host has it inferred: of rows that do not repeat, on a model that is prepared on these events.
    fn chain(&self, k: u64, context: &dyn Context) -> Result<Chain> {
        let named = self.rows(k)?;
        let repeats = |rows: &Vec<u64>| rows.iter().collect::<HashSet<_>>().len() < rows.len();
        let own = named.as_ref().filter(|rows| !repeats(rows)).map(|rows| self.model.of_rows(rows));
        let model = own.as_ref().unwrap_or(&self.model);
        let rows = named.filter(|_| own.is_none()).unwrap_or_else(|| (0..model.events()).collect());
        self.uncertainty.infer_chain(&Inference {
            chain: k,
            model,
            members: self.uncertainty.requirements().joint.then_some(self.count()),
            rows: &rows,
            training_rows: self.model.events(),
            settings: &inputs::settings(),
            seed: self.seed.split("chains").index(k),
            context,
        })
    }

    pub fn chains(&self) -> Result<Vec<Chain>> {
        let mut chains = (0..self.uncertainty.chains(self.count())?)
            .map(|k| self.chain(k, &Alone))
            .collect::<Result<Vec<_>>>()?;
        // As the host stores them.
        chains.iter_mut().for_each(|c| c.vectors.sort_by(|a, b| a.0.cmp(&b.0)));
        Ok(chains)
    }

    pub fn members(&self, chains: &[Chain]) -> Result<Members> {
        self.uncertainty.members(chains, self.count(), self.seed.split("members"))
    }
}

/// A chain's vectors bit by bit, since -inf and NaN are numbers to be stored like others.
fn bits(chain: &Chain) -> Vec<(String, Vec<u32>)> {
    chain.vectors.iter().map(|(name, v)| (name.clone(), v.iter().map(|x| x.to_bits()).collect())).collect()
}

fn requirements(subject: &Subject<'_>) -> Verdict {
    let uncertainty = subject.uncertainty()?;
    let r = uncertainty.requirements();
    ensure(r.least_members >= 1, || "expected at least 1 as least number of members, found 0".into())?;
    let most = r.most_members.unwrap_or(u64::MAX);
    ensure(r.least_members as u64 <= most, || {
        format!("expected a number of members from {} to {most}: there is none", r.least_members)
    })?;
    for members in [r.least_members as u64, (r.least_members as u64 + 7).min(most)] {
        let chains = uncertainty.chains(members)?;
        ensure(chains >= 1, || format!("expected at least one chain for {members} members, found none"))?;
        ensure_same("chains for a number of members", &chains, &uncertainty.chains(members)?)?;
    }
    Ok(())
}

fn chains(subject: &Subject<'_>) -> Verdict {
    let inferring = Inferring::new(subject)?;
    let first = inferring.chain(0, &Alone)?;
    ensure(!first.vectors.is_empty(), || "expected a vector in the chain, found none".into())?;
    let mut names: Vec<&str> = first.vectors.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    ensure(names.windows(2).all(|pair| pair[0] != pair[1]), || {
        format!("expected a name of its own for each vector, found {}", names.join(", "))
    })?;
    if let Some((name, _)) = first.vectors.iter().find(|(_, v)| v.iter().any(|x| x.is_nan())) {
        return ensure(false, || format!("expected numbers in `{name}`, found NaN"));
    }
    ensure_same("chains of one seed", &bits(&first), &bits(&inferring.chain(0, &Alone)?))?;
    let anew = Inferring::new(subject)?.chain(0, &Alone)?;
    ensure_same("chains of one seed, made anew", &bits(&first), &bits(&anew))
}

fn members(subject: &Subject<'_>) -> Verdict {
    let inferring = Inferring::new(subject)?;
    // Their number is checked where they cross the boundary.
    let members = inferring.members(&inferring.chains()?)?;
    let expected = inferring.model.layout().len();
    for (i, parameters) in members.parameters.iter().enumerate() {
        let found = parameters.len();
        ensure(expected == found, || format!("member {i}: expected {expected} parameters, found {found}"))?;
        ensure_finite(&format!("parameters of member {i}"), parameters.iter().map(|&x| f64::from(x)))?;
    }
    let (n, count) = (members.n_effective, inferring.count() as f64);
    ensure(n > 0.0 && n <= count, || {
        format!("expected an effective number of members above 0 and up to {count}, found {n}")
    })
}

fn members_seed(subject: &Subject<'_>) -> Verdict {
    let inferring = Inferring::new(subject)?;
    let chains = inferring.chains()?;
    let first = inferring.members(&chains)?;
    ensure_same("members of one seed", &first, &inferring.members(&chains)?)?;
    ensure_same("members of one seed, made anew", &first, &Inferring::new(subject)?.members(&chains)?)
}

fn stored_chains(subject: &Subject<'_>) -> Verdict {
    let inferring = Inferring::new(subject)?;
    let chains = inferring.chains()?;
    if chains.iter().all(|c| c.vectors.len() < 2) {
        return skip("its chains have one vector");
    }
    let mut turned = chains.clone();
    turned.iter_mut().for_each(|c| c.vectors.reverse());
    ensure_same(
        "members of chains in another order",
        &inferring.members(&chains)?,
        &inferring.members(&turned)?,
    )
}

fn lost_chain(subject: &Subject<'_>) -> Verdict {
    let inferring = Inferring::new(subject)?;
    let r = inferring.uncertainty.requirements();
    let chains = inferring.chains()?;
    let all = chains.len() as u64;
    let count = inferring.count() * (all - 1) / all;
    if r.joint || count < r.least_members as u64 {
        return skip("none of its chains can be left out");
    }
    // Their number is checked where they cross the boundary.
    let members = inferring.uncertainty.members(&chains[1..], count, inferring.seed.split("members"))?;
    ensure(members.n_effective > 0.0 && members.n_effective <= count as f64, || {
        let n = members.n_effective;
        format!("expected an effective number of members above 0 and up to {count}, found {n}")
    })
}

fn no_chains(subject: &Subject<'_>) -> Verdict {
    let inferring = Inferring::new(subject)?;
    ensure_refused("no chains", inferring.members(&[]))?;
    let empty = vec![Chain::default(); inferring.uncertainty.chains(inferring.count())? as usize];
    ensure_refused("chains without vectors", inferring.members(&empty)).map(drop)
}

fn row_counts(subject: &Subject<'_>) -> Verdict {
    for events in inputs::ODD_NUMBERS {
        let inferring = Inferring::on(subject, events)?;
        let what = format!("{events} training events");
        let Some(chains) = unless_refused(&what, inferring.chains())? else {
            ensure(events < 100, || format!("{what}: expected chains, found a refusal"))?;
            continue;
        };
        let Some(members) = unless_refused(&what, inferring.members(&chains))? else { continue };
        for parameters in members.parameters {
            ensure_finite(&what, parameters.into_iter().map(f64::from))?;
        }
    }
    Ok(())
}

fn threads(subject: &Subject<'_>) -> Verdict {
    let inferring = Inferring::new(subject)?;
    same_on_two_threads(subject.context, "chains", |k| Ok(bits(&inferring.chain(k as u64, &Alone)?)))
}

fn stop(subject: &Subject<'_>) -> Verdict {
    let inferring = Inferring::new(subject)?;
    let counting = Impatient::default();
    inferring.chain(0, &counting)?;
    ensure(counting.progressed.load(Ordering::Relaxed) > 0, || {
        "expected signs of progress (the model's fit gives them to the context that it gets), found none"
            .into()
    })?;
    let stopped = inferring.chain(0, &Impatient { stop: true, ..Impatient::default() });
    let error = ensure_refused("a chain whose user asked to stop", stopped)?;
    ensure(error.kind() == ErrorKind::Cancelled, || {
        format!("a chain whose user asked to stop: expected `cancelled`, found: {error}")
    })
}
