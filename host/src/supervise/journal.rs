//! The worker's journal: which plugin call each thread is in, readable by the supervisor after the worker's death.
//!
//! Every thread owns a slot of fixed length in a file; a call is written before it is made. The page cache keeps what a
//! killed process wrote.

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use amplicast_sdk::abi::Watch;

const SLOT_BYTES: usize = 512;
const MAX_SLOTS: u64 = 1024;

/// A plugin call under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallUnderWay {
    /// The stage that the call belongs to.
    pub stage: String,
    /// The component, or the file that is being loaded.
    pub component: String,
    /// The call.
    pub call: String,
    /// When the thread last gave a sign of life, in milliseconds since 1970.
    pub alive: u64,
}

/// The worker's side.
pub struct Journal {
    file: Option<File>,
    next_slot: AtomicU64,
}

#[derive(Default)]
struct Thread {
    slot: Option<u64>,
    stage: String,
    calls: Vec<(String, &'static str)>,
    last_sign: u64,
}

thread_local! {
    static THREAD: RefCell<Thread> = RefCell::default();
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}

impl Journal {
    /// A journal in `path`; without one, calls are only counted in memory.
    pub fn open(path: Option<&Path>) -> std::io::Result<Self> {
        let file =
            path.map(|p| File::options().write(true).create(true).truncate(false).open(p)).transpose()?;
        Ok(Journal { file, next_slot: AtomicU64::new(0) })
    }

    /// Runs `work` as the named stage of the current thread.
    pub fn stage<T>(&self, name: &str, work: impl FnOnce() -> T) -> T {
        let before = THREAD.with_borrow_mut(|t| std::mem::replace(&mut t.stage, name.to_string()));
        let result = work();
        THREAD.with_borrow_mut(|t| t.stage = before);
        result
    }

    /// The current thread's stage, to be carried to threads that work for it.
    pub fn current_stage(&self) -> String {
        THREAD.with_borrow(|t| t.stage.clone())
    }

    /// A sign of life of a long call.
    pub fn alive(&self) {
        THREAD.with_borrow_mut(|t| {
            // Every step of a training calls this; a sign each tenth of a second is enough.
            if now().saturating_sub(t.last_sign) > 100 {
                self.write(t);
            }
        });
    }

    fn write(&self, thread: &mut Thread) {
        let Some(file) = &self.file else { return };
        let slot =
            *thread.slot.get_or_insert_with(|| self.next_slot.fetch_add(1, Ordering::Relaxed) % MAX_SLOTS);
        thread.last_sign = now();
        let text = match thread.calls.last() {
            None => String::new(),
            Some((component, call)) => {
                let stage: String = thread.stage.chars().take(120).collect();
                let component: String = component.chars().take(90).collect();
                format!("{}\n{stage}\n{component}\n{call}\n", thread.last_sign)
            }
        };
        let mut bytes = [0; SLOT_BYTES];
        let length = text.len().min(SLOT_BYTES);
        bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
        // A journal that cannot be written must not stop the work; the supervisor then names no call.
        let _ = file.write_all_at(&bytes, slot * SLOT_BYTES as u64);
    }
}

impl Watch for Journal {
    fn enter(&self, component: &str, call: &'static str) {
        THREAD.with_borrow_mut(|t| {
            t.calls.push((component.to_string(), call));
            self.write(t);
        });
    }

    fn leave(&self) {
        THREAD.with_borrow_mut(|t| {
            t.calls.pop();
            self.write(t);
        });
    }
}

/// Reads the calls under way from a journal's file.
pub fn read(path: &Path) -> Vec<CallUnderWay> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let slot = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok()?.trim_end_matches('\0');
        let mut lines = text.lines();
        Some(CallUnderWay {
            alive: lines.next()?.parse().ok()?,
            stage: lines.next()?.into(),
            component: lines.next()?.into(),
            call: lines.next()?.into(),
        })
    };
    bytes.chunks(SLOT_BYTES).filter_map(slot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_under_way_are_read_back() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let journal = Journal::open(Some(file.path())).unwrap();
        journal.stage("infer ring/bayesian", || {
            journal.enter("bayesian", "infer_chain");
            journal.enter("autoregressive", "loss_and_gradient");
            let calls = read(file.path());
            assert_eq!(calls.len(), 1);
            assert_eq!(
                (calls[0].component.as_str(), calls[0].call.as_str()),
                ("autoregressive", "loss_and_gradient")
            );
            assert_eq!(calls[0].stage, "infer ring/bayesian");
            journal.leave();
            assert_eq!(read(file.path())[0].component, "bayesian");
            journal.leave();
        });
        assert!(read(file.path()).is_empty());
    }
}
