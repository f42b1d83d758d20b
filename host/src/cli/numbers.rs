//! Numbers on the command line that have limits.

/// Threads of the pool: more than a few for each processor only wait for each other, and thousands wear the machine down.
pub fn threads(text: &str) -> Result<usize, String> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let most = (THREADS_FOR_EACH * processors).max(LEAST_MOST_THREADS);
    match text.parse::<usize>() {
        Ok(n) if (1..=most).contains(&n) => Ok(n),
        _ => Err(format!(
            "expected 1 to {most} threads (this machine has {processors} processors), found {text}"
        )),
    }
}

/// Threads for each processor that are allowed.
const THREADS_FOR_EACH: usize = 4;
/// Threads that are allowed on the smallest machine, so that a run looks the same anywhere.
const LEAST_MOST_THREADS: usize = 64;

/// A number above 0.
pub fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
        _ => Err(format!("expected a positive number, found `{text}`")),
    }
}
