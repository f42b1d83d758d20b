//! From a generator and an uncertainty model to members: every chain is a stage of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use amplicast_sdk::abi::LoadedUncertaintyModel;
use amplicast_sdk::{
    Chain, Context, Error, ErrorKind, Inference, Model, Requirements, Result, expect_length,
};
use serde::{Deserialize, Serialize};

use super::given::given;
use super::members::{OwnModels, Posterior, alone, check_members};
use super::training::Training;
use super::trial::Trial;
use crate::covering::Layout;
use crate::pipeline::plan::{Groups, Made, member_count};
use crate::pipeline::stage::{at_once, in_groups};
use crate::session::CallContext;
use crate::store::Key;

/// The chains of one training: of an uncertainty model with a generator that sees one training set.
pub struct Chains<'a, 't> {
    training: &'a Training<'t>,
    uncertainty: &'a Made<LoadedUncertaintyModel>,
    loaded: &'a LoadedUncertaintyModel,
    requirements: Requirements,
    /// The groups of the events that the generator sees, if some belong together: a chain is fitted to whole ones.
    groups: Option<Groups>,
    /// Members that are wanted of them.
    pub members: u64,
    /// How many there are.
    pub number: u64,
}

impl<'a, 't> Chains<'a, 't> {
    /// Of a row with an uncertainty model; none of members that the generator brings.
    pub fn of(training: &'a Training<'t>) -> Result<Option<Self>> {
        let Some(uncertainty) = training.row.uncertainty else { return Ok(None) };
        let uncertainty = &training.components.uncertainties[uncertainty];
        let loaded = uncertainty.component.as_ref().map_err(Clone::clone)?;
        let members = member_count(training.experiment, Some(loaded));
        let (requirements, number) = (loaded.requirements(), loaded.chains(members)?);
        let groups = training.seen.groups.map(Groups::new);
        Ok(Some(Chains { training, uncertainty, loaded, requirements, groups, members, number }))
    }

    /// How many members each chain depends on, if it does.
    fn together(&self) -> Option<u64> {
        self.requirements.joint.then_some(self.members)
    }

    /// Its key.
    pub fn key(&self, chain: u64) -> Result<Key> {
        let Training { experiment, seed, .. } = *self.training;
        let rows = self.rows(chain)?;
        Ok(self.training.trained().chain(
            &self.uncertainty.identity,
            &experiment.training,
            seed,
            self.together(),
            chain,
            rows.as_deref(),
        ))
    }

    /// What is drawn for a chain of what the generator sees: rows of events, or groups where these belong together; none for all of them.
    fn drawn(&self, chain: u64) -> Result<Option<Vec<u64>>> {
        let seed = self.training.seed.split("chain");
        self.loaded.rows(chain, self.members, self.independent(), seed)
    }

    /// How many events, or groups of them, the generator sees.
    fn independent(&self) -> u64 {
        self.groups.as_ref().map_or(self.training.seen.rows.len(), Groups::number) as u64
    }

    /// The rows of events of what was drawn.
    fn events(&self, drawn: &[u64]) -> Vec<u64> {
        self.groups.as_ref().map_or_else(|| drawn.to_vec(), |groups| groups.rows(drawn))
    }

    /// The rows of the events that the generator sees which a chain is fitted to; none for all of them.
    fn rows(&self, chain: u64) -> Result<Option<Vec<u64>>> {
        Ok(self.drawn(chain)?.map(|drawn| self.events(&drawn)))
    }

    fn stage(&self, chain: u64) -> String {
        let Training { name, number, .. } = self.training;
        format!("{name}: training set {}, chain {} of {}", number + 1, chain + 1, self.number)
    }

    /// A stored chain, or why it diverged; none if it was not inferred yet.
    pub fn stored(&self, chain: u64) -> Option<Result<Chain>> {
        let store = self.training.store;
        let key = match self.key(chain) {
            Ok(key) => key,
            Err(error) => return Some(Err(error)),
        };
        store.chain(&key).map(Ok).or_else(|| Some(Err(store.json::<Diverged>(&key)?.error())))
    }

