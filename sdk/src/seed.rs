//! Explicit randomness: a seed is split by name and index, never shared.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The random stream that every component draws from.
pub type Stream = Xoshiro256PlusPlus;

/// 256 bits from which named and numbered child seeds are derived by hashing (blake3).
///
/// Two different paths of names and indices give unrelated streams, whatever the order or the number of threads.
///
/// ```
/// use amplicast_sdk::Seed;
/// use amplicast_sdk::rand::RngExt;
/// let seed = Seed::new(1).split("training").index(3);
/// let x: f64 = seed.stream().random();
/// let y: f64 = seed.stream().random();
/// assert_eq!(x, y);
/// assert_ne!(seed, Seed::new(1).split("training").index(4));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The root of an experiment's randomness.
    pub fn new(number: u64) -> Self {
        Seed(*blake3::hash(&number.to_le_bytes()).as_bytes())
    }

    /// The child of this seed with that name.
    #[must_use]
    pub fn split(&self, name: &str) -> Self {
        Seed(*blake3::keyed_hash(&self.0, name.as_bytes()).as_bytes())
    }

    /// The child of this seed with that number.
    #[must_use]
    pub fn index(&self, index: u64) -> Self {
        let mut bytes = *b"index:\0\0\0\0\0\0\0\0";
        bytes[6..].copy_from_slice(&index.to_le_bytes());
        Seed(*blake3::keyed_hash(&self.0, &bytes).as_bytes())
    }

    /// A fresh random stream; the same seed always gives the same stream.
    pub fn stream(&self) -> Stream {
        Stream::from_seed(self.0)
    }

    /// The bytes, for storing and hashing.
    pub fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The seed with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Seed(bytes)
    }
}
