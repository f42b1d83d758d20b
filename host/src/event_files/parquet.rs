//! Parquet: a column of f64 for each number of an event, by its name, and those of weights and of groups.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use amplicast_sdk::{Error, Result, Schema};
use parquet::basic::{Compression, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::DoubleType;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use tempfile::NamedTempFile;

use super::file::{Block, Contents, EventFile, begin, keep};

/// The column of event weights.
pub const WEIGHT: &str = "weight";

/// The column of the numbers of groups. Who reads the file without naming it is told so, and gets no feature of it.
pub const GROUP: &str = "event";

/// Rows that are written at once: enough for its columns to be compressed well.
const ROWS: usize = 1 << 17;

/// A file of columns.
pub struct ParquetFile {
    path: PathBuf,
    writer: SerializedFileWriter<NamedTempFile>,
    /// Rows that wait for a group to be full, column by column.
    waiting: Vec<Vec<f64>>,
}

/// What is said of the columns in the file.
fn said(schema: &Schema, origin: &str) -> Vec<KeyValue> {
    let particles = schema.particles();
    let mut said = vec![KeyValue::new("amplicast".to_string(), origin.to_string())];
    if !particles.is_empty() {
        said.push(KeyValue::new("amplicast.particles".to_string(), particles.join(",")));
        said.push(KeyValue::new("amplicast.unit".to_string(), "GeV".to_string()));
    }
    said
}

fn failed(path: &Path, error: &ParquetError) -> Error {
    Error::data(error.to_string()).at(path.display().to_string())
}

impl ParquetFile {
    pub fn create(path: &Path, contents: &Contents<'_>) -> Result<Self> {
        let here = |error: ParquetError| failed(path, &error);
        let columns = contents.schema.column_names();
        let beside = [contents.weighted.then_some(WEIGHT), contents.grouped.then_some(GROUP)];
        if let Some(taken) = beside.iter().flatten().find(|name| columns.iter().any(|column| column == *name))
        {
            return Err(Error::config(
                "--out",
                format!(
                    "expected no column `{taken}` of an event, where the weights or the numbers of the groups are written, found one"
                ),
            ));
        }
        let names = columns.iter().map(String::as_str).chain(beside.into_iter().flatten());
        let column = |name: &str| {
            let column = Type::primitive_type_builder(name, Physical::DOUBLE);
            column.with_repetition(Repetition::REQUIRED).build().map(Arc::new)
        };
        let columns: Vec<_> = names.map(column).collect::<Result<_, _>>().map_err(here)?;
        let count = columns.len();
        let schema = Type::group_type_builder("events").with_fields(columns).build().map_err(here)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_dictionary_enabled(false)
            .set_key_value_metadata(Some(said(contents.schema, &contents.origin)))
            .build();
        let writer = SerializedFileWriter::new(begin(path)?, Arc::new(schema), Arc::new(properties));
        Ok(ParquetFile { path: path.into(), writer: writer.map_err(here)?, waiting: vec![Vec::new(); count] })
    }

    fn group(&mut self) -> Result<()> {
        let mut write = || {
            let mut group = self.writer.next_row_group()?;
            for values in &mut self.waiting {
                let Some(mut column) = group.next_column()? else { break };
                column.typed::<DoubleType>().write_batch(values, None, None)?;
                column.close()?;
                values.clear();
            }
            group.close().map(drop)
        };
        write().map_err(|error| failed(&self.path, &error))
    }
}

impl EventFile for ParquetFile {
    fn write(&mut self, block: Block<'_>) -> Result<()> {
        let (events, beside) = self.waiting.split_at_mut(block.events.ncols());
        for (column, numbers) in events.iter_mut().zip(block.events.columns()) {
            column.extend(numbers);
        }
        for (column, numbers) in beside.iter_mut().zip([block.weights, block.groups].into_iter().flatten()) {
            column.extend_from_slice(numbers);
        }
        if self.waiting[0].len() >= ROWS { self.group() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if !self.waiting[0].is_empty() {
            self.group()?;
        }
        let file = self.writer.into_inner().map_err(|error| failed(&self.path, &error))?;
        keep(file, &self.path)
    }
}
