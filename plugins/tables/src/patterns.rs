//! Files by paths and patterns.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use amplicast_sdk::{Error, InputPattern, Result, ensure_config};

/// A file, and the name of an array in it if that was given with its path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Located {
    /// Where the file is.
    pub path: PathBuf,
    /// Which array of it.
    pub key: Option<String>,
}

/// A path as it is given: `FILE`, or `FILE::KEY` unless a file has that whole name.
pub fn located(given: &Path) -> Located {
    let whole = || Located { path: given.to_owned(), key: None };
    let Some(text) = given.to_str().filter(|_| !given.exists()) else { return whole() };
    // The first `::` after the name of a file that exists: those of names and keys may have some themselves.
    let splits: Vec<(&str, &str)> =
        text.match_indices("::").map(|(i, _)| (&text[..i], &text[i + 2..])).collect();
    let split = splits.iter().find(|(file, _)| Path::new(file).exists()).or(splits.first());
    match split {
        Some((file, key)) if !file.is_empty() && !key.is_empty() => {
            Located { path: file.into(), key: Some((*key).into()) }
        }
        _ => whole(),
    }
}

/// The files of paths and patterns such as `members/*.npy` or `members/*.h5::events`, each once and in the natural order of
/// their names (`m2` before `m10`); `field` is where the configuration has the patterns.
///
/// # Errors
/// If there is no pattern, and for a pattern that is none or that no file matches.
pub fn matching_arrays(field: &str, patterns: &[InputPattern]) -> Result<Vec<Located>> {
    all(field, patterns, matching)
}

/// The files of paths and patterns like [`matching_arrays`], of which none has several arrays.
///
/// # Errors
/// As of [`matching_arrays`].
pub fn matching_files(field: &str, patterns: &[InputPattern]) -> Result<Vec<PathBuf>> {
    let whole = |pattern: &str| match files(pattern)? {
        paths if paths.is_empty() => Err(no_file(pattern)),
        paths => Ok(paths.into_iter().map(|path| Located { path, key: None }).collect()),
    };
    Ok(all(field, patterns, whole)?.into_iter().map(|file| file.path).collect())
}

fn all(
    field: &str,
    patterns: &[InputPattern],
    matching: impl Fn(&str) -> Result<Vec<Located>>,
) -> Result<Vec<Located>> {
    ensure_config(!patterns.is_empty(), field, || {
        "expected at least one path or pattern of files, found none".into()
    })?;
    let mut found = Vec::new();
    for (i, pattern) in patterns.iter().enumerate() {
        found.extend(matching(pattern).map_err(|error| error.at(format!("{field}[{i}]")))?);
    }
    found.sort_by(|a, b| {
        let name = |file: &Located| file.path.to_string_lossy().into_owned();
        let key = |file: &Located| file.key.clone().unwrap_or_default();
        natural_order(&name(a), &name(b)).then_with(|| natural_order(&key(a), &key(b)))
    });
    found.dedup();
    Ok(found)
}

/// The files that a pattern stands for.
fn matching(pattern: &str) -> Result<Vec<Located>> {
    // A file that has the whole name is meant, whatever characters are in it.
    if Path::new(pattern).exists() {
        return Ok(vec![Located { path: pattern.into(), key: None }]);
    }
    let whole = files(pattern)?;
    if !whole.is_empty() {
        return Ok(whole.into_iter().map(|path| Located { path, key: None }).collect());
    }
    for (i, _) in pattern.match_indices("::") {
        let (file, key) = (&pattern[..i], &pattern[i + 2..]);
        let exact = Path::new(file).exists().then(|| vec![file.into()]);
        let found = exact.map_or_else(|| files(file), Ok)?;
        if !found.is_empty() && !key.is_empty() {
            return Ok(found.into_iter().map(|path| Located { path, key: Some(key.into()) }).collect());
        }
    }
    Err(no_file(pattern))
}

fn no_file(pattern: &str) -> Error {
    Error::config("", format!("expected files, found none that match `{pattern}`"))
}

fn files(pattern: &str) -> Result<Vec<PathBuf>> {
    let paths = glob::glob(pattern).map_err(|error| {
        Error::config("", format!("expected a pattern of paths, found `{pattern}`: {error}"))
    })?;
    paths.collect::<Result<Vec<PathBuf>, _>>().map_err(|error| Error::io(pattern, error.into()))
}

/// Runs of digits compare by their value, everything else by character.
pub fn natural_order(a: &str, b: &str) -> Ordering {
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
    fn a_key_may_stand_behind_a_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        for name in ["a.h5", "b10.h5", "b2.h5", "c::d.h5", "e[1].npy"] {
            std::fs::write(path(name), "").unwrap();
        }
        let one = |given: &str| {
            let found = located(Path::new(&path(given)));
            (found.path.file_name().unwrap().to_string_lossy().into_owned(), found.key)
        };
        assert_eq!(one("a.h5::reco/p::4"), ("a.h5".into(), Some("reco/p::4".into())));
        assert_eq!(one("a.h5"), ("a.h5".into(), None));
        // A file that has the whole name is meant.
        assert_eq!(one("c::d.h5"), ("c::d.h5".into(), None));
        assert_eq!(one("c::d.h5::x"), ("c::d.h5".into(), Some("x".into())));
        assert_eq!(one("absent.h5::x"), ("absent.h5".into(), Some("x".into())));

        let all = |patterns: &[&str]| {
            let patterns: Vec<InputPattern> = patterns.iter().map(|pattern| path(pattern).into()).collect();
            let found = matching_arrays("members", &patterns).unwrap();
            let text = |file: Located| {
                let name = file.path.file_name().unwrap().to_string_lossy().into_owned();
                file.key.map_or(name.clone(), |key| format!("{name} {key}"))
            };
            found.into_iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(all(&["b*.h5::x", "b2.h5"]), ["b2.h5", "b2.h5 x", "b10.h5 x"]);
        assert_eq!(all(&["a.h5::y", "a.h5::x"]), ["a.h5 x", "a.h5 y"]);
        assert_eq!(all(&["c::*.h5", "c::d.h5::x", "e[1].npy"]), ["c::d.h5", "c::d.h5 x", "e[1].npy"]);
    }

    #[test]
    fn names_sort_as_people_count() {
        let mut names = ["m10", "m2", "m1b", "m", "n1", "m02", "m1"];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(names, ["m", "m1", "m1b", "m02", "m2", "m10", "n1"]);
    }
}
