//! The dataset `trained-model`: a member of an earlier run serves as the truth (parametric bootstrap), so that an estimate on
//! real data can be calibrated.
//!
//! It belongs to the host and to no plugin: it needs a run's folder, and whatever plugins that run used.

use std::path::Path;
use std::sync::Arc;

use amplicast_sdk::ndarray::{ArrayView2, ArrayViewMut2};
use amplicast_sdk::{
    Chunk, Density, Error, ErrorKind, InputPath, Member, Result, Schema, Seed, Split, config, read_config,
};
use serde_json::Value;

use super::training::Training;
use crate::config::{ComponentTable, ConfigError, Experiment, Source, path_from};
use crate::pipeline::events::training_set;
use crate::pipeline::plan::{Components, Made, Plan, Row, Setting, TrueSource, refused};
use crate::pipeline::stage::at_once;
use crate::session::Session;
use crate::store::Store;

/// Its name in an experiment file.
pub const NAME: &str = "trained-model";
/// What it is.
pub const ABOUT: &str =
    "A member of an earlier run as the truth: a parametric bootstrap where no truth is known";

config! {
    /// A member of an earlier run as the truth.
    pub struct TrainedModelConfig {
        /// The folder of the run.
        pub run: InputPath,
        /// Name of the generator's table; the first one by default.
        pub generator: Option<String>,
        /// Name of the uncertainty model's table; the first one by default.
        pub uncertainty: Option<String>,
        /// Number of the member; 1 by default.
        pub member: Option<u64>,
        /// Number of the training set that it was trained on; 1 by default.
        pub training_set: Option<u64>,
    }
}

/// A member of an earlier run.
pub struct TrainedModel {
    member: Arc<dyn Member>,
    schema: Schema,
    has_density: bool,
    /// `generator / posterior`.
    pub name: String,
    /// How many chunks may be drawn at once.
    pub at_once: usize,
    /// What its events depend on.
    pub identity: Value,
}

impl TrainedModel {
    /// Opens the run; nothing is trained.
    pub fn open(session: &Session, config: &TrainedModelConfig) -> Result<Self> {
        // What is wrong with the configuration is at a field of it.
        open(session, config, &config.run).map_err(|e| match e.kind() {
            ErrorKind::Config => e,
            _ => e.at(format!("run {}", config.run.display())),
        })
    }
}

fn open(session: &Session, config: &TrainedModelConfig, run: &Path) -> Result<TrainedModel> {
    let file = run.join("experiment.toml");
    if !file.exists() {
        return Err(Error::config(
            "run",
            format!("expected the folder of a run, found no {}", file.display()),
        ));
    }
    let source = Source::read(&file)?;
    let mut experiment = Experiment::read(&source)?;
    let components = Components::make(session, &source, &mut experiment, &own_dataset)?;
    let at = |kind: &str, tables: &[ComponentTable], wanted: &Option<String>| match wanted {
        None => Ok(0),
        Some(name) => tables.iter().position(|t| t.name == *name).ok_or_else(|| {
            let names: Vec<&str> = tables.iter().map(|t| t.name.as_str()).collect();
            Error::config(kind, format!("expected one of {}, found `{name}`", names.join(", ")))
        }),
    };
    let generator = at("generator", &experiment.generator, &config.generator)?;
    let uncertainty = at("uncertainty", &experiment.uncertainty, &config.uncertainty)?;
    let sizes = &experiment.experiment;
    let number = |field: &str, given: Option<u64>, most: u64| match given.unwrap_or(1) {
        n if (1..=most).contains(&n) => Ok(n - 1),
        n => Err(Error::config(field, format!("expected 1 to {most}, found {n}"))),
    };
    let member = number("member", config.member, sizes.members)?;
    let set = number("training_set", config.training_set, sizes.training_sets)?;
    let made = &components.generators[generator];
    let loaded = made.component.as_ref().map_err(Clone::clone)?;
    let (events, data_identity) = training_set(session, &experiment, &components, set)?;
    let store = Store::reading(&run.join("stages"));
    let row = Row { generator, uncertainty: (!loaded.abilities().own_members).then_some(uncertainty) };
    let nothing = Plan { cells: Vec::new() };
    let setting =
        Setting { session, store: &store, experiment: &experiment, components: &components, plan: &nothing };
    let training = Training::new(&setting, row, set, events.seen(), &data_identity);
    let posterior = training.stored_posterior()?;
    let all = posterior.members.parameters.len() as u64;
    if member >= all {
        return Err(Error::config("member", format!("expected 1 to {all}, found {}", member + 1)));
    }
    let found = posterior.member(member, &|rows| training.model_of(rows))?;
    if let Some(events) = found.capacity() {
        return Err(Error::unsupported(format!(
            "expected a generator that samples without end, found `{}` with {events} events",
            made.name
        )));
    }
    Ok(TrainedModel {
        member: found,
        has_density: loaded.abilities().log_density,
        at_once: at_once(&*posterior.model),
        identity: training.trained().as_dataset(NAME, &posterior.hash(member)),
        name: training.name.clone(),
        schema: components.schema,
    })
}

/// The dataset of a table that names it.
pub fn own_dataset(
    session: &Session,
    source: &Source,
    table: &mut ComponentTable,
    folder: &Path,
) -> Result<Option<Made<Box<dyn TrueSource>>>, ConfigError> {
    if table.plugin != NAME {
        return Ok(None);
    }
    let wrong = |error: Error| refused(source, &table.path, &error);
    let text = Value::Object(table.config.clone()).to_string();
    let mut config: TrainedModelConfig = read_config(&text).map_err(wrong)?;
    if let Ok(Value::Object(map)) = serde_json::to_value(&config) {
        table.config = map;
    }
    config.run = path_from(folder, &config.run).map_err(|e| wrong(e.at("run")))?.into();
    let model = TrainedModel::open(session, &config).map_err(wrong)?;
    Ok(Some(Made {
        name: table.name.clone(),
        plugin: table.plugin.clone(),
        seed_name: table.plugin.clone(),
        path: table.path.clone(),
        identity: model.identity.clone(),
        component: Ok(Box::new(model)),
    }))
}

impl TrueSource for TrainedModel {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn capacity(&self, _split: Split) -> Result<Option<u64>> {
        Ok(None)
    }

    fn read(&self, _split: Split, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()> {
        self.member.sample(chunk, out)
    }

    fn density(&self) -> Option<&dyn Density> {
        self.has_density.then_some(self)
    }

    fn quantile(&self, _summary: &str, _probability: f64) -> Result<Option<f64>> {
        Ok(None)
    }
}

impl Density for TrainedModel {
    fn log_density(&self, events: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
        // A density with randomness of its own (an estimated trace) should be one function here.
        self.member.log_density(events, Seed::new(0).split(NAME), out)
    }
}
