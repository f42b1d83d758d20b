//! What holds for every stream of events, a dataset's or a member's.

use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayViewMut2};

use super::inputs;
use super::many::{self, in_pieces};
use super::outcome::{Verdict, ensure, ensure_finite, ensure_refused, ensure_same, skip};
use super::threads::same_on_two_threads;
use crate::{Chunk, Context, Result, Seed};

/// A call that another one meets.
const LONG: Duration = Duration::from_millis(1);

/// Fills a buffer with the events of a chunk.
pub type Read<'a> = &'a (dyn Fn(Chunk, ArrayViewMut2<'_, f64>) -> Result<()> + Sync);

/// A stream under test.
pub struct EventStream<'a> {
    pub what: &'static str,
    pub dimension: usize,
    pub capacity: Option<u64>,
    pub seed: Seed,
    pub read: Read<'a>,
}

impl EventStream<'_> {
    pub fn seed(&self) -> Seed {
        self.seed.split(self.what)
    }

    /// Events in a chunk of these tests.
    fn length(&self) -> Verdict<usize> {
        match self.capacity {
            Some(events) if events < 4 => skip(format!("only {events} events")),
            Some(events) => Ok(inputs::CHUNK.min(events as usize / 4)),
            None => Ok(inputs::CHUNK),
        }
    }

    /// `n` events from number `first` on; a number that is not written stays NaN.
    pub fn events(&self, chunk: Chunk, n: usize) -> Result<Vec<f64>> {
        let mut out = Array2::from_elem((n, self.dimension), f64::NAN);
        (self.read)(chunk, out.view_mut())?;
        Ok(out.into_raw_vec_and_offset().0)
    }

    fn chunk(&self, seed: Seed, index: u64, n: usize) -> Result<Vec<f64>> {
        self.events(Chunk { index, first_event: index * n as u64, seed: seed.index(index) }, n)
    }

    /// Every number is written, and finite.
    pub fn finite(&self) -> Verdict {
        let n = self.length()?;
        for index in 0..3 {
            ensure_finite(self.what, self.chunk(self.seed(), index, n)?)?;
        }
        let few = self.capacity.unwrap_or(u64::MAX);
        for n in inputs::ODD_NUMBERS.into_iter().filter(|n| *n as u64 <= few) {
            ensure_finite(&format!("{} in a chunk of {n}", self.what), self.chunk(self.seed(), 0, n)?)?;
        }
        Ok(())
    }

    /// Of many events all are finite: what crosses the boundary is looked at there.
    pub fn many(&self) -> Verdict {
        let events = self.capacity.unwrap_or(many::EVENTS).min(many::EVENTS);
        in_pieces(self.what, events, |first_event, n| {
            let seed = self.seed().split("many").index(first_event);
            self.events(Chunk { index: first_event, first_event, seed }, n)?;
            Ok(())
        })
    }

    /// The same chunk twice, from this stream and from one that was made anew.
    pub fn same_as(&self, other: &EventStream<'_>) -> Verdict {
        let n = self.length()?;
        let first = self.chunk(self.seed(), 0, n)?;
        ensure_same(&format!("{} of one chunk, twice", self.what), &first, &self.chunk(self.seed(), 0, n)?)?;
        let what = format!("{} of one chunk, made anew", self.what);
        ensure_same(&what, &first, &other.chunk(self.seed(), 0, n)?)
    }

    /// A chunk does not depend on what was read before it.
    pub fn pure_chunks(&self, other: &EventStream<'_>) -> Verdict {
        let n = self.length()?;
        let alone = other.chunk(self.seed(), 3, n)?;
        for index in 0..3 {
            self.chunk(self.seed(), index, n)?;
        }
        let what = format!("{} of chunk 3, alone and after chunks 0 to 2", self.what);
        ensure_same(&what, &alone, &self.chunk(self.seed(), 3, n)?)
    }

    /// Other seeds give other events.
    pub fn seeded(&self) -> Verdict {
        if self.capacity.is_some() {
            return skip("finite: its events are given");
        }
        let n = self.length()?;
        let first = self.chunk(self.seed(), 0, n)?;
        let other = self.chunk(self.seed().split("other"), 0, n)?;
        ensure(first != other, || format!("{}: another seed gives the same events", self.what))?;
        let next = self.chunk(self.seed(), 1, n)?;
        ensure(first != next, || format!("{}: chunks 0 and 1 are the same events", self.what))
    }

    /// A finite stream is addressed by event number, whatever the chunks, and ends where it says.
    pub fn finite_capacity(&self) -> Verdict {
        let Some(capacity) = self.capacity else { return skip("without end") };
        let n = self.length()?;
        let at = |first_event: u64, n: usize, seed: u64| {
            self.events(Chunk { index: first_event / n as u64, first_event, seed: Seed::new(seed) }, n)
        };
        let whole = at(0, 2 * n, 1)?;
        let mut pieces = at(0, n, 2)?;
        pieces.extend(at(n as u64, n, 3)?);
        ensure_same(&format!("{} at once and in two pieces", self.what), &whole, &pieces)?;
        ensure_finite("the last event", at(capacity - 1, 1, 1)?)?;
        ensure_refused(&format!("{} beyond the last of {capacity} events", self.what), at(capacity, 1, 1))
            .map(drop)
    }

    /// Two threads get what one gets.
    pub fn threads(&self, context: &dyn Context) -> Verdict {
        let n = self.length()?;
        // Calls that are too short would hardly ever meet.
        let start = Instant::now();
        self.chunk(self.seed(), 0, n)?;
        let factor = (LONG.as_secs_f64() / start.elapsed().as_secs_f64().max(1e-9)).clamp(1.0, 500.0);
        let most = self.capacity.map_or(usize::MAX, |events| events as usize / 2);
        let n = n.max(most.min((n as f64 * factor) as usize));
        same_on_two_threads(context, self.what, |i| self.chunk(self.seed(), i as u64, n))
    }
}
