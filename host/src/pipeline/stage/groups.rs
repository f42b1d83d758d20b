//! Jobs of one kind on the threads of this process.

use amplicast_sdk::{Model, Result};
use rayon::prelude::*;

/// Runs `work(0) ... work(n - 1)` on the pool, at most `most` at once; the first error ends it.
pub fn in_groups<T: Send>(n: u64, most: usize, work: impl Fn(u64) -> Result<T> + Sync) -> Result<Vec<T>> {
    let numbers: Vec<u64> = (0..n).collect();
    let mut done = Vec::with_capacity(numbers.len());
    for group in numbers.chunks(most.min(numbers.len().max(1))) {
        // All of a group is finished and stored before an error is reported.
        let results: Vec<Result<T>> = group.par_iter().map(|&k| work(k)).collect();
        done.extend(results.into_iter().collect::<Result<Vec<T>>>()?);
    }
    Ok(done)
}

/// How many calls a model allows at once.
pub fn at_once(model: &dyn Model) -> usize {
    model.max_concurrency().unwrap_or(usize::MAX).max(1)
}
