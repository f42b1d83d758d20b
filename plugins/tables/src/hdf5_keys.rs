//! Where in an HDF5 file the events are.

use amplicast_sdk::{Error, Result};
use hdf5_pure::{File, Group};

use crate::column_names::{Chosen, choose_columns};
use crate::patterns::natural_order;
use crate::row_numbers::Values;
use crate::table::Selection;

/// Groups within groups that are looked at; links may form circles.
const DEPTH: usize = 8;

/// Where the events are.
pub enum Place {
    /// A dataset.
    Dataset(String),
    /// A group whose datasets are columns; empty for the file's root.
    Group(String),
}

/// What `selection` means. The given key is opened first: what else is in the file may be broken.
pub fn find(file: &File, selection: &Selection) -> Result<Place> {
    let plain = |key: &String| key.trim_matches('/').to_string();
    if let Some(key) = selection.key.as_ref().map(plain) {
        if key.is_empty() {
            return Ok(Place::Group(key));
        }
        if file.dataset(&key).is_ok() {
            return Ok(Place::Dataset(key));
        }
        if file.group(&key).is_ok() {
            return Ok(Place::Group(key));
        }
    }
    let keys = match collect(file) {
        Ok(keys) => keys,
        // A link that points nowhere, or into another file, is enough for the library to list nothing.
        Err(_) => match selection.default_key.as_ref().filter(|_| selection.key.is_none()).map(plain) {
            Some(key) if file.dataset(&key).is_ok() => return Ok(Place::Dataset(key)),
            _ => return Err(not_listed(selection)),
        },
    };
    let own = Selection { key: selection.key.as_ref().map(plain), ..selection.clone() };
    match own.choose(&keys) {
        Ok(key) => Ok(Place::Dataset(key)),
        Err(error) => {
            let columns = selection.columns.as_deref().unwrap_or_default();
            let default = selection.default_key.as_ref().map(plain).filter(|key| file.group(key).is_ok());
            match default {
                _ if selection.key.is_some() => Err(error),
                Some(group) => Ok(Place::Group(group)),
                None if !columns.is_empty() && columns.iter().all(|name| keys.contains(name)) => {
                    Ok(Place::Group(String::new()))
                }
                None => Err(error),
            }
        }
    }
}

/// The error of a file whose datasets cannot be listed.
fn not_listed(selection: &Selection) -> Error {
    let found = selection.key.as_ref().map_or_else(|| "none".into(), |key| format!("`{key}`"));
    Error::config(
        "key",
        format!(
            "expected the name of a dataset, which cannot be listed since the file has soft or external links (`h5ls -r FILE` \
             does), found {found}"
        ),
    )
}

/// The names of all datasets, in order.
pub fn collect(file: &File) -> Result<Vec<String>, hdf5_pure::Error> {
    let mut keys = Vec::new();
    of_group(&file.root(), "", DEPTH, &mut keys)?;
    Ok(keys)
}

fn of_group(
    group: &Group,
    prefix: &str,
    depth: usize,
    keys: &mut Vec<String>,
) -> Result<(), hdf5_pure::Error> {
    let mut names = group.datasets()?;
    names.sort();
    keys.extend(names.iter().map(|name| format!("{prefix}{name}")));
    if depth > 0 {
        let mut groups = group.groups()?;
        groups.sort();
        for name in groups {
            of_group(&group.group(&name)?, &format!("{prefix}{name}/"), depth - 1, keys)?;
        }
    }
    Ok(())
}

/// The key of a dataset of a group.
pub fn within(group: &str, name: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") }
}

/// The datasets of a group that are columns: the `wanted` ones, or all in the natural order of their names.
pub fn columns_of_group(
    file: &File,
    group: &str,
    wanted: Option<&[String]>,
    values: impl Fn(&str) -> Values,
) -> Result<(Vec<String>, Vec<String>)> {
    if let Some(wanted) = wanted {
        if wanted.iter().all(|name| file.dataset(&within(group, name)).is_ok()) {
            let Chosen { notes, .. } = choose_columns(wanted, Some(wanted), &[], |_| Values::Unread)?;
            return Ok((wanted.to_vec(), notes));
        }
    }
    let listed = if group.is_empty() { Ok(file.root()) } else { file.group(group) };
    let mut names = listed.and_then(|group| group.datasets()).map_err(|_| {
        Error::config(
            "columns",
            format!(
                "expected the names of the columns in `{group}`, which cannot be listed since it has soft or external links, \
                 found none"
            ),
        )
    })?;
    names.sort_by(|a, b| natural_order(a, b));
    if names.is_empty() {
        return Err(Error::data(format!("expected datasets in the group `{group}`, found none")));
    }
    let look = |i: usize| values(&within(group, &names[i]));
    let Chosen { numbers, notes } = choose_columns(&names, wanted, &[], look)?;
    Ok((numbers.into_iter().map(|i| names[i].clone()).collect(), notes))
}
