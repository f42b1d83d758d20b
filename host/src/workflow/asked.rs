//! What a workflow asks of those who do its jobs: which jobs there are, and with what they are to be done.

use std::path::Path;

use amplicast_sdk::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::pipeline::{Components, Jobs, Made};
use crate::store::regular_file;

/// Its file in a run's folder.
pub const FILE: &str = "workflow.json";

/// A workflow, as it stands in its file: the engine reads it too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Of what is asked and of what it is to be done with: records of jobs are kept by it.
    pub run: String,
    /// Name of the experiment.
    pub experiment: String,
    /// The file that it was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_from: Option<ReadFrom>,
    /// The program that does jobs.
    pub program: String,
    /// Its further options.
    pub options: Vec<String>,
    /// Image of a container in which jobs run; empty without one.
    pub container: String,
    /// Threads of a job.
    pub threads: usize,
    /// Megabytes of memory of a job.
    pub memory_mb: u64,
    /// The jobs.
    pub jobs: Jobs,
    /// How long they take, row by row.
    pub sizes: Vec<Sizes>,
    /// What they are done with.
    pub made_with: MadeWith,
}

/// A file as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadFrom {
    /// The file.
    pub file: String,
    /// The hash of its content.
    pub hash: String,
}

impl ReadFrom {
    /// A file as it is now; none if it cannot be read, or no text stands for its name.
    pub fn now(file: &Path) -> Option<Self> {
        let hash = blake3::hash(&regular_file(file).ok()?).to_hex().to_string();
        Some(ReadFrom { file: file.to_str()?.into(), hash })
    }
}

/// The size of a row's jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// Estimated seconds of a chain; none if nothing could be measured.
    pub chain_seconds: Option<f64>,
    /// Estimated seconds of a pass.
    pub pass_seconds: Option<f64>,
    /// Chains that one call of the program infers.
    pub chains_per_call: u64,
    /// Members over whose events one call passes.
    pub passes_per_call: u64,
    /// Minutes after which a call of chains is ended.
    pub chain_minutes: u64,
    /// The same of passes, and of what they share.
    pub pass_minutes: u64,
    /// Whether the generator works on a GPU.
    pub gpu: bool,
}

/// With what jobs are done: their numbers depend on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeWith {
    /// Version of the program.
    pub amplicast: String,
    /// Instructions of the processor that decide the last digits.
    pub instructions: String,
    /// Name and inputs of every component.
    pub components: Vec<(String, Value)>,
}

impl MadeWith {
    /// This program with these components.
    pub fn here(components: &Components, instructions: String) -> Self {
        fn of<T>(kind: &str, list: &[Made<T>]) -> Vec<(String, Value)> {
            list.iter().map(|made| (format!("{kind} `{}`", made.name), made.identity.clone())).collect()
        }
        let dataset = std::slice::from_ref(&components.dataset);
        let lists = [
            of("dataset", dataset),
            of("generator", &components.generators),
            of("uncertainty", &components.uncertainties),
            of("summary", &components.summaries),
            of("metric", &components.metrics),
        ];
        MadeWith { amplicast: env!("CARGO_PKG_VERSION").into(), instructions, components: lists.concat() }
    }

    /// A short name of it together with the experiment.
    pub fn name(&self, experiment: &str) -> String {
        let text = serde_json::to_string(&(self, experiment)).expect("plain values can be written");
        blake3::hash(text.as_bytes()).to_hex()[..12].to_string()
    }

