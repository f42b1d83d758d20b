//! Files by paths and patterns.

use std::cmp::Ordering;
use std::path::PathBuf;

use amplicast_sdk::{Error, Result, ensure_config};

/// The files of paths and patterns such as `members/*.npy`, each once and in the natural order of their names (`m2` before
/// `m10`); `key` is where the configuration has the patterns.
///
/// # Errors
/// If there is no pattern, and for a pattern that is none or that no file matches.
pub fn matching_files(key: &str, patterns: &[String]) -> Result<Vec<PathBuf>> {
    ensure_config(!patterns.is_empty(), key, || {
        "expected at least one path or pattern of files, found none".into()
    })?;
    let mut paths = Vec::new();
    for (i, pattern) in patterns.iter().enumerate() {
        paths.extend(matching(pattern).map_err(|error| error.at(format!("{key}[{i}]")))?);
    }
    paths.sort_by(|a, b| natural_order(&a.to_string_lossy(), &b.to_string_lossy()));
    paths.dedup();
    Ok(paths)
}

/// The files that a pattern stands for.
fn matching(pattern: &str) -> Result<Vec<PathBuf>> {
    let paths = glob::glob(pattern).map_err(|error| {
        Error::config("", format!("expected a pattern of paths, found `{pattern}`: {error}"))
    })?;
    let paths = paths.collect::<Result<Vec<PathBuf>, _>>();
    let paths = paths.map_err(|error| Error::io(pattern, error.into()))?;
    if paths.is_empty() {
        return Err(Error::config("", format!("expected files, found none that match `{pattern}`")));
    }
    Ok(paths)
}

/// Runs of digits compare by their value, everything else by character.
fn natural_order(a: &str, b: &str) -> Ordering {
    fn pieces(text: &str) -> impl Iterator<Item = (u128, &str)> {
        let mut rest = text;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let digits = first.is_ascii_digit();
            let length = match digits {
                true => rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()),
                false => first.len_utf8(),
            };
            let (piece, tail) = rest.split_at(length);
            rest = tail;
            // A number sorts by its value, where its first digit would sort.
            let value = if digits { piece.parse().unwrap_or(u128::MAX) } else { 0 };
            Some((value, if digits { "0" } else { piece }))
        })
    }
    let key = |(value, piece)| (piece, value);
    pieces(a).map(key).cmp(pieces(b).map(key)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_people_count() {
        let mut names = ["m10", "m2", "m1b", "m", "n1", "m02", "m1"];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(names, ["m", "m1", "m1b", "m02", "m2", "m10", "n1"]);
    }
}
