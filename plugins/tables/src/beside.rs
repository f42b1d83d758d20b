//! Numbers that stand beside events, one each: their weights, and the groups that they belong to. They are a column of the table, or another array of
//! the file.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amplicast_sdk::{CHUNK_EVENTS, Error, Result};

use crate::apart::{Only, Without};
use crate::open::Place;
use crate::pool::Pooled;
use crate::table::{Selection, Source, Table};

/// What stands beside events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Their weights.
    Weights,
    /// The numbers of the groups that they belong to.
    Groups,
}

impl Beside {
    const ALL: [Beside; 2] = [Beside::Weights, Beside::Groups];

    /// The field of a configuration that names them.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Beside::Weights => "weights",
            Beside::Groups => "groups",
        }
    }

    /// One of them.
    pub(crate) fn one(self) -> &'static str {
        match self {
            Beside::Weights => "weight",
            Beside::Groups => "number of a group",
        }
    }

    fn name(self, selection: &Selection) -> Option<&String> {
        match self {
            Beside::Weights => selection.weights.as_ref(),
            Beside::Groups => selection.groups.as_ref(),
        }
    }
}

/// One number for each event of a file, beside its own.
#[derive(Debug)]
pub struct OneEach {
    what: Beside,
    path: PathBuf,
    rows: u64,
    source: Pooled,
}

impl OneEach {
    /// Those of a file of their own: `key` if it holds several arrays.
    pub fn open(what: Beside, path: &Path, key: Option<&str>) -> Result<Self> {
        let selection = Selection {
            key: key.map(str::to_owned),
            weights: key.map(str::to_owned),
            ..Selection::default()
        };
        let here = |error: Error| error.at(path.display().to_string());
        let place = Place::find(path).map_err(here)?;
        let table = place.table(&selection).map_err(here)?;
        let ([rows] | [rows, 1]) = table.shape[..] else {
            let message =
                format!("expected one {} an event, found an array of shape {:?}", what.one(), table.shape);
            return Err(here(Error::data(message)));
        };
        let shape = table.shape;
        let source = Pooled::new(table.source, Box::new(move || Ok(place.same(&selection, &shape)?.source)));
        Ok(OneEach { what, path: path.to_owned(), rows: rows as u64, source })
    }

    /// How many there are.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Where they are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Calls with each of some rows and its number, in order.
    pub fn each(&self, rows: Range<u64>, mut call: impl FnMut(u64, f64) -> Result<()>) -> Result<()> {
        let mut chunk = vec![0.0; CHUNK_EVENTS.min(rows.end.saturating_sub(rows.start) as usize)];
        for first in rows.clone().step_by(CHUNK_EVENTS) {
            let some = &mut chunk[..(rows.end - first).min(CHUNK_EVENTS as u64) as usize];
            self.read(first, some)?;
            (first..).zip(some.iter()).try_for_each(|(row, number)| call(row, *number))?;
        }
        Ok(())
    }

    /// Fills `out` with the numbers of the events from row `first` on; refuses NaN and infinite ones with their row.
    pub fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let here = |error: Error| error.at(self.path.display().to_string());
        if first.checked_add(out.len() as u64).is_none_or(|end| end > self.rows) {
            return Err(here(Error::data(format!(
                "expected rows within 0..{}, found {first}..{}",
                self.rows,
                first.saturating_add(out.len() as u64)
            ))));
        }
        self.source.source().and_then(|source| source.read(first, out)).map_err(here)?;
        let one = match self.what {
            Beside::Weights => "event weight",
            Beside::Groups => self.what.one(),
        };
        match out.iter().position(|number| !number.is_finite()) {
            None => Ok(()),
            Some(i) => Err(here(Error::data(format!(
                "row {}: expected a finite {one}, found {}",
                first + i as u64,
                out[i]
            )))),
        }
    }
}

/// The weights and the groups of events, each if there are some.
pub type Taken = [Option<Box<dyn Source>>; 2];

