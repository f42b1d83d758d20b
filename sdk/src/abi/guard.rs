//! Panics stop at the boundary: an unwinding `extern "C"` function would abort the host.

use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use super::types::{Res, to_res};
use crate::{Error, Result};

/// Runs a call of an author's code; a panic becomes an error.
pub fn guard<T>(call: impl FnOnce() -> Result<T>) -> Res<T> {
    // A panicking call may leave the author's value half-changed; the host stops using it after an error.
    to_res(catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(Error::plugin(describe(&*panic)))))
}

fn describe(panic: &(dyn std::any::Any + Send)) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_string())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "(no message)".into());
    format!("panicked: {message}")
}

static DROP_ERRORS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The panics of destructors in this library since the last call.
pub fn take_drop_errors() -> Vec<String> {
    DROP_ERRORS.lock().map(|mut errors| std::mem::take(&mut *errors)).unwrap_or_default()
}

/// An author's value whose destructor may panic without taking the host along.
pub struct Guarded<T> {
    value: Option<T>,
    name: &'static str,
}

impl<T> Guarded<T> {
    pub fn new(name: &'static str, value: T) -> Self {
        Guarded { value: Some(value), name }
    }
}

impl<T> Deref for Guarded<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.value.as_ref().expect("present until drop")
    }
}

impl<T> DerefMut for Guarded<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("present until drop")
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        let value = self.value.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value)))
            && let Ok(mut errors) = DROP_ERRORS.lock()
        {
            errors.push(format!("drop of {}: {}", self.name, describe(&*panic)));
        }
    }
}
