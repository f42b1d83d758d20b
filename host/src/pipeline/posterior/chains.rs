//! From a generator and an uncertainty model to members: every chain is a stage of its own.

use std::sync::atomic::{AtomicU64, Ordering};

use amplicast_sdk::abi::{LoadedGenerator, LoadedUncertaintyModel};
use amplicast_sdk::{
    Batch, Chain, Error, ErrorKind, Inference, Layout, Members, Model, Result, Schema, Seed, expect_length,
};
use serde_json::Value;

use crate::config::Experiment;
use crate::pipeline::plan::{Made, member_count};
use crate::pipeline::stage::identity::{self, Trained};
use crate::pipeline::stage::in_groups;
use crate::session::{CallContext, Session};
use crate::store::Store;

/// A generator's members under one posterior.
pub struct Posterior {
    /// The model that they are members of.
    pub model: Box<dyn Model>,
    /// Their parameters.
    pub members: Members,
}

impl Posterior {
    /// The hash of a member's parameters.
    pub fn hash(&self, member: u64) -> String {
        identity::parameters(&self.members.parameters[member as usize])
    }
}

/// What inference works on.
pub struct Job<'a> {
    /// The process.
    pub session: &'a Session,
    /// Where chains are stored.
    pub store: &'a Store,
    /// The experiment.
    pub experiment: &'a Experiment,
    /// Number of the replica.
    pub replica: u64,
    /// What the training events depend on.
    pub data_identity: &'a Value,
    /// `generator/posterior`, for progress and errors.
    pub name: String,
    /// Randomness of this pair and replica.
    pub seed: Seed,
    /// Whether nothing is inferred that is not stored.
    pub stored_only: bool,
}

impl Job<'_> {
    /// Prepares the generator on the events that it sees: its own members, or those that an uncertainty model infers.
    pub fn posterior(
        &self,
        generator: &Made<LoadedGenerator>,
        uncertainty: Option<&Made<LoadedUncertaintyModel>>,
        seen: &Batch<'_>,
        schema: &Schema,
    ) -> Result<Posterior> {
        let loaded = generator.component.as_ref().map_err(Clone::clone)?;
        let prepare = || loaded.prepare(seen, schema);
        let model = Box::new(self.session.attempt(&format!("{}: prepare", self.name), prepare)?);
        match uncertainty {
            None => given(generator, model),
            Some(uncertainty) => self.infer(generator, model, uncertainty, seen.rows.len() as u64),
        }
    }

    /// Infers the chains that are not stored yet, and draws the members of those that did not diverge.
    fn infer(
        &self,
        generator: &Made<LoadedGenerator>,
        model: Box<dyn Model>,
        uncertainty: &Made<LoadedUncertaintyModel>,
        training_rows: u64,
    ) -> Result<Posterior> {
        let loaded = uncertainty.component.as_ref().map_err(Clone::clone)?;
        let requirements = loaded.requirements();
        let count = member_count(self.experiment, Some(loaded));
        let together = requirements.joint.then_some(count);
        let chains = loaded.chains(count)?;
        let trained = Trained { generator: &generator.identity, data: self.data_identity };
        let one = |k: u64, stored: &AtomicU64| -> Result<Chain> {
            let key = trained.chain(&uncertainty.identity, &self.experiment.training, self.seed, together, k);
            if let Some(chain) = self.store.chain(&key) {
                stored.fetch_add(1, Ordering::Relaxed);
                return Ok(chain);
            }
            let stage =
                format!("{}: training set {}, chain {} of {chains}", self.name, self.replica + 1, k + 1);
            if self.stored_only {
                return Err(Error::data(format!(
                    "{stage}: expected it stored, found none that these plugins made: finish the run, or run it again"
                )));
            }
            let task = self.session.progress.task(&stage);
            let context = CallContext::new(self.session, &task);
            let mut chain = self.session.attempt(&stage, || {
                loaded.infer_chain(&Inference {
                    chain: k,
                    model: &*model,
                    members: together,
                    training_rows,
                    settings: &self.experiment.training,
                    seed: self.seed.split("chain").index(k),
                    context: &context,
                })
            })?;
            chain.vectors.sort_by(|a, b| a.0.cmp(&b.0));
            if let Some((name, _)) = chain.vectors.iter().find(|(_, v)| v.iter().any(|x| x.is_nan())) {
                return Err(Error::numeric(format!("{stage}: expected numbers in `{name}`, found NaN")));
            }
            self.store.put_chain(&key, &chain)?;
            task.finish("inferred");
            Ok(chain)
        };
        let most = model.max_concurrency().unwrap_or(usize::MAX).max(1);
        let stored = AtomicU64::new(0);
        // A chain that diverged is not stored, and says the same when it is tried again.
        let found = in_groups(chains, most, |k| match one(k, &stored) {
            Err(error) if error.kind() == ErrorKind::Numeric => Ok(Err(error)),
            found => found.map(Ok),
        })?;
        let (all, stored) = (found.len(), stored.into_inner());
        let set = self.replica + 1;
        self.session.progress.say(&format!(
            "{}: training set {set}, {all} chain(s), {stored} of them stored before",
            self.name
        ));
        let least = if requirements.joint { count } else { requirements.least_members as u64 };
        let Survivors { chains, count, warnings } = Survivors::of(found, count, least)?;
        let mut members = self.session.attempt(&format!("{}: draw members", self.name), || {
            loaded.members(&chains, count, self.seed.split("members"))
        })?;
        check_members(&members.parameters, &model.layout(), &uncertainty.name)?;
        for (i, rows) in members.rows.iter().flatten().enumerate() {
            let what = format!("`{}`, member {i}: training rows", uncertainty.name);
            expect_length(&what, training_rows as usize, rows.len())?;
        }
        for warning in warnings {
            let warning = format!("training set {set}, {warning}");
            self.session.progress.say(&format!("warning: {}: {warning}", self.name));
            members.diagnostics.warnings.push(warning);
        }
        Ok(Posterior { model, members })
    }
}