    /// Has a chain inferred: of rows that do not repeat on a model of these events alone, else on `model`, of all events.
    fn inferred(&self, model: &dyn Model, chain: u64, context: &dyn Context) -> Result<Chain> {
        let Training { seed, seen, experiment, .. } = *self.training;
        let named = self.rows(chain)?;
        let own = named.as_ref().filter(|rows| alone(rows));
        let own = own.map(|rows| self.training.model_of(rows)).transpose()?;
        let n = named.as_ref().map_or(seen.rows.len(), Vec::len) as u64;
        let rows = named.filter(|_| own.is_none()).unwrap_or_else(|| (0..n).collect());
        self.loaded.infer_chain(&Inference {
            chain,
            model: own.as_deref().unwrap_or(model),
            members: self.together(),
            rows: &rows,
            training_rows: seen.rows.len() as u64,
            settings: &experiment.training,
            seed: seed.split("chain").index(chain),
            context,
        })
    }

    /// Estimated seconds of a chain on one thread, from the begin of the first one; none if it does not say how far it is.
    pub fn tried(&self, model: &dyn Model, budget: Duration) -> Option<f64> {
        let trial = Trial::new(budget);
        let begun = Instant::now();
        let done = self.inferred(model, 0, &trial).is_ok();
        if done { Some(begun.elapsed().as_secs_f64()) } else { trial.seconds() }
    }

    /// A chain, stored when it returns; the inner error says why it diverged, which is stored as well: it would again.
    pub fn infer(&self, model: &dyn Model, chain: u64) -> Result<Result<Chain>> {
        let Training { session, store, .. } = *self.training;
        let stage = self.stage(chain);
        let task = session.progress.task(&stage);
        let context = CallContext::new(session, &task);
        let inferred = session.attempt(&stage, || self.inferred(model, chain, &context));
        let numbers = |mut found: Chain| {
            found.vectors.sort_by(|a, b| a.0.cmp(&b.0));
            match found.vectors.iter().find(|(_, v)| v.iter().any(|x| x.is_nan())) {
                Some((name, _)) => {
                    Err(Error::numeric(format!("{stage}: expected numbers in `{name}`, found NaN")))
                }
                None => Ok(found),
            }
        };
        match inferred.and_then(numbers) {
            Ok(found) => {
                store.put_chain(&self.key(chain)?, &found)?;
                task.finish("inferred");
                Ok(Ok(found))
            }
            Err(error) if error.kind() == ErrorKind::Numeric => {
                store.put_json(&self.key(chain)?, &Diverged::new(&error))?;
                Ok(Err(error))
            }
            Err(error) => Err(error),
        }
    }

    /// All chains: those that are stored, and the others, inferred.
    fn all(&self, model: &dyn Model) -> Result<Vec<Result<Chain>>> {
        let Training { session, name, number, .. } = self.training;
        let stored = AtomicU64::new(0);
        let found = in_groups(self.number, at_once(model), |chain| match self.stored(chain) {
            Some(found) => {
                stored.fetch_add(1, Ordering::Relaxed);
                Ok(found)
            }
            None => self.infer(model, chain),
        })?;
        let (all, stored) = (found.len(), stored.into_inner());
        session.progress.say(&format!(
            "{name}: training set {}, {all} chain(s), {stored} of them stored before",
            number + 1
        ));
        Ok(found)
    }

    /// All chains of a run whose chains are all stored.
    fn all_stored(&self) -> Result<Vec<Result<Chain>>> {
        let found = |chain| {
            self.stored(chain).ok_or_else(|| {
                Error::data(format!(
                    "{}: expected it stored, found none that these plugins made: finish the run, or run it again",
                    self.stage(chain)
                ))
            })
        };
        (0..self.number).map(found).collect()
    }

    /// The members of those chains that did not diverge.
    fn posterior(&self, model: Box<dyn Model>, found: Vec<Result<Chain>>) -> Result<Posterior> {
        let Training { session, name, number, seed, .. } = self.training;
        let least =
            if self.requirements.joint { self.members } else { self.requirements.least_members as u64 };
        let Survivors { chains, numbers, count, warnings } = Survivors::of(found, self.members, least)?;
        let mut members = session.attempt(&format!("{name}: draw members"), || {
            self.loaded.members(&chains, count, seed.split("members"))
        })?;
        let drawn: Vec<Option<Vec<u64>>> =
            numbers.into_iter().map(|chain| self.drawn(chain)).collect::<Result<_>>()?;
        let layout = if drawn.iter().all(Option::is_none) {
            None
        } else {
            let what = format!("`{}`: members of chains that name their rows", self.uncertainty.name);
            expect_length(&what, drawn.len(), members.parameters.len())?;
            let layout = Layout::new(drawn, self.independent());
            layout.map(|layout| layout.of_events(|drawn| self.events(drawn)))
        };
        let segments = layout.is_none().then(|| model.layout());
        check_members(&members.parameters, segments.as_ref(), &self.uncertainty.name)?;
        for warning in warnings {
            let warning = format!("training set {}, {warning}", number + 1);
            session.progress.say(&format!("warning: {name}: {warning}"));
            members.diagnostics.warnings.push(warning);
        }
        let own_models = if self.training.is_conditional()? { OwnModels::All } else { OwnModels::Alone };
        Ok(Posterior::new(model, members).fitted_to(layout, own_models))
    }
}

