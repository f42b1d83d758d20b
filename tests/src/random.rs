//! Numbers for tests that try many cases.

/// A generator of numbers of its own: the same ones at each run.
pub struct Numbers(u64);

impl Numbers {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Numbers(seed.max(1))
    }

    /// The next number, from 0 to `n` - 1.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// How often something is tried: `usual` times, or as a variable of the environment says.
pub fn repeats(variable: &str, usual: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}: expected a number, found `{text}`")),
        Err(_) => usual,
    }
}
