//! One generator with one posterior on one training set: a row of the table.

use std::sync::Arc;

use amplicast_sdk::{Member, Result, Seed};

use super::members::Posterior;
use super::training::Training;
use crate::config::seen_from;
use crate::pipeline::observe::{Columns, Observables, TrainingSet};
use crate::pipeline::plan::{PlannedCell, Row, Setting};
use crate::pipeline::stage::identity::Trained;

/// A generator and an uncertainty model on one training set.
pub struct SetRow<'a> {
    /// The experiment.
    pub setting: &'a Setting<'a>,
    /// The training set.
    pub set: &'a TrainingSet<'a>,
    /// The columns that all generators and posteriors share.
    pub columns: &'a Columns,
    /// The cells of this row.
    pub cells: &'a [&'a PlannedCell],
    /// Its training: names, randomness, and what everything depends on.
    pub training: Training<'a>,
}

impl<'a> SetRow<'a> {
    /// The row of these cells, which are all of one generator and one uncertainty model.
    pub fn new(
        setting: &'a Setting<'a>,
        set: &'a TrainingSet<'a>,
        columns: &'a Columns,
        cells: &'a [&'a PlannedCell],
    ) -> Self {
        let row = Row::of(cells[0]);
        let training = Training::new(setting, row, set.number, set.events.seen(), set.identity);
        SetRow { setting, set, columns, cells, training }
    }

    /// The summaries and selections of the training set, with this member's densities.
    pub fn observables<'m>(&'m self, member: &'m dyn Member, i: u64) -> Observables<'m> {
        let seed = self.training.seed.split("density").index(i);
        Observables { member: Some((member, seed)), ..self.set.observables }
    }

    /// The member with number `i`.
    pub fn member(&self, posterior: &Posterior, i: u64) -> Result<Arc<dyn Member>> {
        let stage = format!("{}: member {}", self.training.name, i + 1);
        self.setting.session.attempt(&stage, || posterior.member(i, &|rows| self.training.model_of(rows)))
    }

    /// The members that tell how many events each has: all of them, or the first one if it has no end.
    pub fn measured(&self, posterior: &Posterior) -> Result<Vec<Arc<dyn Member>>> {
        let mut measured = Vec::new();
        for i in 0..posterior.members.parameters.len() {
            measured.push(self.member(posterior, i as u64)?);
            if measured[i].capacity().is_none() {
                measured.drain(1..);
                break;
            }
        }
        Ok(measured)
    }

    /// What everything of this row depends on.
    pub fn trained(&self) -> Trained<'_> {
        self.training.trained()
    }

    /// The randomness of a member's events.
    pub fn sampling_seed(&self, member: u64) -> Seed {
        self.training.seed.split("sample").index(member)
    }

    /// Where a member comes from: its file as it is seen from the experiment's folder, if each of `members` has one.
    pub fn place(&self, member: usize, members: usize) -> Result<String> {
        let generator = self.training.generator().component.as_ref().map_err(Clone::clone)?;
        let folder = &self.setting.experiment.folder;
        // Several members may be arrays of one file.
        let own = generator.own_events()?;
        if own.len() == members && member < members {
            return Ok(seen_from(folder, &own[member].0).into());
        }
        // Those of a generator that is fitted are no members.
        let files = if generator.abilities().own_members { generator.files()? } else { Vec::new() };
        Ok(match files.get(member) {
            Some(file) if files.len() == members => seen_from(folder, &file.to_string_lossy()).into(),
            _ => format!("member {}", member + 1),
        })
    }
}
