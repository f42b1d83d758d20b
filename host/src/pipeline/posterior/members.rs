//! The members of a posterior.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use amplicast_sdk::{Member, Members, Model, Result};

use crate::pipeline::stage::identity;

/// A generator's members under one posterior.
pub struct Posterior {
    /// The model that they are members of.
    pub model: Box<dyn Model>,
    /// Their parameters.
    pub members: Members,
    /// Those that somebody holds.
    held: Mutex<BTreeMap<u64, Weak<dyn Member>>>,
}

impl Posterior {
    /// Members of this model.
    pub fn new(model: Box<dyn Model>, members: Members) -> Self {
        Posterior { model, members, held: Mutex::default() }
    }

    /// Member `i`, one for all who hold it at the same time: making it may be dear, and a job asks for it more than once.
    pub fn member(&self, i: u64) -> Result<Arc<dyn Member>> {
        let held = || self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(member) = held().get(&i).and_then(Weak::upgrade) {
            return Ok(member);
        }
        let made: Arc<dyn Member> = self.model.at(&self.members.parameters[i as usize])?.into();
        held().insert(i, Arc::downgrade(&made));
        Ok(made)
    }

    /// The hash of a member's parameters.
    pub fn hash(&self, member: u64) -> String {
        identity::parameters(&self.members.parameters[member as usize])
    }
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
        let count = || made.load(Ordering::Relaxed);
        let held = posterior.member(0).unwrap();
        assert!(Arc::ptr_eq(&held, &posterior.member(0).unwrap()));
        assert_eq!(count(), 1);
        let other = posterior.member(1).unwrap();
        assert_eq!((Arc::ptr_eq(&held, &other), count()), (false, 2));
        // What nobody holds takes no memory.
        drop(held);
        posterior.member(0).unwrap();
        assert_eq!(count(), 3);
    }
}