/// The members that a generator brings itself.
fn given(generator: &Made<LoadedGenerator>, model: Box<dyn Model>) -> Result<Posterior> {
    let parameters = model.own_members().ok_or_else(|| {
        Error::plugin(format!("generator `{}`: expected members of its own, found none", generator.name))
    })?;
    if parameters.is_empty() {
        return Err(Error::data(format!(
            "generator `{}`: expected at least one member, found none",
            generator.name
        )));
    }
    check_members(&parameters, &model.layout(), &generator.name)?;
    Ok(Posterior { model, members: Members::independent(parameters) })
}

/// The chains that did not diverge, and the members that they give.
#[derive(Debug)]
struct Survivors {
    chains: Vec<Chain>,
    count: u64,
    /// A chain that is left out each.
    warnings: Vec<String>,
}

impl Survivors {
    /// Every chain has an equal share of the `count` members; at least `least` of them must remain.
    fn of(found: Vec<Result<Chain>>, count: u64, least: u64) -> Result<Self> {
        let all = found.len() as u64;
        let mut chains = Vec::new();
        let mut diverged = Vec::new();
        for (k, chain) in (1..).zip(found) {
            match chain {
                Ok(chain) => chains.push(chain),
                Err(error) => diverged.push((k, error)),
            }
        }
        let Some((_, first)) = diverged.first() else {
            return Ok(Survivors { chains, count, warnings: vec![] });
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
        Ok(Survivors { chains, count: remaining, warnings: diverged.into_iter().map(warning).collect() })
    }
}

fn check_members(parameters: &[Vec<f32>], layout: &Layout, name: &str) -> Result<()> {
    for (i, theta) in parameters.iter().enumerate() {
        expect_length(&format!("`{name}`, member {i}: parameters"), layout.len(), theta.len())?;
        if theta.iter().any(|x| !x.is_finite()) {
            return Err(Error::numeric(format!(
                "`{name}`, member {i}: expected finite parameters, found NaN or infinity"
            )));
        }
    }
    Ok(())
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
