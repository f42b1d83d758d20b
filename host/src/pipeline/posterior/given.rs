//! Members that a generator brings, with the rows of the training events that each was fitted to, where these are said.

use std::path::{Path, PathBuf};

use amplicast_sdk::{Error, Members, Result};
use ndarray::Array1;
use ndarray_npy::{ReadNpyError, read_npy};

use super::members::{OwnModels, Posterior, check_members};
use super::training::Training;
use crate::config::{GivenMembers, pattern_from};
use crate::covering::{LEAST_PARTS, Layout};
use crate::pipeline::plan::Groups;

/// The members that a generator brings itself.
pub fn given(training: &Training<'_>) -> Result<Posterior> {
    let (generator, model) = (training.generator(), training.model()?);
    let parameters = model.own_members().ok_or_else(|| {
        Error::plugin(format!("generator `{}`: expected members of its own, found none", generator.name))
    })?;
    if parameters.is_empty() {
        return Err(Error::data(format!(
            "generator `{}`: expected at least one member, found none",
            generator.name
        )));
    }
    check_members(&parameters, Some(&model.layout()), &generator.name)?;
    let said = &training.experiment.generator[training.row.generator].given;
    let layout = if said.rows.is_empty() && said.full.is_empty() {
        None
    } else {
        Some(layout(training, said, parameters.len())?)
    };
    Ok(Posterior::new(model, Members::independent(parameters)).fitted_to(layout, OwnModels::None))
}

fn layout(training: &Training<'_>, said: &GivenMembers, members: usize) -> Result<Layout> {
    let generator = training.generator();
    let names: Vec<String> = generator
        .component
        .as_ref()
        .map_err(Clone::clone)?
        .own_events()?
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let place = |key: &str| format!("generator `{}`, {key}", generator.name);
    let folder = &training.experiment.folder;
    let full = matching(&said.full, folder, &place("members_full"))?;
    let is_full: Vec<bool> = (0..members)
        .map(|i| names.get(i).is_some_and(|name| full.iter().any(|path| Path::new(name) == path)))
        .collect();
    let found = is_full.iter().filter(|full| **full).count();
    if found < full.len() {
        let message =
            format!("expected files that are members, found {} of {} among them", found, full.len());
        return Err(Error::data(message).at(place("members_full")));
    }
    let files = matching(&said.rows, folder, &place("members_rows"))?;
    let parts = members - found;
    if files.len() != parts {
        let message = format!(
            "expected a file with rows for each of {parts} members that were not fitted to all events, found {}",
            files.len()
        );
        return Err(Error::data(message).at(place("members_rows")));
    }
    let n = training.seen.rows.len() as u64;
    let mut files = files.into_iter();
    let rows: Vec<Option<Vec<u64>>> = is_full
        .into_iter()
        .map(|full| if full { Ok(None) } else { files.next().map(|file| read(&file, n)).transpose() })
        .collect::<Result<_>>()?;
    let groups = training.seen.groups.map(Groups::new);
    let rows = match &groups {
        None => rows,
        Some(groups) => rows
            .into_iter()
            .map(|rows| rows.map(|rows| groups.whole(&rows).ok_or_else(cut)).transpose())
            .collect::<Result<_>>()
            .map_err(|error| error.at(place("members_rows")))?,
    };
    let independent = groups.as_ref().map_or(n, |groups| groups.number() as u64);
    let layout = Layout::new(rows, independent);
    let layout = layout.map(|layout| match &groups {
        None => layout,
        Some(groups) => layout.of_events(|some| groups.rows(some)),
    });
    layout.ok_or_else(|| {
        let message = format!(
            "expected members that were fitted to {LEAST_PARTS} or more parts of the training events"
        );
        Error::data(message).at(place("members_rows"))
    })
}

fn cut() -> Error {
    Error::data(
        "expected rows of whole groups of events that belong together, found a part of one: `amplicast split` with the same groups draws \
         such",
    )
}

