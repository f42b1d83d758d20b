//! Where the weights of a file's events are: a column of its table, or another array of the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use amplicast_sdk::{Error, Result};

use crate::open::Place;
use crate::pool::Pooled;
use crate::table::{Selection, Source, Table};

/// The weights of events in a file, one each.
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    rows: u64,
    source: Pooled,
}

impl Weights {
    pub(crate) fn new(path: &Path, rows: u64, source: Pooled) -> Self {
        Weights { path: path.to_owned(), rows, source }
    }

    /// Those of a file of their own: `key` if it holds several arrays.
    pub fn open(path: &Path, key: Option<&str>) -> Result<Self> {
        let selection = Selection {
            key: key.map(str::to_owned),
            weights: key.map(str::to_owned),
            ..Selection::default()
        };
        let here = |error: Error| error.at(path.display().to_string());
        let place = Place::find(path).map_err(here)?;
        let table = place.table(&selection).map_err(here)?;
        let ([rows] | [rows, 1]) = table.shape[..] else {
            let message = format!("expected one weight an event, found an array of shape {:?}", table.shape);
            return Err(here(Error::data(message)));
        };
        let shape = table.shape;
        let source = Pooled::new(table.source, Box::new(move || Ok(place.same(&selection, &shape)?.source)));
        Ok(Weights::new(path, rows as u64, source))
    }

    /// How many there are.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Where they are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Fills `out` with the weights of the events from row `first` on; refuses NaN and infinite ones with their row.
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
        match out.iter().position(|weight| !weight.is_finite()) {
            None => Ok(()),
            Some(i) => Err(here(Error::data(format!(
                "row {}: expected a finite event weight, found {}",
                first + i as u64,
                out[i]
            )))),
        }
    }
}

/// The table of events without the column of weights, and these; nothing is taken off a table that has no such column.
///
/// Columns without names of their own are called as the selection says, or `x1` ... `xd`.
pub fn taken_off(mut table: Table, selection: &mut Selection) -> Result<(Table, Option<Box<dyn Source>>)> {
    let (Some(name), &[rows, numbers]) = (&selection.weights, &table.shape[..]) else {
        return Ok((table, None));
    };
    let own = || (1..=numbers).map(|i| format!("x{i}")).collect::<Vec<_>>();
    let named = table.columns.clone().or_else(|| selection.columns.clone()).unwrap_or_else(own);
    let Some(column) = named.iter().position(|other| other == name).filter(|_| named.len() == numbers) else {
        return Ok((table, None));
    };
    if numbers == 1 {
        return Err(Error::config(
            "weights",
            format!("expected columns beside the weights `{name}`, found none"),
        ));
    }
    if let Some(names) = table.columns.as_mut().or(selection.columns.as_mut()) {
        names.remove(column);
    }
    let source: Arc<dyn Source> = table.source.into();
    let weights = Box::new(Only { source: Arc::clone(&source), numbers, column });
    table.source = Box::new(Without { source, numbers, column });
    table.shape = vec![rows, numbers - 1];
    Ok((table, Some(weights)))
}

/// The weights of a file's events, if the selection names some: the column that was taken off the table of `all`, another array of the
/// file, or a column beside those of the events.
pub fn weights_of(
    place: &Arc<Place>,
    selection: &Selection,
    (all, shape): (&Selection, &[usize]),
    taken: Option<Box<dyn Source>>,
) -> Result<Option<Weights>> {
    let Some(name) = &selection.weights else { return Ok(None) };
    let (again, rows) = (Arc::clone(place), shape[0]);
    let source = match taken {
        Some(source) => {
            let (all, shape) = (all.clone(), shape.to_vec());
            let changed = || Error::data("expected the file as it was, found it without its weights");
            let reopen =
                move || taken_off(again.same(&all, &shape)?, &mut all.clone())?.1.ok_or_else(changed);
            Pooled::new(source, Box::new(reopen))
        }
        None => {
            let (table, choice) = beside(place, selection, name)?;
            expect_one_each(&table, name, rows)?;
            let shape = table.shape;
            Pooled::new(table.source, Box::new(move || Ok(again.same(&choice, &shape)?.source)))
        }
    };
    Ok(Some(Weights::new(&place.path, rows as u64, source)))
}

/// The weights as another array of the file, or as a column beside those of the events, with the selection of them.
fn beside(place: &Place, selection: &Selection, name: &str) -> Result<(Table, Selection)> {
    let weights = Selection { weights: Some(name.into()), ..Selection::default() };
    let array = Selection { key: Some(name.into()), ..weights.clone() };
    let no_array = match place.table(&array) {
        Ok(found) => return Ok((found, array)),
        Err(error) => error,
    };
    let column = Selection {
        key: selection.key.clone(),
        default_key: selection.default_key.clone(),
        columns: Some(vec![name.into()]),
        ..weights
    };
    let wrong = |message: &str| Err(Error::config("weights", message));
    match place.table(&column) {
        // Columns that have no names of their own take any: these are the events themselves.
        Ok(found) if found.names_used => Ok((found, column)),
        Ok(_) if no_array.message().starts_with("expected one of") => wrong(no_array.message()),
        Ok(_) => wrong(&format!(
            "expected a column, or another array of the file, found no `{name}`; the columns of an array are called `x1`, `x2` ..., and weights \
             may be in a file of their own (`weights_file`)"
        )),
        Err(error) => wrong(error.message()),
    }
}

/// Refuses what is not one number an event.
pub fn expect_one_each(table: &Table, name: &str, rows: usize) -> Result<()> {
    match table.shape[..] {
        [found] | [found, 1] if found == rows => Ok(()),
        [found] | [found, 1] => Err(Error::config(
            "weights",
            format!("expected a weight for each of {rows} events, found {found} in `{name}`"),
        )),
        _ => Err(Error::config(
            "weights",
            format!("expected one weight an event in `{name}`, found an array of shape {:?}", table.shape),
        )),
    }
}

/// All columns but one.
#[derive(Debug)]
struct Without {
    source: Arc<dyn Source>,
    /// Numbers in a row of the source.
    numbers: usize,
    column: usize,
}

/// One column.
#[derive(Debug)]
struct Only {
    source: Arc<dyn Source>,
    numbers: usize,
    column: usize,
}

impl Source for Without {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let kept = self.numbers - 1;
        let mut rows = vec![0.0; out.len() / kept * self.numbers];
        self.source.read(first, &mut rows)?;
        for (event, row) in out.chunks_exact_mut(kept).zip(rows.chunks_exact(self.numbers)) {
            event[..self.column].copy_from_slice(&row[..self.column]);
            event[self.column..].copy_from_slice(&row[self.column + 1..]);
        }
        Ok(())
    }

    fn verify(&self) -> Result<()> {
        self.source.verify()
    }

    fn held(&self) -> u64 {
        self.source.held()
    }

    fn is_half(&self) -> bool {
        self.source.is_half()
    }
}

impl Source for Only {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let mut rows = vec![0.0; out.len() * self.numbers];
        self.source.read(first, &mut rows)?;
        out.iter_mut().zip(rows.chunks_exact(self.numbers)).for_each(|(x, row)| *x = row[self.column]);
        Ok(())
    }

    fn verify(&self) -> Result<()> {
        self.source.verify()
    }

    fn held(&self) -> u64 {
        self.source.held()
    }
}
