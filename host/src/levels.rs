//! Probabilities that intervals and bands are made for.

/// Of the intervals of G: 68 and 95 %.
pub const INTERVALS: [f64; 2] = [0.68, 0.95];

/// Of a normal number within one, two and three standard deviations: what bands in figures show.
pub const SIGMAS: [f64; 3] = [0.682_689_492, 0.954_499_736, 0.997_300_204];
