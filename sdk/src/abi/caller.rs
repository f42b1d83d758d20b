//! Who is called: names component and call in every error, and lets the host watch each call.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::types::Res;
use crate::{Error, ErrorKind, Result, all_finite};

/// What the host learns of each call into a plugin, before and after it.
pub trait Watch: Send + Sync {
    /// The current thread enters `call` of `component`.
    fn enter(&self, component: &str, call: &'static str);
    /// The current thread is back.
    fn leave(&self);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn enter(&self, _component: &str, _call: &'static str) {}
    fn leave(&self) {}
}

/// A component as it is called by the host.
#[derive(Clone)]
pub struct Caller {
    component: Arc<str>,
    watch: Arc<dyn Watch>,
}

impl Caller {
    /// Calls of `component`, watched by `watch`.
    pub fn new(component: &str, watch: Arc<dyn Watch>) -> Self {
        Caller { component: component.into(), watch }
    }

    /// The name of the component.
    pub fn component(&self) -> &str {
        &self.component
    }

    pub fn call<T>(&self, name: &'static str, call: impl FnOnce() -> Res<T>) -> Result<T> {
        self.watch.enter(&self.component, name);
        let result = call();
        self.watch.leave();
        result.into_result().map_err(|error| {
            let error = Error::from(error);
            match error.kind() {
                // The host knows better where these belong: a line of the user's file, or the user himself.
                ErrorKind::Config | ErrorKind::Cancelled => error,
                _ => error.at(format!("`{}`, call {name}", self.component)),
            }
        })
    }

    /// An error that names component and call unless all events (n x d, row-major) are finite numbers.
    pub fn expect_finite(
        &self,
        call: &str,
        event: &str,
        first: u64,
        values: &[f64],
        dimension: usize,
    ) -> Result<()> {
        if all_finite(values) {
            return Ok(());
        }
        let i = values.iter().position(|x| !x.is_finite()).unwrap_or(0);
        let number = first + (i / dimension.max(1)) as u64;
        let column = if dimension > 1 { format!("column {} of ", i % dimension) } else { String::new() };
        Err(Error::plugin(format!(
            "expected finite numbers, found {} in {column}{event} {number}",
            values[i]
        ))
        .at(format!("`{}`, call {call}", self.component)))
    }

    /// An error that names component and call unless each is the logarithm of a density: a number, or -inf for 0.
    pub fn expect_densities(&self, call: &str, values: &[f64]) -> Result<()> {
        match values.iter().position(|x| x.is_nan() || *x == f64::INFINITY) {
            None => Ok(()),
            Some(i) => Err(Error::plugin(format!(
                "expected a finite log density or -inf, found {} for event {i} of {}",
                values[i],
                values.len()
            ))
            .at(format!("`{}`, call {call}", self.component))),
        }
    }

    /// Like [`Caller::call`] for short calls that neither fail nor are worth watching.
    pub fn quick<T>(&self, name: &'static str, call: impl FnOnce() -> Res<T>) -> Option<T> {
        self.call(name, call).ok()
    }
}

/// An object of a component: dropping it is a watched call, since its destructor is the author's code as well.
pub struct Held<T> {
    // Fields are dropped in this order.
    _enter: Entering,
    object: T,
    _leave: Leaving,
}

struct Entering(Caller);
struct Leaving(Caller);

impl Drop for Entering {
    fn drop(&mut self) {
        self.0.watch.enter(&self.0.component, "drop");
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.watch.leave();
    }
}

impl<T> Held<T> {
    pub fn new(object: T, caller: &Caller) -> Self {
        Held { _enter: Entering(caller.clone()), object, _leave: Leaving(caller.clone()) }
    }
}

impl<T> Deref for Held<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.object
    }
}

impl<T> DerefMut for Held<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.object
    }
}
