//! The worker's journal: which plugin call each thread is in, readable by the supervisor after the worker's death.
//!
//! It is a file in memory that both processes have open, so that neither a full disk nor a death leaves anything behind. It
//! begins with the word that ends it: the supervisor's number, which no plugin is told, and the exit code. Then every thread
//! owns a slot, into which a call is written before it is made; then come the names that the slots refer to by number. A name
//! has any length and any characters: what is compared is never cut.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use amplicast_sdk::abi::Watch;

/// The supervisor's number and the exit code.
const WORD_BYTES: u64 = 16;
/// Behind them, how many slots are in use, and the slots.
const SLOTS_AT: u64 = WORD_BYTES + 8;
/// The sign of life, and the numbers of stage, kind, component and call; the latter is 0 outside of any call.
const SLOT_BYTES: usize = 24;
const MAX_SLOTS: u64 = 1024;
const NAMES_AT: u64 = SLOTS_AT + SLOT_BYTES as u64 * MAX_SLOTS;

/// What can be called and may be quarantined: a kind of component or thing, and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Subject {
    /// Such as `generator`, or `library`.
    pub kind: String,
    /// The component, or the file that is being loaded.
    pub name: String,
}

/// A plugin call under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallUnderWay {
    /// The stage that the call belongs to.
    pub stage: String,
    /// What is called.
    pub subject: Subject,
    /// The call.
    pub call: String,
}

/// One thread's slot as numbers: equal ones are the same silence of the same call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    sign: u64,
    stage: u32,
    kind: u32,
    component: u32,
    call: u32,
}

impl Slot {
    /// Whether the thread is in a plugin call.
    pub fn under_way(&self) -> bool {
        self.call != 0
    }
}

/// The worker's side.
pub struct Journal {
    file: Option<File>,
    slots: AtomicU64,
    names: Mutex<Names>,
}

/// Names by number; 0 is none.
#[derive(Default)]
struct Names {
    numbers: HashMap<String, u32>,
    bytes: u64,
}

#[derive(Default)]
struct Thread {
    slot: Option<u64>,
    sign: u64,
    said: Option<Instant>,
    stage: String,
    stage_number: u32,
    calls: Vec<[u32; 3]>,
}

thread_local! {
    static THREAD: RefCell<Thread> = RefCell::default();
}

impl Journal {
    /// A journal in `file`; without one, nothing is written.
    pub fn new(file: Option<File>) -> Self {
        Journal { file, slots: AtomicU64::new(0), names: Mutex::default() }
    }