/// The table of events without the columns that stand beside them, and these; nothing is taken off a table that has no such column.
///
/// Columns without names of their own are called as the selection says, or `x1` ... `xd`.
pub fn taken_off(mut table: Table, selection: &mut Selection) -> Result<(Table, Taken)> {
    let mut taken: Taken = [None, None];
    let &[rows, numbers] = &table.shape[..] else { return Ok((table, taken)) };
    let own = || (1..=numbers).map(|i| format!("x{i}")).collect::<Vec<_>>();
    let named = table.columns.clone().or_else(|| selection.columns.clone()).unwrap_or_else(own);
    let place = |what: Beside| {
        let name = what.name(selection).filter(|_| named.len() == numbers)?;
        named.iter().position(|other| other == name)
    };
    let places = Beside::ALL.map(place);
    let mut columns: Vec<usize> = places.iter().flatten().copied().collect();
    columns.sort_unstable();
    columns.dedup();
    if columns.is_empty() {
        return Ok((table, taken));
    }
    if columns.len() == numbers {
        let what = if places[0].is_some() { Beside::Weights } else { Beside::Groups };
        return Err(Error::config(
            what.field(),
            format!("expected columns beside the {} `{}`, found none", what.field(), named[columns[0]]),
        ));
    }
    if let Some(names) = table.columns.as_mut().or(selection.columns.as_mut()) {
        columns.iter().rev().for_each(|column| drop(names.remove(*column)));
    }
    let source: Arc<dyn Source> = table.source.into();
    for (taken, column) in taken.iter_mut().zip(places) {
        *taken = column.map(|column| -> Box<dyn Source> {
            Box::new(Only { source: Arc::clone(&source), numbers, column })
        });
    }
    table.shape = vec![rows, numbers - columns.len()];
    table.source = Box::new(Without { source, numbers, columns });
    Ok((table, taken))
}

/// What stands beside a file's events, if the selection names some: the column that was taken off the table of `all`, another array of the
/// file, or a column beside those of the events.
pub fn beside(
    what: Beside,
    place: &Arc<Place>,
    selection: &Selection,
    (all, shape): (&Selection, &[usize]),
    taken: Option<Box<dyn Source>>,
) -> Result<Option<OneEach>> {
    let Some(name) = what.name(selection) else { return Ok(None) };
    let (again, rows) = (Arc::clone(place), shape[0]);
    let source = match taken {
        Some(source) => {
            let (all, shape) = (all.clone(), shape.to_vec());
            let changed = move || {
                Error::data(format!("expected the file as it was, found it without its {}", what.field()))
            };
            let reopen = move || {
                let [weights, groups] = taken_off(again.same(&all, &shape)?, &mut all.clone())?.1;
                let found = match what {
                    Beside::Weights => weights,
                    Beside::Groups => groups,
                };
                found.ok_or_else(changed)
            };
            Pooled::new(source, Box::new(reopen))
        }
        None => {
            let (table, choice) = named(what, place, selection, name)?;
            expect_one_each(what, &table, name, rows)?;
            let shape = table.shape;
            Pooled::new(table.source, Box::new(move || Ok(again.same(&choice, &shape)?.source)))
        }
    };
    Ok(Some(OneEach { what, path: place.path.clone(), rows: rows as u64, source }))
}

/// They as another array of the file, or as a column beside those of the events, with the selection of them.
fn named(what: Beside, place: &Place, selection: &Selection, name: &str) -> Result<(Table, Selection)> {
    // What is named is read, whatever it is called.
    let any = Selection { weights: Some(name.into()), ..Selection::default() };
    let array = Selection { key: Some(name.into()), ..any.clone() };
    let no_array = match place.table(&array) {
        Ok(found) => return Ok((found, array)),
        Err(error) => error,
    };
    let column = Selection {
        key: selection.key.clone(),
        default_key: selection.default_key.clone(),
        columns: Some(vec![name.into()]),
        ..any
    };
    let field = what.field();
    let wrong = |message: &str| Err(Error::config(field, message));
    match place.table(&column) {
        // Columns that have no names of their own take any: these are the events themselves.
        Ok(found) if found.names_used => Ok((found, column)),
        Ok(_) if no_array.message().starts_with("expected one of") => wrong(no_array.message()),
        Ok(_) => wrong(&format!(
            "expected a column, or another array of the file, found no `{name}`; the columns of an array are called `x1`, `x2` ..., and {field} \
             may be in a file of their own (`{field}_file`)"
        )),
        Err(error) => wrong(error.message()),
    }
}

/// Refuses what is not one number an event.
fn expect_one_each(what: Beside, table: &Table, name: &str, rows: usize) -> Result<()> {
    match table.shape[..] {
        [found] | [found, 1] if found == rows => Ok(()),
        [found] | [found, 1] => Err(Error::config(
            what.field(),
            format!("expected a {} for each of {rows} events, found {found} in `{name}`", what.one()),
        )),
        _ => Err(Error::config(
            what.field(),
            format!(
                "expected one {} an event in `{name}`, found an array of shape {:?}",
                what.one(),
                table.shape
            ),
        )),
    }
}
