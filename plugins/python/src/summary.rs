//! The summary `python`.

use std::path::PathBuf;
use std::sync::Arc;

use amplicast_sdk::ndarray::Axis;
use amplicast_sdk::serde_json::{self, Value, json};
use amplicast_sdk::*;

use crate::config::class_config;
use crate::door::Door;
use crate::wire::Array;

class_config! {
    /// A summary of your own as a Python class.
    PythonSummaryConfig,
    "A class of it with a method `evaluate`, and perhaps `names`, `prepare` and `defined`.",
    &["evaluate"], &["prepare", "defined"], {}
}

/// Events of one call.
const EVENTS: usize = 1 << 14;

/// A Python class that makes numbers of an event.
#[derive(Clone)]
pub struct PythonSummary {
    door: Arc<Door>,
    label: String,
}

impl Component for PythonSummary {
    type Config = PythonSummaryConfig;
    const NAME: &'static str = "python";
    const ABOUT: &'static str = "A summary of your own as a Python class, in your own interpreter";

    fn new(config: PythonSummaryConfig) -> Result<Self> {
        let (label, door) = (label(&config), Door::open(config.script())?);
        Ok(PythonSummary { door: Arc::new(door), label })
    }
}

/// `python:FILE,CLASS`, and what is not as usual: the interpreter, and the settings as JSON.
fn label(config: &PythonSummaryConfig) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let file = config.file.strip_prefix(&here).unwrap_or(&config.file).display().to_string();
    let mut parts = vec![file, config.class.clone()];
    if config.python != PythonSummaryConfig::default().python || !config.settings.is_empty() {
        parts.push(config.python.clone());
    }
    if !config.settings.is_empty() {
        parts.push(Value::Object(config.settings.clone()).to_string());
    }
    format!("python:{}", parts.join(","))
}

impl SummaryStatistic for PythonSummary {
    fn label(&self) -> String {
        self.label.clone()
    }

    fn axis(&self) -> String {
        self.door.about.names.join(", ")
    }

    fn numbers(&self, _schema: &Schema) -> Vec<String> {
        self.door.about.names.clone()
    }

    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        let [file, class, rest @ ..] = arguments else { return None };
        let mut config = json!({"file": file, "class": class});
        if let [python, settings @ ..] = rest {
            config["python"] = (*python).into();
            if !settings.is_empty() {
                config["settings"] = serde_json::from_str(&settings.join(",")).ok()?;
            }
        }
        Some(config.to_string())
    }

    fn files(&self) -> Vec<PathBuf> {
        self.door.about.files.clone()
    }

    fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>> {
        if self.door.about.has("prepare") {
            let (columns, particles) = (schema.column_names(), schema.particles());
            let message = json!({"call": "prepare", "columns": columns, "particles": particles});
            self.door.enter(None)?.call(message, &[], &mut [], None)?;
        }
        Ok(Box::new(self.clone()))
    }
}

impl Summary for PythonSummary {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        let width = self.door.about.names.len();
        let mut visit = self.door.enter(None)?;
        let parts = batch.values.axis_chunks_iter(Axis(0), EVENTS).zip(out.chunks_mut(EVENTS * width));
        for (events, out) in parts {
            visit.call(json!({"call": "evaluate", "width": width}), &[Array::events(events)], out, None)?;
        }
        Ok(())
    }

    fn defined(&self, batch: &Batch<'_>) -> Result<Option<Vec<bool>>> {
        if !self.door.about.has("defined") {
            return Ok(None);
        }
        let (mut visit, mut defined) = (self.door.enter(None)?, Vec::new());
        for events in batch.values.axis_chunks_iter(Axis(0), EVENTS) {
            let answer = visit.call(json!({"call": "defined"}), &[Array::events(events)], &mut [], None)?;
            defined.extend(answer.bytes.iter().map(|byte| *byte != 0));
        }
        Ok(Some(defined))
    }
}

register_summary!(PythonSummary);