    /// Runs `work` as the named stage of the current thread.
    pub fn stage<T>(&self, name: &str, work: impl FnOnce() -> T) -> T {
        let number = self.number(name);
        let before = THREAD.with_borrow_mut(|t| {
            let stage = std::mem::replace(&mut t.stage, name.to_string());
            (stage, std::mem::replace(&mut t.stage_number, number))
        });
        let result = work();
        THREAD.with_borrow_mut(|t| (t.stage, t.stage_number) = before);
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
            if t.said.is_none_or(|said| said.elapsed() > Duration::from_millis(100)) {
                self.write(t);
            }
        });
    }

    /// The word that this process ends in order, after the last call of a plugin.
    pub fn end(&self, supervisor: u64, code: u8) {
        let Some(file) = &self.file else { return };
        let mut bytes = [0; WORD_BYTES as usize];
        bytes[..8].copy_from_slice(&supervisor.to_le_bytes());
        bytes[8] = code;
        // A word that cannot be written is missed by the supervisor, which says so.
        let _ = file.write_all_at(&bytes, 0);
    }

    /// A watch of one component, whose calls are told from those of others that have the same name.
    pub fn of(self: &Arc<Self>, subject: &Subject) -> Arc<dyn Watch> {
        let numbers = [self.number(&subject.kind), self.number(&subject.name)];
        Arc::new(Watched { journal: self.clone(), numbers })
    }

    /// The number of a name, which is in the file before any slot refers to it.
    fn number(&self, name: &str) -> u32 {
        let Some(file) = &self.file else { return 1 };
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = names.numbers.get(name) {
            return *number;
        }
        let number = names.numbers.len() as u32 + 1;
        let entry = [&(name.len() as u64 + 1).to_le_bytes(), name.as_bytes()].concat();
        // A journal that cannot be written must not stop the work; the supervisor then names no call.
        let _ = file.write_all_at(&entry, NAMES_AT + names.bytes);
        names.bytes += entry.len() as u64;
        names.numbers.insert(name.to_string(), number);
        number
    }

    fn enter(&self, [kind, component]: [u32; 2], call: &'static str) {
        let call = self.number(call);
        THREAD.with_borrow_mut(|t| {
            t.calls.push([kind, component, call]);
            self.write(t);
        });
    }

    fn write(&self, thread: &mut Thread) {
        let Some(file) = &self.file else { return };
        let slot = *thread.slot.get_or_insert_with(|| {
            let slots = self.slots.fetch_add(1, Ordering::Relaxed) + 1;
            let _ = file.write_all_at(&slots.min(MAX_SLOTS).to_le_bytes(), WORD_BYTES);
            (slots - 1) % MAX_SLOTS
        });
        thread.sign += 1;
        thread.said = Some(Instant::now());
        let [kind, component, call] = thread.calls.last().copied().unwrap_or_default();
        let mut bytes = [0; SLOT_BYTES];
        bytes[..8].copy_from_slice(&thread.sign.to_le_bytes());
        for (place, number) in
            bytes[8..].chunks_exact_mut(4).zip([thread.stage_number, kind, component, call])
        {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let _ = file.write_all_at(&bytes, SLOTS_AT + slot * SLOT_BYTES as u64);
    }
}

/// Calls of components that are known by name alone, as in the conformance suite.
impl Watch for Journal {
    fn enter(&self, component: &str, call: &'static str) {
        self.enter([self.number(""), self.number(component)], call);
    }

    fn leave(&self) {
        THREAD.with_borrow_mut(|t| {
            t.calls.pop();
            self.write(t);
        });
    }
}

struct Watched {
    journal: Arc<Journal>,
    numbers: [u32; 2],
}

impl Watch for Watched {
    fn enter(&self, _component: &str, call: &'static str) {
        self.journal.enter(self.numbers, call);
    }

    fn leave(&self) {
        Watch::leave(&*self.journal);
    }
}

/// The supervisor's side: what is in the journal of a worker that lives or is dead.
pub struct Reader<'a>(pub &'a File);