    /// What is another one `here` than was asked for: numbers would not be those that were asked for.
    fn differs_from(&self, here: &MadeWith) -> Option<String> {
        let differs = |what: &str, asked: &str, here: &str, cure: &str| {
            Some(format!("{what}: the workflow was written with {asked}, here is {here}: {cure}"))
        };
        if self.amplicast != here.amplicast {
            return differs(
                "amplicast",
                &self.amplicast,
                &here.amplicast,
                "install the same version, or write the workflow again",
            );
        }
        for ((name, asked), (_, found)) in self.components.iter().zip(&here.components) {
            for (field, what) in [("library", "plugin file"), ("files", "files"), ("config", "configuration")]
            {
                if asked[field] != found[field] {
                    let [asked, found] = shown(&asked[field], &found[field]);
                    return differs(
                        &format!("{what} of {name}"),
                        &asked,
                        &found,
                        "use the same files everywhere, or write the workflow again",
                    );
                }
            }
            if asked != found {
                return Some(format!("{name}: it is another one than the workflow was written with"));
            }
        }
        if self.instructions != here.instructions {
            return differs(
                "processor",
                &format!("the instructions {}", self.instructions),
                &here.instructions,
                "last digits would differ from job to job; choose nodes of one kind, or allow it with --any-processor",
            );
        }
        None
    }
}

/// Two values that differ, in words.
fn shown(asked: &Value, found: &Value) -> [String; 2] {
    match (asked, found) {
        (Value::Array(asked), Value::Array(found)) if asked.len() == found.len() => {
            let first = asked.iter().zip(found).position(|(a, b)| a != b).unwrap_or(0) + 1;
            let n = asked.len();
            [format!("{n} file(s)"), format!("as many with other contents, number {first} among them")]
        }
        _ => [asked, found].map(|value| match value {
            Value::String(hash) => format!("blake3 {}...", &hash[..hash.len().min(12)]),
            Value::Array(files) => format!("{} file(s)", files.len()),
            other => other.to_string(),
        }),
    }
}

impl Asked {
    /// Why jobs cannot be done `here`, with this text of the experiment, as they were asked for.
    pub fn differs(&self, mut here: MadeWith, experiment: &str, any_processor: bool) -> Option<String> {
        if any_processor {
            here.instructions.clone_from(&self.made_with.instructions);
        }
        let changed = || {
            let same = here.name(experiment) == self.run;
            (!same).then(|| {
                "experiment.toml: it was changed after the workflow was written: write the workflow again"
                    .into()
            })
        };
        self.made_with.differs_from(&here).or_else(changed)
    }

    /// What was changed since the workflow was written: `experiment`, its file in the run's folder, or the one that it was read from.
    /// What is not on this machine was not changed.
    pub fn changed(&self, experiment: &Path) -> Option<String> {
        let says = |file: &Path, what: &str| {
            Some(format!("{}: it was changed after the workflow was written: {what}", file.display()))
        };
        let text = regular_file(experiment).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if text.is_some_and(|text| self.made_with.name(&text) != self.run) {
            return says(experiment, "jobs are refused; write the workflow again");
        }
        let was = self.read_from.as_ref()?;
        let is = ReadFrom::now(Path::new(&was.file))?;
        (is != *was).then(|| {
            says(Path::new(&was.file), "jobs are those of the earlier one; write the workflow again")
        })?
    }

    /// That of a run's folder.
    pub fn read(run: &Path) -> Result<Self> {
        let path = run.join(FILE);
        let wrong = |message: String| Error::new(ErrorKind::Config, format!("{}: {message}", path.display()));
        let bytes = regular_file(&path).map_err(|error| {
            wrong(format!(
                "expected the folder of a workflow: write it with `amplicast workflow EXPERIMENT --out DIR` ({error})"
            ))
        })?;
        let asked: Asked = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(format!("{error}; write the workflow again")))?;
        let (rows, sizes) = (asked.jobs.rows.len(), asked.sizes.len());
        if rows != sizes {
            return Err(wrong(format!(
                "expected sizes of {rows} rows, found {sizes}; write the workflow again"
            )));
        }
        if asked.sizes.iter().any(|sizes| sizes.chains_per_call == 0 || sizes.passes_per_call == 0) {
            return Err(wrong("expected at least 1 job per call, found 0".into()));
        }
        if !asked.run.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(wrong(format!(
                "expected a name of letters and digits as `run`, found `{}`",
                asked.run
            )));
        }
        Ok(asked)
    }
}
