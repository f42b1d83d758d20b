//! The begin of a long call, from which it is told how long it would take.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use amplicast_sdk::Context;

/// A context that asks to stop when its time is over, and remembers how far the call was.
pub struct Trial {
    until: Instant,
    /// When the call first said how far it is, and how far it was; the same of the last time; and how far it would go.
    seen: Mutex<Option<[(Instant, u64); 2]>>,
    total: Mutex<u64>,
}

impl Trial {
    /// Of this length: one step at least, however long it takes.
    pub fn new(length: Duration) -> Self {
        Trial { until: Instant::now() + length, seen: Mutex::new(None), total: Mutex::new(0) }
    }

    /// Seconds of the whole call, at the rate of the part that was seen; none of a call that said less than two times how far it is.
    pub fn seconds(&self) -> Option<f64> {
        let [(begun, first), (ended, last)] = (*self.seen.lock().unwrap_or_else(PoisonError::into_inner))?;
        let total = *self.total.lock().unwrap_or_else(PoisonError::into_inner);
        (last > first).then(|| (ended - begun).as_secs_f64() * total as f64 / (last - first) as f64)
    }
}

impl Context for Trial {
    fn progress(&self, done: u64, total: u64, _loss: Option<f64>) {
        let now = (Instant::now(), done);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Some([seen.map_or(now, |[first, _]| first), now]);
        *self.total.lock().unwrap_or_else(PoisonError::into_inner) = total;
    }

    fn cancelled(&self) -> bool {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Two steps are needed to tell a rate.
        let two = seen.is_some_and(|[first, last]| last.1 > first.1);
        let long = Instant::now() > self.until + PATIENCE;
        Instant::now() > self.until && (two || long)
    }

    fn parallel(&self, n: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..n).for_each(work);
    }
}

/// How much longer a call may take that has not said two times how far it is.
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_as_fast_as_the_begin() {
        let trial = Trial::new(Duration::from_millis(20));
        assert_eq!(trial.seconds(), None);
        // Before the trial's own clock, so that its time is within this one.
        let begun = Instant::now();
        trial.progress(1, 1000, None);
        assert_eq!(trial.seconds(), None);
        std::thread::sleep(Duration::from_millis(30));
        trial.progress(4, 1000, None);
        let most = begun.elapsed().as_secs_f64() * 1000.0 / 3.0;
        let found = trial.seconds().expect("two times");
        assert!(trial.cancelled() && (10.0..=most).contains(&found), "{found}, at most {most}");
    }
}
