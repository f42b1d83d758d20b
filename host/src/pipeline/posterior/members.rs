//! The members of a posterior, each at the events that it was fitted to.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use amplicast_sdk::{Error, Layout as Segments, Member, Members, Model, Result, expect_length};

use crate::covering::{Layout, distinct};
use crate::pipeline::stage::identity;

/// Prepares a generator on these rows of the training events alone.
pub type PreparedOn<'a> = dyn Fn(&[u64]) -> Result<Box<dyn Model>> + 'a;

/// Which members that were fitted to some of the training events have a model of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnModels {
    /// None: all were made by others.
    None,
    /// Those whose rows do not repeat, prepared on these alone.
    Alone,
    /// All: a conditional generator draws the conditions of a bootstrap of its events.
    All,
}

/// A generator's members under one posterior.
pub struct Posterior {
    /// The model that they are members of.
    pub model: Box<dyn Model>,
    /// Their parameters.
    pub members: Members,
    /// What each of them was fitted to, if some were fitted to parts of the training events.
    pub layout: Option<Layout>,
    /// Of which members that were fitted to parts of the events the model was prepared for these alone.
    own_models: OwnModels,
    /// Those that somebody holds.
    held: Mutex<BTreeMap<u64, Weak<dyn Member>>>,
}

impl Posterior {
    /// Members of this model, all fitted to all events.
    pub fn new(model: Box<dyn Model>, members: Members) -> Self {
        let own_models = OwnModels::None;
        Posterior { model, members, layout: None, own_models, held: Mutex::default() }
    }

    /// The same members, fitted to these events; the models of some may have been prepared on these alone.
    #[must_use]
    pub fn fitted_to(self, layout: Option<Layout>, own_models: OwnModels) -> Self {
        Posterior { layout, own_models, ..self }
    }

    /// The hash of a member's parameters, and of the events that it was fitted to.
    pub fn hash(&self, member: u64) -> String {
        let parameters = &self.members.parameters[member as usize];
        match self.layout.as_ref().and_then(|layout| layout.rows(member as usize)) {
            Some(rows) => identity::parameters_on(parameters, rows),
            None => identity::parameters(parameters),
        }
    }

    /// The rows that a member's own model was prepared for.
    fn own_rows(&self, member: u64) -> Option<&[u64]> {
        let rows = self.layout.as_ref()?.rows(member as usize)?;
        let own = match self.own_models {
            OwnModels::None => false,
            OwnModels::Alone => alone(rows),
            OwnModels::All => true,
        };
        own.then_some(rows)
    }

    /// Member `i`, one for all who hold it at the same time: making it may be dear, and a job asks for it more than once. `prepared` makes
    /// a model of these rows of the training events alone.
    pub fn member(&self, i: u64, prepared: &PreparedOn<'_>) -> Result<Arc<dyn Member>> {
        let held = || self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(member) = held().get(&i).and_then(Weak::upgrade) {
            return Ok(member);
        }
        let parameters = &self.members.parameters[i as usize];
        let own = self.own_rows(i).map(prepared).transpose()?;
        let model = own.as_deref().unwrap_or(&*self.model);
        expect_length(&format!("member {i}: parameters"), model.layout().len(), parameters.len())?;
        let made: Arc<dyn Member> = model.at(parameters)?.into();
        held().insert(i, Arc::downgrade(&made));
        Ok(made)
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use amplicast_sdk::ndarray::ArrayViewMut2;
    use amplicast_sdk::{Chunk, Layout, Seed};

    use super::*;

    /// Counts how often a member is made.
    struct Counting(Arc<AtomicUsize>);

    struct Nothing;

    impl Model for Counting {
        fn layout(&self) -> Layout {
            Layout::new([("number", vec![1])])
        }

        fn initial(&self, _: Seed) -> Result<Vec<f32>> {
            Ok(vec![0.0])
        }

        fn at(&self, _: &[f32]) -> Result<Box<dyn Member>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(Nothing))
        }
    }

    impl Member for Nothing {
        fn sample(&self, _: Chunk, _: ArrayViewMut2<'_, f64>) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_member_is_made_once_for_all_who_hold_it() {
        let made = Arc::new(AtomicUsize::new(0));
        let members = Members::independent(vec![vec![0.0], vec![1.0]]);
        let posterior = Posterior::new(Box::new(Counting(made.clone())), members);
        let none = |_: &[u64]| -> Result<Box<dyn Model>> { unreachable!("all were fitted to all events") };
        let count = || made.load(Ordering::Relaxed);
        let held = posterior.member(0, &none).unwrap();
        assert!(Arc::ptr_eq(&held, &posterior.member(0, &none).unwrap()));
        assert_eq!(count(), 1);
        let other = posterior.member(1, &none).unwrap();
        assert_eq!((Arc::ptr_eq(&held, &other), count()), (false, 2));
        // What nobody holds takes no memory.
        drop(held);
        posterior.member(0, &none).unwrap();
        assert_eq!(count(), 3);
    }
}
