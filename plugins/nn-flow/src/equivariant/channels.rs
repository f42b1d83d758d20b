//! How many channels there are.

use crate::space::REFERENCES;
use crate::time::scalar_count;

/// Vectors and scalars that enter for each particle: its momentum and the references, its identity and the time.
pub(crate) fn input_channels(particles: usize) -> [usize; 2] {
    [1 + REFERENCES.len(), scalar_count(particles)]
}

/// Channels of a head: the whole's over the heads, `factor` times; of scalars, the second, at least 4.
pub(crate) fn head_channels(channels: [usize; 2], heads: usize, factor: usize) -> [usize; 2] {
    [(factor * channels[0] / heads).max(1), (factor * channels[1] / heads).max(4)]
}
