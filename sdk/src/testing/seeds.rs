//! What the seed of a chunk means: it alone decides on the events, and all of it does.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::outcome::{Stop, Verdict, ensure, ensure_same, skip};
use super::stream::EventStream;
use crate::{Chunk, Seed, chunk_events};

/// Events that are compared: of few values though they may be, they are not the same by chance.
const EVENTS: usize = 64;
/// Chunks whose number must not matter.
const CHUNKS: [u64; 8] = [1, 2, 11, 100, 1000, 4097, 70_000, 1 << 20];
/// Bytes of a seed that must matter: a generator of numbers that is seeded with 64 bits takes that many.
const BYTES: usize = 8;
/// Seeds of which no two may give the same events: with 16 bits they would, 30 times.
const SEEDS: u64 = 2000;
const TIME: Duration = Duration::from_millis(250);

/// Events in a chunk that is cut at other places.
const CUT: [usize; 3] = [100, 64, 37];
/// Part of the events that may differ all the same: a generator that draws some anew may do so elsewhere.
const MOVED: f64 = 0.2;
/// Difference that a solver whose steps depend on the batch may make, in widths of a column.
const CLOSE: f64 = 0.01;

impl EventStream<'_> {
    fn of(&self, seed: Seed, index: u64, n: usize) -> Verdict<Vec<f64>> {
        let first_event = index * chunk_events(self.dimension) as u64;
        Ok(self.events(Chunk { index, first_event, seed }, n)?)
    }

    /// The events of a chunk come from its seed alone, and from all of it.
    pub fn seed_decides(&self) -> Verdict {
        if self.capacity.is_some() {
            return skip("finite: its events are given");
        }
        let seed = self.seed().split("decides");
        let first = self.of(seed, 0, EVENTS)?;
        for index in CHUNKS {
            let what = format!("{} of one seed, as chunk 0 and as chunk {index}", self.what);
            ensure_same(&what, &first, &self.of(seed, index, EVENTS)?)?;
        }
        let start = Instant::now();
        let mut mattered = 0;
        for byte in 0..32 {
            let mut bytes = seed.bytes();
            bytes[byte] ^= 0xff;
            mattered += usize::from(self.of(Seed::from_bytes(bytes), 0, EVENTS)? != first);
            if mattered == BYTES {
                break;
            }
            if start.elapsed() > TIME {
                return Err(Stop::Partial(format!("{}: {} of 32 bytes of a seed", self.what, byte + 1)));
            }
        }
        ensure(mattered == BYTES, || {
            format!(
                "{}: {mattered} of the 32 bytes of a chunk's seed matter, expected at least {BYTES}: chunks would be the same \
                 events by chance",
                self.what
            )
        })?;
        let mut seen = HashSet::new();
        for number in 0..SEEDS {
            let events = self.of(seed.index(number), number, EVENTS)?;
            ensure(seen.insert(events.into_iter().map(f64::to_bits).collect::<Vec<_>>()), || {
                format!("{}: two of {} seeds give the same events", self.what, number + 1)
            })?;
            if start.elapsed() > 2 * TIME {
                return Err(Stop::Partial(format!("{}: {} of {SEEDS} seeds", self.what, number + 1)));
            }
        }
        ensure_same(
            &format!("{} of one seed, before and after many others", self.what),
            &first,
            &self.of(seed, 0, EVENTS)?,
        )
    }

    /// The first events of a chunk do not depend on how many are asked for.
    pub fn cut_anywhere(&self) -> Verdict {
        if self.capacity.is_some() {
            return skip("finite: its events are given");
        }
        let seed = self.seed().split("cut");
        let d = self.dimension;
        let [whole, shorter @ ..] = CUT;
        let events = self.of(seed, 0, whole)?;
        let width = |k: usize| {
            let column = events.iter().skip(k).step_by(d);
            let mean = column.clone().sum::<f64>() / whole as f64;
            (column.map(|x| (x - mean).powi(2)).sum::<f64>() / whole as f64).sqrt()
        };
        let close: Vec<f64> = (0..d).map(|k| CLOSE * width(k)).collect();
        for n in shorter {
            let part = self.of(seed, 0, n)?;
            let differs =
                |(a, b): (&[f64], &[f64])| a.iter().zip(b).zip(&close).any(|((a, b), c)| (a - b).abs() > *c);
            let moved = events.chunks(d).zip(part.chunks(d)).filter(|pair| differs(*pair)).count();
            ensure(moved as f64 <= MOVED * n as f64, || {
                format!(
                    "{}: {moved} of the first {n} events of a chunk are others when it has {whole}: a run that is made longer \
                     would not go on with the same events",
                    self.what
                )
            })?;
        }
        Ok(())
    }
}
