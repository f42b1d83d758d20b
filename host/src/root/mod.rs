//! ROOT files, read by uproot in the user's own Python: no library of Rust reads those of today.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use amplicast_sdk::{Error, Result, Schema};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// What reads them.
const SCRIPT: &str = include_str!("read.py");

/// What is asked of a file.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    /// The file.
    pub file: PathBuf,
    /// The tree; the only one if there is no other.
    pub tree: Option<String>,
    /// Branches that become columns, `NAME[K]` for one number of several; all if there are none.
    pub branches: Vec<String>,
    /// The branch of event weights.
    pub weights: Option<String>,
    /// The branch of the numbers of groups.
    pub groups: Option<String>,
    /// An expression that events must fulfil.
    pub cut: Option<String>,
}

#[derive(Serialize)]
struct Request<'a> {
    #[serde(flatten)]
    asked: &'a Asked,
    out: &'a Path,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Refused { error: String },
    Read { columns: Vec<String>, events: u64, sums: Vec<f64>, sizes: Vec<f64>, uproot: String },
}

/// The events of a tree, in a temporary file.
pub struct Events {
    /// Their columns.
    pub schema: Schema,
    /// How many they are.
    pub events: u64,
    /// Whether a weight follows the columns.
    pub weighted: bool,
    /// Whether the number of a group does, after the weight.
    pub grouped: bool,
    /// Groups so far, and the last of them.
    seen: HashSet<u64>,
    last: f64,
    read: u64,
    rows: BufReader<File>,
    /// What the columns add up to, and the sizes of their numbers, as uproot gave them for each branch alone.
    expected: Vec<[f64; 2]>,
    found: Vec<f64>,
    uproot: String,
}

/// Some of the events.
#[derive(Debug, Default)]
pub struct Rows {
    /// Their columns, one event after the other.
    pub values: Vec<f64>,
    /// Their weights, if they have some.
    pub weights: Vec<f64>,
    /// The numbers of their groups, if they have some.
    pub groups: Vec<f64>,
}

/// Sums of the same numbers in another order differ by no more than this part of the sum of their sizes.
const ROUNDING: f64 = 1e-9;

impl Events {
    /// Lets `python` read them.
    pub fn read(asked: &Asked, python: &str) -> Result<Self> {
        let io = |error| Error::io(format!("cannot start {python}"), error);
        let out = NamedTempFile::new().map_err(|e| Error::io("a temporary file", e))?;
        let request = serde_json::to_vec(&Request { asked, out: out.path() });
        let request = request.map_err(|e| Error::data(e.to_string()))?;
        let mut child = Command::new(python)
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(io)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ends early says why.
            _ = stdin.write_all(&request);
        }
        let ended = child.wait_with_output().map_err(io)?;
        let text = String::from_utf8_lossy(&ended.stdout);
        let here = |message: String| Error::data(message).at(asked.file.display().to_string());
        let answer: Answer = serde_json::from_str(text.lines().next_back().unwrap_or_default())
            .map_err(|_| here(format!("{python} could not read the file ({})", ended.status)))?;
        match answer {
            Answer::Refused { error } => Err(here(error)),
            Answer::Read { columns, events, sums, sizes, uproot } => Ok(Events {
                schema: Schema::columns(columns),
                events,
                weighted: asked.weights.is_some(),
                grouped: asked.groups.is_some(),
                seen: HashSet::new(),
                last: f64::NAN,
                read: 0,
                rows: BufReader::new(out.reopen().map_err(|e| Error::io("a temporary file", e))?),
                found: vec![0.0; sums.len()],
                expected: sums.into_iter().zip(sizes).map(|(sum, size)| [sum, size]).collect(),
                uproot,
            }),
        }
    }

    /// The next rows. Refuses a group whose events do not stand next to each other.
    pub fn next(&mut self, events: usize) -> Result<Rows> {
        let width = self.expected.len();
        let mut bytes = vec![0; 8 * width * events];
        self.rows.read_exact(&mut bytes).map_err(|e| Error::io("a temporary file", e))?;
        let (numbers, _) = bytes.as_chunks::<8>();
        let rows: Vec<f64> = numbers.iter().map(|number| f64::from_le_bytes(*number)).collect();
        let columns = self.schema.dimension();
        let mut found = Rows { values: Vec::with_capacity(columns * events), ..Rows::default() };
        for row in rows.chunks_exact(width) {
            self.found.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            found.values.extend_from_slice(&row[..columns]);
            let (weights, groups) = row[columns..].split_at(usize::from(self.weighted));
            found.weights.extend_from_slice(weights);
            found.groups.extend_from_slice(groups);
        }
        if let Some(i) = rows.iter().position(|x| !x.is_finite()) {
            return Err(Error::data(format!(
                "branch `{}`: expected finite numbers, found {}",
                self.name(i % width),
                rows[i]
            )));
        }
        found.groups.iter().try_for_each(|number| self.expect_neighbor(*number))?;
        Ok(found)
    }

    /// What a number of a row is.
    fn name(&self, place: usize) -> &str {
        let columns = self.schema.column_names();
        let beside = if self.weighted && place == columns.len() { "the weights" } else { "the groups" };
        columns.get(place).map_or(beside, String::as_str)
    }

    fn expect_neighbor(&mut self, group: f64) -> Result<()> {
        // Both zeros are one number.
        if group != self.last && !self.seen.insert((group + 0.0).to_bits()) {
            return Err(Error::data(format!(
                "row {}: expected the events of a group next to each other, found group {group} again, which ended before; sort the tree by the \
                 numbers of its groups",
                self.read
            )));
        }
        (self.last, self.read) = (group, self.read + 1);
        Ok(())
    }

    /// Refuses columns that add up to something else than their branch does when it is read alone.
    pub fn check(&self) -> Result<()> {
        let wrong = self
            .expected
            .iter()
            .zip(&self.found)
            .position(|([sum, size], found)| (sum - found).abs() > ROUNDING * size);
        let Some(column) = wrong else { return Ok(()) };
        let name = self.name(column);
        Err(Error::data(format!(
            "branch `{name}`: expected the sum {} as uproot {} gives it for the branch alone, found {}: the file is read wrongly",
            self.expected[column][0], self.uproot, self.found[column]
        )))
    }
}
