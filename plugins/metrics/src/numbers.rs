//! Means of several numbers of an event: their names, their units, and whose product is where.

/// The complaint when no event differs from another.
pub const WITHOUT_VARIANCE: &str =
    "expected a summary that differs from event to event, found one that does not";

/// What is averaged.
pub fn names(numbers: usize) -> Vec<String> {
    match numbers {
        1 => vec!["mean".into()],
        d => (1..=d).map(|j| format!("mean {j}")).collect(),
    }
}

/// Numbers of different kinds cannot be added; one alone stays as it is. One that never differs has no spread, and no part.
pub fn units(event_variances: &[f64]) -> Vec<f64> {
    let several = event_variances.len() > 1;
    let unit = |variance: &f64| if several && *variance > 0.0 { variance.sqrt() } else { 1.0 };
    event_variances.iter().map(unit).collect()
}

/// Whose product is where: squares of each number, then products of pairs.
pub fn places(numbers: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..numbers).map(|j| (j, j)).chain(pairs(numbers))
}

/// Pairs of different numbers.
pub fn pairs(d: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..d).flat_map(move |j| (j + 1..d).map(move |k| (j, k)))
}