/// Why a chain has no numbers, as it is stored.
#[derive(Serialize, Deserialize)]
struct Diverged {
    place: String,
    message: String,
}

impl Diverged {
    fn new(error: &Error) -> Self {
        Diverged { place: error.place().into(), message: error.message().into() }
    }

    fn error(self) -> Error {
        Error::numeric(self.message).at(self.place)
    }
}

impl Training<'_> {
    /// The members: those that the generator brings, or those of all chains, which are inferred unless they are stored.
    pub fn posterior(&self) -> Result<Posterior> {
        match Chains::of(self)? {
            None => given(self),
            Some(chains) => {
                let model = self.model()?;
                let found = chains.all(&*model)?;
                chains.posterior(model, found)
            }
        }
    }

    /// The same of a run whose chains are all stored; an error names the first that is not.
    pub fn stored_posterior(&self) -> Result<Posterior> {
        match Chains::of(self)? {
            None => given(self),
            Some(chains) => chains.posterior(self.model()?, chains.all_stored()?),
        }
    }
}

/// The chains that did not diverge, and the members that they give.
#[derive(Debug)]
struct Survivors {
    chains: Vec<Chain>,
    /// Their numbers among all chains.
    numbers: Vec<u64>,
    count: u64,
    /// A chain that is left out each.
    warnings: Vec<String>,
}

impl Survivors {
    /// Every chain has an equal share of the `count` members; at least `least` of them must remain.
    fn of(found: Vec<Result<Chain>>, count: u64, least: u64) -> Result<Self> {
        let all = found.len() as u64;
        let (mut chains, mut numbers) = (Vec::new(), Vec::new());
        let mut diverged = Vec::new();
        for (k, chain) in (1..).zip(found) {
            match chain {
                Ok(chain) => {
                    chains.push(chain);
                    numbers.push(k - 1);
                }
                Err(error) => diverged.push((k, error)),
            }
        }
        let Some((_, first)) = diverged.first() else {
            return Ok(Survivors { chains, numbers, count, warnings: vec![] });
        };
        let remaining = count * chains.len() as u64 / all;
        if chains.is_empty() {
            return Err(first.clone());
        }
        if remaining < least {
            return Err(Error::numeric(format!(
                "expected at least {least} members, found {remaining}: {} of {all} chains are left out, the first \
                 because: {first}",
                diverged.len()
            )));
        }
        let warning = |(k, error): (u64, Error)| {
            format!("chain {k} of {all} is left out: {error}; {remaining} of {count} members remain")
        };
        Ok(Survivors {
            chains,
            numbers,
            count: remaining,
            warnings: diverged.into_iter().map(warning).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(diverged: &[u64], all: u64) -> Vec<Result<Chain>> {
        let chain = |k| match diverged.contains(&k) {
            true => Err(Error::numeric(format!("training diverged at step {k}"))),
            false => Ok(Chain::new([("number", vec![k as f32])])),
        };
        (0..all).map(chain).collect()
    }

    #[test]
    fn a_chain_that_diverged_costs_its_share_of_the_members() {
        let all = Survivors::of(found(&[], 4), 40, 2).unwrap();
        assert_eq!((all.chains.len(), all.count, all.warnings.len()), (4, 40, 0));
        let some = Survivors::of(found(&[1, 3], 4), 41, 2).unwrap();
        assert_eq!((some.chains[1].get("number").unwrap(), some.count), (&[2.0][..], 20));
        assert_eq!(some.numbers, [0, 2]);
        assert_eq!(
            some.warnings[0],
            "chain 2 of 4 is left out: training diverged at step 1; 20 of 41 members remain"
        );
    }

    #[test]
    fn too_few_are_an_error_that_says_why() {
        let message =
            |diverged: &[u64], least| Survivors::of(found(diverged, 3), 3, least).unwrap_err().to_string();
        assert_eq!(message(&[0, 1, 2], 2), "training diverged at step 0");
        assert_eq!(
            message(&[2, 1], 2),
            "expected at least 2 members, found 1: 2 of 3 chains are left out, the first because: training diverged \
             at step 1"
        );
    }
}
