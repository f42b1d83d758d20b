//! What is kept of a member's events when they have passed: enough to compare it with others.

use amplicast_sdk::ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::chance::Numbers;
use super::resolution::resolution_of;
use super::rows::{Known, RowHashes, numbers_of};
use super::sketch::Sketch;

/// Events of the beginning of a member's stream that are kept.
pub const HEAD: usize = 1024;

/// A glance at the events of a member, or of a part of its stream.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Glance {
    /// Events seen.
    pub events: u64,
    /// Those that were hashed and are no spikes (see `Known`).
    pub hashed: u64,
    /// Of these, training events.
    pub copies: u64,
    /// A sample of them.
    pub sketch: Sketch,
    /// How often they are equal by chance, as far as the first of them tell (see `resolution_of`).
    pub resolution: f64,
    /// The first events, one after the other, in single precision.
    pub head: Vec<f32>,
    /// Of every chunk, in order.
    chunks: Vec<ChunkHash>,
}

/// A chunk of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct ChunkHash {
    events: u64,
    hashed: u64,
    /// Of all that were hashed, in their order.
    hash: u64,
}

/// Hashed events in a chunk from which on an equal one is no chance.
const CHUNK: u64 = 16;

impl Glance {
    /// Looks at the next chunk of the stream, n x d.
    pub fn add(&mut self, events: ArrayView2<'_, f64>, known: &Known, hashes: &mut RowHashes) {
        if self.events == 0 {
            self.resolution = resolution_of(events);
        }
        let list = hashes.chosen(events, known.choice);
        let mut hashed = 0;
        let mut all = 0_u64;
        for &hash in list.iter().filter(|hash| !known.is_spike(**hash)) {
            hashed += 1;
            self.copies += u64::from(known.has(hash));
            self.sketch.add(hash);
            all = all.rotate_left(5) ^ hash;
            all = all.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        self.hashed += hashed;
        let n = events.nrows() as u64;
        self.chunks.push(ChunkHash { events: n, hashed, hash: all });
        let left = HEAD.saturating_sub(self.events as usize).min(events.nrows());
        self.head.extend(events.rows().into_iter().take(left).flatten().map(|&x| x as f32));
        self.events += n;
    }

    /// Goes on with the part of the stream that follows this one.
    pub fn append(&mut self, next: &Glance, dimension: usize) {
        if self.events == 0 {
            self.resolution = next.resolution;
        }
        self.hashed += next.hashed;
        self.copies += next.copies;
        self.sketch.merge(&next.sketch);
        self.chunks.extend_from_slice(&next.chunks);
        let left = (HEAD * dimension).saturating_sub(self.head.len()).min(next.head.len());
        self.head.extend_from_slice(&next.head[..left]);
        self.events += next.events;
    }

    /// What is known of equal events among those that were hashed.
    pub fn numbers(&self) -> Numbers {
        numbers_of(&self.sketch, self.hashed, self.resolution)
    }

    /// Events of two chunks that hold the same: where the first begins, where the second does, and how many.
    pub fn equal_chunks(&self) -> Option<(u64, u64, u64)> {
        let mut seen = std::collections::HashMap::new();
        let mut first = 0;
        for chunk in &self.chunks {
            if chunk.hashed >= CHUNK
                && let Some(&before) = seen.get(chunk)
            {
                return Some((before, first, chunk.events));
            }
            seen.insert(*chunk, first);
            first += chunk.events;
        }
        None
    }

    /// The kept first events, n x d.
    pub fn head(&self, dimension: usize) -> ArrayView2<'_, f32> {
        let n = self.head.len() / dimension.max(1);
        ArrayView2::from_shape((n, dimension), &self.head[..n * dimension]).unwrap_or_else(|_| {
            ArrayView2::from_shape((0, dimension), &[]).expect("no events have any shape")
        })
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::{Array2, Axis};
    use amplicast_sdk::rand::RngExt;

    use super::*;

    fn events(seed: u64, n: usize) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream();
        Array2::from_shape_fn((n, 2), |_| stream.random())
    }

    #[test]
    fn parts_of_a_stream_make_the_whole() {
        let (training, stream) = (events(1, 100), events(2, 3000));
        let known = Known::new(training.view(), 1);
        let add = |glance: &mut Glance, part: ArrayView2<'_, f64>| {
            glance.add(part, &known, &mut RowHashes::default());
        };
        let mut whole = Glance::default();
        let mut all = Glance::default();
        for part in stream.axis_chunks_iter(Axis(0), 400) {
            add(&mut whole, part);
            let mut glance = Glance::default();
            add(&mut glance, part);
            all.append(&glance, 2);
        }
        assert_eq!(whole, all);
        assert_eq!((whole.events, whole.copies, whole.head(2).dim()), (3000, 0, (HEAD, 2)));
        add(&mut whole, training.view());
        assert_eq!((whole.events, whole.copies), (3100, 100));
        assert_eq!(whole.equal_chunks(), None);
        add(&mut whole, stream.slice(ndarray::s![400..800, ..]));
        assert_eq!(whole.equal_chunks(), Some((400, 3100, 400)));
    }
}
