//! A generator that sees one training set, with the uncertainty model that makes members of it.

use amplicast_sdk::abi::LoadedGenerator;
use amplicast_sdk::ndarray::Axis;
use amplicast_sdk::{Batch, Conditioned, Model, Result, Seed};
use serde_json::Value;

use super::members::alone;
use crate::config::{Experiment, GIVEN};
use crate::pipeline::plan::{Components, Made, Row, Setting};
use crate::pipeline::stage::identity::Trained;
use crate::session::Session;
use crate::store::Store;
use crate::terminal::one_line;

/// What training works on.
pub struct Training<'a> {
    /// The process.
    pub session: &'a Session,
    /// Where chains are stored.
    pub store: &'a Store,
    /// The experiment.
    pub experiment: &'a Experiment,
    /// Its components.
    pub components: &'a Components,
    /// The generator and the uncertainty model.
    pub row: Row,
    /// Number of the training set.
    pub number: u64,
    /// The training events that the generator sees.
    pub seen: Batch<'a>,
    /// What they depend on.
    pub data: &'a Value,
    /// `generator / posterior`, for progress and errors.
    pub name: String,
    /// Randomness of this generator and uncertainty model on this training set, by the names of their seeds: `given` for members that
    /// the generator brings.
    pub seed: Seed,
}

impl<'a> Training<'a> {
    /// A row on the training set with number `number`: the events that generators see of it, and what they depend on.
    pub fn new(setting: &Setting<'a>, row: Row, number: u64, seen: Batch<'a>, data: &'a Value) -> Self {
        let Setting { session, store, experiment, components, .. } = *setting;
        let generator = &components.generators[row.generator];
        let (name, seed_name) = match row.uncertainty.map(|u| &components.uncertainties[u]) {
            Some(uncertainty) => (uncertainty.name.as_str(), uncertainty.seed_name.as_str()),
            None => (GIVEN, GIVEN),
        };
        let name = one_line(&format!("{} / {name}", generator.name));
        let seed = Seed::new(experiment.experiment.seed).split("pair").split(&generator.seed_name);
        let seed = seed.split(seed_name).index(number);
        Training { session, store, experiment, components, row, number, seen, data, name, seed }
    }

    /// The generator.
    pub fn generator(&self) -> &'a Made<LoadedGenerator> {
        &self.components.generators[self.row.generator]
    }

    /// What everything that follows depends on.
    pub fn trained(&self) -> Trained<'a> {
        Trained { generator: &self.generator().identity, data: self.data }
    }

    /// Whether its events are conditional on some of their columns.
    pub fn is_conditional(&self) -> Result<bool> {
        let loaded = self.generator().component.as_ref().map_err(Clone::clone)?;
        Ok(!loaded.conditions(&self.components.schema)?.is_empty())
    }

    /// The generator, prepared on the events that it sees.
    pub fn model(&self) -> Result<Box<dyn Model>> {
        self.prepared(&self.seen, &self.seen)
    }

    /// The generator, prepared on these rows of them alone, of which conditions are drawn as well; where rows repeat, conditions alone are
    /// drawn of these.
    pub fn model_of(&self, rows: &[u64]) -> Result<Box<dyn Model>> {
        let places: Vec<usize> = rows.iter().map(|row| *row as usize).collect();
        let events = self.seen.values.select(Axis(0), &places);
        let numbers: Vec<u64> = (0..rows.len() as u64).collect();
        let weights =
            self.seen.weights.map(|weights| places.iter().map(|row| weights[*row]).collect::<Vec<f64>>());
        let batch = Batch::new(events.view(), self.seen.origin, &numbers);
        let own = Batch { weights: weights.as_deref(), ..batch };
        if alone(rows) { self.prepared(&own, &own) } else { self.prepared(&self.seen, &own) }
    }

    /// The generator prepared on events, whose conditions, if it has any, are drawn of `conditions`.
    fn prepared(&self, events: &Batch<'_>, conditions: &Batch<'_>) -> Result<Box<dyn Model>> {
        let loaded = self.generator().component.as_ref().map_err(Clone::clone)?;
        let schema = &self.components.schema;
        let prepare =
            || Conditioned::new(loaded.prepare(events, schema)?, &loaded.conditions(schema)?, conditions);
        Ok(Box::new(self.session.attempt(&format!("{}: prepare", self.name), prepare)?))
    }
}
