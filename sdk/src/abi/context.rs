//! The host's context as a plugin sees it.

use abi_stable::sabi_trait;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::ROption;
use abi_stable::{RRef, StableAbi};

use crate::Context;

/// Work that the host runs in parallel: a function and its data, which outlive the call.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiWork<'a> {
    run: extern "C" fn(RRef<'a, ()>, usize),
    data: RRef<'a, ()>,
}

#[sabi_trait]
pub trait AbiContext: Sync {
    fn progress(&self, done: u64, total: u64, loss: ROption<f64>);
    fn cancelled(&self) -> bool;
    #[sabi(last_prefix_field)]
    fn parallel(&self, n: usize, work: AbiWork<'_>);
}

pub type ContextRef<'a> = AbiContext_TO<'a, RRef<'a, ()>>;

/// The host's side: what is passed to a plugin.
pub struct Offered<'a>(pub &'a dyn Context);

impl AbiContext for Offered<'_> {
    fn progress(&self, done: u64, total: u64, loss: ROption<f64>) {
        self.0.progress(done, total, loss.into_option());
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }

    fn parallel(&self, n: usize, work: AbiWork<'_>) {
        struct Shared<'a>(AbiWork<'a>);
        // SAFETY: `work` is made in `Received::parallel` from a `&(dyn Fn(usize) + Sync)`, which may be called from any thread.
        unsafe impl Sync for Shared<'_> {}
        let shared = Shared(work);
        let shared = &shared;
        self.0.parallel(n, &|i| (shared.0.run)(shared.0.data, i));
    }
}

pub fn offer<'a>(context: &'a Offered<'a>) -> ContextRef<'a> {
    AbiContext_TO::from_ptr(RRef::new(context), TD_Opaque)
}

/// The plugin's side: a safe context again.
pub struct Received<'a>(pub ContextRef<'a>);

impl Context for Received<'_> {
    fn progress(&self, done: u64, total: u64, loss: Option<f64>) {
        self.0.progress(done, total, loss.into());
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }

    fn parallel(&self, n: usize, work: &(dyn Fn(usize) + Sync)) {
        type Work<'w> = &'w (dyn Fn(usize) + Sync);
        struct Task<'w> {
            work: Work<'w>,
            panic: std::sync::Mutex<Option<Box<dyn std::any::Any + Send>>>,
        }
        extern "C" fn run(data: RRef<'_, ()>, i: usize) {
            // SAFETY: `data` points at the `Task` below, which outlives `parallel`.
            let task: &Task<'_> = unsafe { data.transmute_into_ref() };
            // A panic must not unwind through the host: it is kept and raised again on the caller's thread.
            if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (task.work)(i))) {
                task.panic.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(panic);
            }
        }
        let task = Task { work, panic: std::sync::Mutex::new(None) };
        // SAFETY: only `run` sees the erased pointer, and it restores the type.
        let data: RRef<'_, ()> = unsafe { RRef::new(&task).transmute() };
        self.0.parallel(n, AbiWork { run, data });
        if let Some(panic) = task.panic.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            std::panic::resume_unwind(panic);
        }
    }
}
