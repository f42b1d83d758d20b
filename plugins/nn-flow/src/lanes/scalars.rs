//! The scalars of tokens in the lanes: identity as one-hot, then the features of the time.

use amplicast_nn::lanes::Slots;

use crate::time::FEATURES;

/// Where the scalars are among the features of tokens: from this row on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scalars {
    pub first: usize,
    pub tokens: usize,
}

impl Scalars {
    fn time(self) -> usize {
        self.first + self.tokens
    }

    /// Features with each token's identity, and zero else.
    pub fn features(self, lanes: usize) -> Slots {
        let mut features = Slots::new(self.tokens, self.time() + FEATURES, lanes);
        for token in 0..self.tokens {
            let row = self.first + token;
            features.numbers_mut(token)[row * lanes..(row + 1) * lanes].fill(1.0);
        }
        features
    }

    /// Writes the time's features of events.
    pub fn set_times(self, features: &mut Slots, lanes: usize, times: &[[f32; FEATURES]]) {
        for token in 0..self.tokens {
            let rows = features.numbers_mut(token)[self.time() * lanes..].chunks_exact_mut(lanes);
            for (k, row) in rows.enumerate() {
                row.iter_mut().zip(times).for_each(|(out, time)| *out = time[k]);
            }
        }
    }

    /// Adds to the gradients of the time's features from that of the tokens' features.
    pub fn add_times(self, gradient: &Slots, lanes: usize, times: &mut [[f32; FEATURES]]) {
        for token in 0..self.tokens {
            let rows = gradient.numbers(token)[self.time() * lanes..].chunks_exact(lanes);
            for (k, row) in rows.take(FEATURES).enumerate() {
                row.iter().zip(&mut *times).for_each(|(slope, time)| time[k] += slope);
            }
        }
    }
}
