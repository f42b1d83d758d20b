//! Arrays of one number an event that are columns of one table.

use amplicast_sdk::{Error, Result};

use crate::table::{Source, Table};

/// Arrays side by side, with their names.
#[derive(Debug)]
struct SideBySide(Vec<(String, Box<dyn Source>)>);

/// A table of arrays, each of which `open` gives; `key` is its name in a file, `hint` what to do with arrays of another shape.
pub fn side_by_side(
    names: &[String],
    key: impl Fn(&str) -> String,
    open: impl Fn(&str) -> Result<Table>,
    hint: &str,
) -> Result<Table> {
    let mut rows = None;
    let (mut columns, mut notes) = (Vec::new(), Vec::new());
    for name in names {
        let key = key(name);
        let table = open(&key)?;
        let ([events] | [events, 1]) = *table.shape else {
            let message =
                format!("expected one number an event in each {hint}, found the shape {:?}", table.shape);
            return Err(Error::data(format!(
                "{message}; name one by its `key`, or those that are `columns`"
            ))
            .at(format!("`{key}`")));
        };
        match &rows {
            None => rows = Some((events, key)),
            Some((expected, first)) if *expected != events => {
                let message = format!("expected {expected} events as in `{first}`, found {events}");
                return Err(Error::data(message).at(format!("`{key}`")));
            }
            Some(_) => {}
        }
        notes.extend(table.notes);
        columns.push((name.clone(), table.source));
    }
    let shape = vec![rows.map_or(0, |(rows, _)| rows), names.len()];
    let table = Table::new(shape, Box::new(SideBySide(columns)));
    Ok(Table { columns: Some(names.to_vec()), notes, names_used: true, ..table })
}

impl Source for SideBySide {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let d = self.0.len();
        let mut column = vec![0.0; out.len() / d];
        for (place, (name, source)) in self.0.iter().enumerate() {
            source.read(first, &mut column).map_err(|error| error.at(format!("`{name}`")))?;
            out.iter_mut().skip(place).step_by(d).zip(&column).for_each(|(x, value)| *x = *value);
        }
        Ok(())
    }

    fn verify(&self) -> Result<()> {
        self.0.iter().try_for_each(|(_, source)| source.verify())
    }

    fn held(&self) -> u64 {
        self.0.iter().map(|(_, source)| source.held()).sum()
    }

    fn is_half(&self) -> bool {
        self.0.iter().any(|(_, source)| source.is_half())
    }
}
