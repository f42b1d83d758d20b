//! The members of a posterior, each at the events that it was fitted to.

use std::ops::Range;

use amplicast_sdk::{Error, Layout as Segments, Member, Members, Model, Result, expect_length};

use super::training::Training;
use crate::covering::{Layout, distinct};
use crate::pipeline::stage::identity;

/// A generator's members under one posterior.
pub struct Posterior {
    /// The model that they are members of.
    pub model: Box<dyn Model>,
    /// Their parameters.
    pub members: Members,
    /// What each of them was fitted to, if some were fitted to parts of the training events.
    pub layout: Option<Layout>,
    /// Whether the model of a member that was fitted to a part of the events was prepared on these alone.
    pub prepared_alone: bool,
}

impl Posterior {
    /// The hash of a member's parameters, and of the events that it was fitted to.
    pub fn hash(&self, member: u64) -> String {
        let parameters = &self.members.parameters[member as usize];
        match self.layout.as_ref().and_then(|layout| layout.rows(member as usize)) {
            Some(rows) => identity::parameters_on(parameters, rows),
            None => identity::parameters(parameters),
        }
    }

    /// The rows that a member's own model was prepared on.
    fn own_rows(&self, member: u64) -> Option<&[u64]> {
        let rows = self.layout.as_ref()?.rows(member as usize)?;
        (self.prepared_alone && alone(rows)).then_some(rows)
    }

    /// The member with number `i`.
    pub fn member(&self, training: &Training<'_>, i: u64) -> Result<Box<dyn Member>> {
        let parameters = &self.members.parameters[i as usize];
        let own = self.own_rows(i).map(|rows| training.model_of(rows)).transpose()?;
        let model = own.as_deref().unwrap_or(&*self.model);
        let what = || format!("{}, member {i}: parameters", training.name);
        expect_length(&what(), model.layout().len(), parameters.len())?;
        training.session.attempt(&format!("{}: member {}", training.name, i + 1), || model.at(parameters))
    }

    /// The members that stand for the generator: fits to all events where some were fitted to parts of them, else all.
    pub fn speaking(&self) -> Vec<usize> {
        let all = || (0..self.members.parameters.len()).collect();
        self.layout.as_ref().map_or_else(all, Layout::speaking)
    }

    /// The same as a range, for what is fitted to them together: all members unless fits to all events come first.
    pub fn speaking_together(&self) -> Range<u64> {
        let speaking = self.speaking();
        let first = speaking.iter().enumerate().all(|(i, member)| i == *member);
        let number = if first { speaking.len() } else { self.members.parameters.len() };
        0..number as u64
    }
}

/// Whether a generator is prepared on these rows alone. A bootstrap repeats events, of which those that it left out validate it: the model
/// must know them all.
pub fn alone(rows: &[u64]) -> bool {
    distinct(rows) == rows.len()
}

/// An error unless these are finite parameters of such a layout; where models differ from member to member, `layout` is none, and each
/// refuses what is not of its own.
pub fn check_members(parameters: &[Vec<f32>], layout: Option<&Segments>, name: &str) -> Result<()> {
    for (i, theta) in parameters.iter().enumerate() {
        if let Some(layout) = layout {
            expect_length(&format!("`{name}`, member {i}: parameters"), layout.len(), theta.len())?;
        }
        if theta.iter().any(|x| !x.is_finite()) {
            return Err(Error::numeric(format!(
                "`{name}`, member {i}: expected finite parameters, found NaN or infinity"
            )));
        }
    }
    Ok(())
}
