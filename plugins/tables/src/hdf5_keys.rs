//! Where in an HDF5 file the events are.

use std::path::Path;

use amplicast_sdk::{Error, Result};
use hdf5_pure::{File, Group};

use crate::column_names::{Chosen, Wanted, choose_columns};
use crate::hdf5_links::{Links, Listed, Lost};
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

/// A file with its links.
pub struct Tree<'a> {
    pub file: &'a File,
    links: Option<Links>,
}

impl<'a> Tree<'a> {
    /// Of a file that is open, and its path.
    pub fn new(file: &'a File, path: &Path) -> Self {
        Tree { file, links: Links::open(path, file.superblock()) }
    }

    /// What `selection` means. The given key is opened first: what else is in the file may be broken.
    pub fn find(&self, selection: &Selection) -> Result<Place> {
        if let Some(key) = selection.key.as_deref()
            && let Some(place) = self.place(key)?
        {
            return Ok(place);
        }
        let default = match selection.default_key.as_deref().filter(|_| selection.key.is_none()) {
            // A key of other files may be of none here.
            Some(key) => self.place(key).ok().flatten(),
            None => None,
        };
        let keys = match self.keys() {
            Ok(keys) => keys,
            Err(_) => match default {
                Some(place) => return Ok(place),
                None => return Err(not_listed(selection)),
            },
        };
        let columns = selection.columns.as_deref().unwrap_or_default();
        match (&keys[..], default) {
            ([only], _) if selection.key.is_none() => Ok(Place::Dataset(only.clone())),
            (_, Some(place)) => Ok(place),
            _ if selection.key.is_none()
                && !columns.is_empty()
                && columns.iter().all(|name| keys.contains(name)) =>
            {
                Ok(Place::Group(String::new()))
            }
            _ => selection.choose(&keys).map(Place::Dataset).map_err(|error| self.with_hint(error, &keys)),
        }
    }

    /// Where a key leads, through links if there are some; an error for a link that leads nowhere.
    fn place(&self, key: &str) -> Result<Option<Place>> {
        let key = match self.links.as_ref().map(|links| links.resolve(key)) {
            Some(Ok(path)) => path,
            Some(Err(Lost::Link(what))) => {
                return Err(Error::config(
                    "key",
                    format!("expected the name of a dataset, found that {what}"),
                ));
            }
            Some(Err(Lost::Absent)) | None => key.trim_matches('/').to_owned(),
        };
        if key.is_empty() || self.file.dataset(&key).is_err() && self.file.group(&key).is_ok() {
            return Ok(Some(Place::Group(key)));
        }
        Ok(self.file.dataset(&key).is_ok().then_some(Place::Dataset(key)))
    }

    /// The names of all datasets, each once.
    pub fn keys(&self) -> Result<Vec<String>, hdf5_pure::Error> {
        let mut keys = Vec::new();
        match self.links.as_ref().and_then(Links::list) {
            Some(listed) => {
                for one in listed {
                    match one {
                        Listed::Dataset(key) => keys.push(key),
                        Listed::Group(path) if path.is_empty() => {
                            of_group(&self.file.root(), "", DEPTH, &mut keys)?;
                        }
                        Listed::Group(path) => {
                            of_group(&self.file.group(&path)?, &format!("{path}/"), DEPTH, &mut keys)?;
                        }
                    }
                }
            }
            None => of_group(&self.file.root(), "", DEPTH, &mut keys)?,
        }
        Ok(keys)
    }

    /// The datasets of a group.
    fn datasets(&self, group: &str) -> Result<Vec<String>, hdf5_pure::Error> {
        match self.links.as_ref().and_then(|links| links.datasets(group)) {
            Some(names) => Ok(names),
            None if group.is_empty() => self.file.root().datasets(),
            None => self.file.group(group)?.datasets(),
        }
    }

    /// What to do with several datasets, added to the error of a key that is none of them.
    fn with_hint(&self, error: Error, keys: &[String]) -> Error {
        let parent = |key: &str| key.rsplit_once('/').map_or(String::new(), |(group, _)| group.to_owned());
        if let Some(block) = keys.iter().find(|key| key.ends_with("block0_values")) {
            return Error::config(
                error.place(),
                format!("{}; a frame of pandas has its numbers in `{block}`", error.message()),
            );
        }
        let rows = |key: &String| match self.file.dataset(key).and_then(|dataset| dataset.shape()).as_deref()
        {
            Ok([rows] | [rows, 1]) => Some(*rows),
            _ => None,
        };
        let Some(one) = keys.first() else { return error };
        let (group, first) = (parent(one), rows(one));
        let table = first.is_some() && keys.iter().all(|key| rows(key) == first && parent(key) == group);
        if !table {
            return error;
        }
        let cure = match group.as_str() {
            "" => format!("name its columns: `--columns {}`", keys.join(",")),
            group => format!("name the group, whose datasets are columns: `{group}`"),
        };
        Error::config(error.place(), format!("{}; if they are one table, {cure}", error.message()))
    }
}

/// The error of a file whose datasets cannot be listed.
fn not_listed(selection: &Selection) -> Error {
    let found = selection.key.as_ref().map_or_else(|| "none".into(), |key| format!("`{key}`"));
    Error::config(
        "key",
        format!(
            "expected the name of a dataset, which cannot be listed since the file is damaged or has links that are not read; name the \
             dataset itself (`h5ls -r FILE` lists them), found {found}"
        ),
    )
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
    tree: &Tree,
    group: &str,
    wanted: Wanted<'_>,
    values: impl Fn(&str) -> Values,
) -> Result<(Vec<String>, Vec<String>)> {
    if let Some(names) = wanted.columns
        && names.iter().all(|name| tree.file.dataset(&within(group, name)).is_ok())
    {
        let Chosen { notes, .. } = choose_columns(names, wanted, &[], |_| Values::Unread)?;
        return Ok((names.to_vec(), notes));
    }
    let mut names = tree.datasets(group).map_err(|_| {
        Error::config(
            "columns",
            format!("expected the names of the columns in `{group}`, which cannot be listed, found none"),
        )
    })?;
    names.sort_by(|a, b| natural_order(a, b));
    if names.is_empty() {
        return Err(Error::data(format!("expected datasets in the group `{group}`, found none")));
    }
    if let Some(block) = names.iter().find(|name| *name == "block0_values") {
        return Err(Error::config(
            "key",
            format!(
                "expected datasets that are columns, found a frame of pandas: its numbers are in `{}`",
                within(group, block)
            ),
        ));
    }
    let look = |i: usize| values(&within(group, &names[i]));
    let Chosen { numbers, notes } = choose_columns(&names, wanted, &[], look)?;
    Ok((numbers.into_iter().map(|i| names[i].clone()).collect(), notes))
}