impl Reader<'_> {
    /// The exit code of a worker that gave the word.
    pub fn ended(&self, supervisor: u64) -> Option<u8> {
        let mut bytes = [0; WORD_BYTES as usize];
        self.0.read_exact_at(&mut bytes, 0).ok()?;
        (u64_at(&bytes, 0)? == supervisor).then_some(bytes[8])
    }

    /// The threads' slots.
    pub fn slots(&self) -> Vec<Slot> {
        let mut count = [0; 8];
        if self.0.read_exact_at(&mut count, WORD_BYTES).is_err() {
            return Vec::new();
        }
        let count = u64::from_le_bytes(count).min(MAX_SLOTS) as usize;
        let mut bytes = vec![0; count * SLOT_BYTES];
        // A slot that was given away and not yet written lies beyond the file's end.
        let read = self.0.read_at(&mut bytes, SLOTS_AT).unwrap_or(0);
        let slot = |b: &[u8]| {
            let number = |i: usize| u32::from_le_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
            let sign = u64_at(b, 0).unwrap_or(0);
            Slot { sign, stage: number(8), kind: number(12), component: number(16), call: number(20) }
        };
        bytes[..read].chunks_exact(SLOT_BYTES).map(slot).collect()
    }

    /// The calls in which these slots are.
    pub fn calls<'a>(&self, slots: impl IntoIterator<Item = &'a Slot>) -> Vec<CallUnderWay> {
        let names = self.names();
        let name = |number: u32| names.get((number as usize).wrapping_sub(1)).cloned().unwrap_or_default();
        let call = |slot: &Slot| CallUnderWay {
            stage: name(slot.stage),
            subject: Subject { kind: name(slot.kind), name: name(slot.component) },
            call: name(slot.call),
        };
        slots.into_iter().filter(|slot| slot.under_way()).map(call).collect()
    }

    fn names(&self) -> Vec<String> {
        let length = self.0.metadata().map_or(0, |m| m.len()).saturating_sub(NAMES_AT);
        let mut bytes = vec![0; length as usize];
        let read = self.0.read_at(&mut bytes, NAMES_AT).unwrap_or(0);
        let mut rest = &bytes[..read];
        let mut names = Vec::new();
        while let Some(length) = u64_at(rest, 0).and_then(|n| usize::try_from(n).ok()?.checked_sub(1)) {
            let Some(name) = rest.get(8..8 + length) else { break };
            names.push(String::from_utf8_lossy(name).into_owned());
            rest = &rest[8 + length..];
        }
        names
    }
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> (Arc<Journal>, File) {
        let file = tempfile::tempfile().unwrap();
        (Arc::new(Journal::new(Some(file.try_clone().unwrap()))), file)
    }

    fn under_way(file: &File) -> Vec<CallUnderWay> {
        let reader = Reader(file);
        reader.calls(&reader.slots())
    }

    fn subject(kind: &str, name: &str) -> Subject {
        Subject { kind: kind.into(), name: name.into() }
    }

    #[test]
    fn calls_under_way_are_read_back() {
        let (journal, file) = journal();
        journal.stage("infer ring/bayesian", || {
            let bayesian = journal.of(&subject("uncertainty", "bayesian"));
            bayesian.enter("bayesian", "infer_chain");
            Watch::enter(&*journal, "autoregressive", "loss_and_gradient");
            let calls = under_way(&file);
            assert_eq!(calls.len(), 1);
            assert_eq!(
                (calls[0].subject.name.as_str(), calls[0].call.as_str()),
                ("autoregressive", "loss_and_gradient")
            );
            assert_eq!(calls[0].stage, "infer ring/bayesian");
            Watch::leave(&*journal);
            assert_eq!(under_way(&file)[0].subject, subject("uncertainty", "bayesian"));
            bayesian.leave();
        });
        assert!(under_way(&file).is_empty());
    }

    #[test]
    fn names_of_any_length_and_characters_come_back_whole() {
        let long = format!("{}\n{}", "事".repeat(400), "\u{1b}]0;x\u{7}".repeat(30));
        let (journal, file) = journal();
        for name in ["", "a\nb", &long, "a"] {
            let subject = subject("generator", name);
            let watch = journal.of(&subject);
            journal.stage(name, || {
                watch.enter(name, "sample");
                let expected = CallUnderWay { stage: name.into(), subject, call: "sample".into() };
                assert_eq!(under_way(&file), [expected]);
                watch.leave();
            });
        }
    }

    #[test]
    fn only_the_supervisors_own_number_is_its_word() {
        let (journal, file) = journal();
        assert_eq!(Reader(&file).ended(77), None);
        Watch::enter(&*journal, "a", "sample");
        assert_eq!(Reader(&file).ended(77), None);
        journal.end(76, 0);
        assert_eq!(Reader(&file).ended(77), None);
        journal.end(77, 3);
        assert_eq!(Reader(&file).ended(77), Some(3));
    }

    #[test]
    fn every_thread_has_a_slot_and_a_sign_of_life() {
        let (journal, file) = journal();
        Watch::enter(&*journal, "a", "sample");
        std::thread::scope(|s| {
            let thread = s.spawn(|| {
                Watch::enter(&*journal, "b", "fit");
                let before = Reader(&file).slots();
                assert_eq!(before.iter().filter(|s| s.under_way()).count(), 2);
                std::thread::sleep(Duration::from_millis(110));
                journal.alive();
                let after = Reader(&file).slots();
                assert_eq!(before.iter().filter(|s| !after.contains(s)).count(), 1);
            });
            thread.join().unwrap();
        });
    }
}