/// The files of paths and patterns, in the natural order of their names.
fn matching(patterns: &[String], folder: &Path, place: &str) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for pattern in patterns {
        let whole = pattern_from(folder, pattern).map_err(|e| e.at(place))?;
        let found = glob::glob(&whole).map_err(|e| Error::data(format!("{pattern}: {e}")).at(place))?;
        let mut found: Vec<PathBuf> = found.filter_map(std::result::Result::ok).collect();
        if found.is_empty() {
            return Err(Error::data(format!("expected files `{pattern}`, found none")).at(place));
        }
        found.sort_by_key(|path| natural(&path.to_string_lossy()));
        all.extend(found);
    }
    Ok(all)
}

/// Text and numbers by turns, so that `m2` comes before `m10`.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = vec![(String::new(), 0_u64)];
    let mut digits = false;
    for c in name.chars() {
        let last = parts.len() - 1;
        match c.to_digit(10) {
            Some(digit) => {
                parts[last].1 = parts[last].1.saturating_mul(10).saturating_add(digit.into());
                digits = true;
            }
            None if digits => {
                parts.push((c.to_string(), 0));
                digits = false;
            }
            None => parts[last].0.push(c),
        }
    }
    parts
}

/// Row numbers of the training events, from 0, in a .npy file of whole numbers.
fn read(file: &Path, n: u64) -> Result<Vec<u64>> {
    let wrong = |what: String| Error::data(what).at(file.display().to_string());
    let signed = |rows: Array1<i64>| -> Vec<i128> { rows.into_iter().map(i128::from).collect() };
    let rows = match read_npy::<_, Array1<i64>>(file) {
        Ok(rows) => signed(rows),
        Err(ReadNpyError::WrongDescriptor(_)) => match read_npy::<_, Array1<u64>>(file) {
            Ok(rows) => rows.into_iter().map(i128::from).collect(),
            Err(ReadNpyError::WrongDescriptor(_)) => {
                let rows: Array1<i32> = read_npy(file).map_err(|e| {
                    wrong(format!("expected row numbers, whole numbers of 32 or 64 bits: {e}"))
                })?;
                signed(rows.mapv(i64::from))
            }
            Err(error) => return Err(wrong(format!("expected row numbers: {error}"))),
        },
        Err(error) => return Err(wrong(format!("expected row numbers: {error}"))),
    };
    if rows.is_empty() {
        return Err(wrong("expected row numbers, found none".into()));
    }
    let row = |(i, row): (usize, i128)| {
        u64::try_from(row).ok().filter(|row| *row < n).ok_or_else(|| {
            wrong(format!("entry {i}: expected a row of the training events, 0 to {}, found {row}", n - 1))
        })
    };
    rows.into_iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_their_natural_order() {
        let mut names = ["m10.npy", "m2.npy", "a/m2.npy", "m2b.npy"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["a/m2.npy", "m2.npy", "m2b.npy", "m10.npy"]);
    }

    #[test]
    fn rows_are_whole_numbers_below_the_number_of_events() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.npy");
        ndarray_npy::write_npy(&path, &Array1::from(vec![3_i64, 0, 3])).unwrap();
        assert_eq!(read(&path, 4).unwrap(), [3, 0, 3]);
        let error = read(&path, 3).unwrap_err().to_string();
        assert!(
            error.ends_with("entry 0: expected a row of the training events, 0 to 2, found 3"),
            "{error}"
        );
        ndarray_npy::write_npy(&path, &Array1::from(vec![2_i32])).unwrap();
        assert_eq!(read(&path, 3).unwrap(), [2]);
        ndarray_npy::write_npy(&path, &Array1::from(vec![-1_i64])).unwrap();
        assert!(read(&path, 3).is_err());
        ndarray_npy::write_npy(&path, &Array1::from(vec![0.5])).unwrap();
        assert!(read(&path, 3).unwrap_err().to_string().contains("whole numbers"));
    }
}
