//! One generator with one posterior on one training set: a row of the table.

use amplicast_sdk::{Member, Result, Seed};

use super::chains::Posterior;
use crate::pipeline::observe::{Columns, Observables, Replica};
use crate::pipeline::plan::{PlannedCell, Setting};
use crate::pipeline::stage::identity::Trained;
use crate::terminal::one_line;

/// The randomness of a generator and an uncertainty model on one training set, by the names of their seeds: `given` for members
/// that the generator brings itself.
pub fn pair_seed(experiment: u64, generator: &str, uncertainty: &str, replica: u64) -> Seed {
    Seed::new(experiment).split("pair").split(generator).split(uncertainty).index(replica)
}

/// A generator and an uncertainty model in one replica.
pub struct Pair<'a> {
    /// The experiment.
    pub run: &'a Setting<'a>,
    /// The training set.
    pub replica: &'a Replica<'a>,
    /// The columns that all generators and posteriors share.
    pub columns: &'a Columns,
    /// The cells of this pair.
    pub cells: &'a [&'a PlannedCell],
    /// `generator / posterior`, for progress and errors.
    pub name: String,
    /// The randomness of this pair and replica.
    pub seed: Seed,
}

impl<'a> Pair<'a> {
    /// The pair of these cells, which are all of one generator and one uncertainty model.
    pub fn new(
        run: &'a Setting<'a>,
        replica: &'a Replica<'a>,
        columns: &'a Columns,
        cells: &'a [&'a PlannedCell],
    ) -> Self {
        let (generator, uncertainty) = (&cells[0].name.generator, &cells[0].name.uncertainty);
        let components = run.components;
        let seed = pair_seed(
            run.experiment.experiment.seed,
            &components.generators[cells[0].generator].seed_name,
            cells[0].uncertainty.map_or("given", |u| &components.uncertainties[u].seed_name),
            replica.number,
        );
        Pair { run, replica, columns, cells, name: one_line(&format!("{generator} / {uncertainty}")), seed }
    }

    /// The summaries and selections of the replica, with this member's densities.
    pub fn observables<'m>(&'m self, member: &'m dyn Member, i: u64) -> Observables<'m> {
        let seed = self.seed.split("density").index(i);
        Observables { member: Some((member, seed)), ..self.replica.observables }
    }

    /// The member with number `i`.
    pub fn member(&self, posterior: &Posterior, i: u64) -> Result<Box<dyn Member>> {
        let stage = format!("{}: member {}", self.name, i + 1);
        self.run.session.attempt(&stage, || posterior.model.at(&posterior.members.parameters[i as usize]))
    }

    /// What everything of this pair depends on.
    pub fn trained(&self) -> Trained<'_> {
        let generator = &self.run.components.generators[self.cells[0].generator];
        Trained { generator: &generator.identity, data: self.replica.identity }
    }

    /// The randomness of a member's events.
    pub fn sampling_seed(&self, member: u64) -> Seed {
        self.seed.split("sample").index(member)
    }

    /// Where a member comes from: its file, if each of `members` has one.
    pub fn place(&self, member: usize, members: usize) -> Result<String> {
        let generator = &self.run.components.generators[self.cells[0].generator].component;
        let generator = generator.as_ref().map_err(Clone::clone)?;
        // Several members may be arrays of one file.
        let own = generator.own_events()?;
        if own.len() == members && member < members {
            return Ok(own[member].0.clone());
        }
        let files = generator.files()?;
        Ok(match files.get(member) {
            Some(file) if files.len() == members => file.display().to_string(),
            _ => format!("member {}", member + 1),
        })
    }
}
