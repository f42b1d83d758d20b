//! Uncertainty models: from a model and its training set to a posterior, and from it to members.

use crate::{Component, Context, Diagnostics, Model, Result, Seed, TrainingSettings};

/// What an uncertainty model asks of a generator, before any work starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Requirements {
    /// It needs gradients of the loss.
    pub gradients: bool,
    /// The loss must be a negative log-likelihood.
    pub likelihood: bool,
    /// It needs the model's fit.
    pub fit: bool,
    /// Fewest members that it can give a spread for.
    pub least_members: usize,
    /// Most members that it can give; `None` for no limit. The host asks for no more.
    pub most_members: Option<u64>,
    /// All members are inferred together: a chain depends on their number, and is inferred anew when it changes.
    pub joint: bool,
}

/// Which training events the members were fitted to, on which it depends whether their spread bounds an amplification.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum MembersData {
    /// All to the same events, from different starts: they share the fluctuation of the training set, and their spread shows
    /// that of the training alone. It bounds nothing.
    Same,
    /// Each to as many events, drawn with replacement (bootstrap).
    Bootstrap,
    /// Each to a random half of them: the spread over halves is that over training sets of the whole size.
    Halves,
    /// Each to a part of them that no other one has: the spread over subsets is that over training sets of their size.
    Subsets,
    /// Draws of one posterior over the parameters, inferred from all of them.
    Posterior,
}

impl MembersData {
    /// As it is written in experiments and on the command line.
    pub fn text(self) -> &'static str {
        match self {
            MembersData::Same => "same",
            MembersData::Bootstrap => "bootstrap",
            MembersData::Halves => "halves",
            MembersData::Subsets => "subsets",
            MembersData::Posterior => "posterior",
        }
    }
}

/// Everything that inferring one chain may use.
#[derive(Clone, Copy)]
pub struct Inference<'a> {
    /// Number of the chain.
    pub chain: u64,
    /// The model, prepared on the training set.
    pub model: &'a dyn Model,
    /// How many members will be drawn; known only to a model that infers them together ([`Requirements::joint`]).
    pub members: Option<u64>,
    /// The training events that the chain is fitted to, as rows of those that the model was prepared on, in the order of
    /// [`UncertaintyModel::rows`]; a row may come several times.
    pub rows: &'a [u64],
    /// Events of the whole training set, of which the rows may be a part.
    pub training_rows: u64,
    /// The experiment's training settings.
    pub settings: &'a TrainingSettings,
    /// The chain's own randomness.
    pub seed: Seed,
    /// Progress, cancellation and parallel work.
    pub context: &'a dyn Context,
}

/// What one chain found: named f32 vectors. The host stores it and hands it back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chain {
    /// The vectors, such as `mean` and `log-sigma` of a variational posterior.
    pub vectors: Vec<(String, Vec<f32>)>,
}

impl Chain {
    /// A chain of these vectors.
    pub fn new(vectors: impl IntoIterator<Item = (impl Into<String>, Vec<f32>)>) -> Self {
        Chain { vectors: vectors.into_iter().map(|(name, values)| (name.into(), values)).collect() }
    }

    /// The vector with that name.
    pub fn get(&self, name: &str) -> Result<&[f32]> {
        self.vectors
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, values)| values.as_slice())
            .ok_or_else(|| crate::Error::data(format!("expected a vector `{name}` in the chain, found none")))
    }
}

/// Members drawn from a posterior.
#[derive(Debug, Clone, PartialEq)]
pub struct Members {
    /// A parameter vector each.
    pub parameters: Vec<Vec<f32>>,
    /// How many independent members they are worth; less than their number when draws correlate.
    pub n_effective: f64,
    /// What the posterior says of itself.
    pub diagnostics: Diagnostics,
}

impl Members {
    /// Members that are independent of each other, all fitted to the whole training set.
    pub fn independent(parameters: Vec<Vec<f32>>) -> Self {
        let n_effective = parameters.len() as f64;
        Members { parameters, n_effective, diagnostics: Diagnostics::default() }
    }
}

/// A way to a distribution over the parameters of any model.
pub trait UncertaintyModel: Component {
    /// What it needs of a generator.
    fn requirements(&self) -> Requirements;

    /// What its members are fitted to.
    fn members_data(&self) -> MembersData {
        MembersData::Posterior
    }

    /// How many independent chains `members` members take (ensemble: one a member; variational: one).
    ///
    /// Each chain is a stage of its own: stored, resumable. One whose training diverges is left out, and its share of the
    /// members with it, unless they are inferred together.
    fn chains(&self, members: u64) -> u64;

    /// Refuses a model that its configuration does not fit, such as one without a segment that is named there.
    ///
    /// Asked with a prepared model before anything is trained, so that the user is told at once, and by the field.
    fn check(&self, model: &dyn Model) -> Result<()> {
        let _ = model;
        Ok(())
    }

    /// The rows of the training set that a chain is fitted to, in the order in which it takes them; a row may come several times.
    /// `None`: all of them, once.
    ///
    /// Known before anything is trained, so that the host can compare what a member generates with the events that it saw, and so measure its
    /// bias. Of rows that do not repeat, the host prepares the generator on these events alone: what it chooses from events, such as ranges
    /// or a whitening, is chosen again. A model that names rows of any chain gives one member a chain, in the order of its chains. `seed` is that
    /// of all chains.
    fn rows(&self, chain: u64, members: u64, training_rows: u64, seed: Seed) -> Option<Vec<u64>> {
        let _ = (chain, members, training_rows, seed);
        None
    }

    /// Infers one chain.
    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain>;

    /// Draws `count` members from all chains that did not diverge.
    fn members(&self, chains: &[Chain], count: u64, seed: Seed) -> Result<Members>;
}
