//! Records: several named numbers an event, as NumPy's structured arrays and HDF5's compound types have them.

use amplicast_sdk::{Error, Result};

use crate::column_names::{Chosen, Wanted, choose_columns};
use crate::number::{Field, Number};
use crate::row_numbers::Values;

/// A field of a record as a file declares it.
#[derive(Debug, Clone)]
pub struct Declared {
    pub name: String,
    /// What it holds, or why that is no number.
    pub number: Result<Number>,
    /// Numbers in it: more than one if it is an array.
    pub count: usize,
    /// Its size in bytes.
    pub size: usize,
    /// Where it lies; after the one before if it is not said.
    pub offset: Option<usize>,
}

/// A record: its size in bytes, and the numbers in it by name.
#[derive(Debug, Clone)]
pub struct Record {
    pub size: usize,
    columns: Vec<(String, Result<Number>, usize)>,
}

/// Numbers in a record.
const MOST_COLUMNS: usize = 1_000_000;

impl Record {
    /// Of these fields, one after another; refuses more columns than any record has, before their names need memory.
    pub fn new(fields: Vec<Declared>) -> Result<Self> {
        let columns = fields.iter().fold(0_usize, |n, field| n.saturating_add(field.count));
        if columns > MOST_COLUMNS {
            return Err(Error::data(format!(
                "expected records of at most {MOST_COLUMNS} numbers, found {columns}"
            )));
        }
        let mut record = Record { size: 0, columns: Vec::new() };
        for Declared { name, number, count, size, offset } in fields {
            let start = offset.unwrap_or(record.size);
            record.size = record.size.max(start.saturating_add(size));
            let each = size / count.max(1);
            for i in 0..count {
                let name = if count == 1 { name.clone() } else { format!("{name}_{i}") };
                // Fields without a name are padding.
                if !name.is_empty() {
                    record.columns.push((name, number.clone(), start.saturating_add(i * each)));
                }
            }
        }
        Ok(record)
    }

    /// An event that is several such records: of the particles of an event.
    pub fn repeated(self, times: usize) -> Self {
        if times == 1 {
            return self;
        }
        let columns = (0..times).flat_map(|i| {
            let at = move |offset: usize| i * self.size + offset;
            self.columns
                .iter()
                .map(move |(name, number, offset)| (format!("{name}_{i}"), number.clone(), at(*offset)))
        });
        Record { size: self.size * times, columns: columns.collect() }
    }

    /// The `wanted` columns, or all that are features; `values` reads the first ones of a field.
    pub fn choose(
        &self,
        wanted: Wanted<'_>,
        values: impl Fn(Field) -> Option<Vec<f64>>,
    ) -> Result<ChosenFields> {
        let names: Vec<String> = self.columns.iter().map(|(name, ..)| name.clone()).collect();
        let look = |i: usize| {
            let (_, number, offset) = &self.columns[i];
            let field = number.as_ref().ok().map(|number| Field { number: *number, offset: *offset });
            field.and_then(&values).map_or(Values::Unread, Values::Numbers)
        };
        let Chosen { numbers, notes } = choose_columns(&names, wanted, &[], look)?;
        let mut chosen = ChosenFields { names: Vec::new(), fields: Vec::new(), notes };
        for i in numbers {
            let (name, number, offset) = &self.columns[i];
            let number = number.clone().map_err(|error| {
                Error::data(format!("column `{name}`: {}; or name the wanted `columns`", error.message()))
            })?;
            chosen.names.push(name.clone());
            chosen.fields.push(Field { number, offset: *offset });
        }
        Ok(chosen)
    }
}

/// Columns of records that are used.
pub struct ChosenFields {
    pub names: Vec<String>,
    pub fields: Vec<Field>,
    /// What there is to say about the choice.
    pub notes: Vec<String>,
}

/// A field of NumPy's type description: `('px', '<f4')`, or `('p', '<f4', (4,))` for several numbers.
pub fn numpy_record(field: &py_literal::Value) -> Result<Declared> {
    let wrong = || Error::data(format!("expected fields such as ('px', '<f4'), found {field}"));
    let parts = field.as_tuple().ok_or_else(wrong)?;
    let (name, code) = match parts.as_slice() {
        [name, code, ..] => (name, code),
        _ => return Err(wrong()),
    };
    // A field may have a title beside its name.
    let name = name.as_string().or_else(|| name.as_tuple()?.get(1)?.as_string()).ok_or_else(wrong)?.clone();
    let axes = parts.get(2).and_then(|shape| shape.as_tuple()).map(Vec::as_slice).unwrap_or_default();
    let count = axes
        .iter()
        .try_fold(1_usize, |n, axis| n.checked_mul(axis.as_integer()?.try_into().ok()?))
        .ok_or_else(wrong)?;
    let Some(code) = code.as_string() else {
        return Err(Error::data(format!(
            "column `{name}`: expected numbers, found records within records; save their numbers as columns"
        )));
    };
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    // A character of `U` has four bytes.
    let each = digits.parse::<usize>().unwrap_or(8).saturating_mul(if code.contains('U') { 4 } else { 1 });
    let each = if code.contains(['M', 'm']) { 8 } else { each };
    Ok(Declared {
        name,
        number: Number::of_numpy(code),
        count,
        size: each.saturating_mul(count),
        offset: None,
    })
}
