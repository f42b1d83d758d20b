//! Generators: an architecture, the same prepared on a training set, and its members.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::differentiable::{Differentiable, LossKind};
use crate::{Batch, Chunk, Component, Context, Error, Layout, Result, Schema, Seed, TrainingSettings};

/// What a generator can do, asked for before any work starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Abilities {
    /// The loss whose gradients its models offer; `None` without gradients.
    pub gradients: Option<LossKind>,
    /// Whether [`Model::fit`] works (always true with gradients).
    pub fit: bool,
    /// Whether its members have a log density.
    pub log_density: bool,
    /// Whether it brings its own members, so that no posterior is inferred.
    pub own_members: bool,
    /// Whether it can be fitted to events with weights ([`Batch::weights`]): its members draw events that all count alike, as often
    /// as the weights say.
    pub weights: bool,
}

/// An architecture with its configuration.
pub trait Generator: Component {
    /// What its models can do; must agree with them.
    fn abilities(&self) -> Abilities;

    /// Refuses events that the generator cannot learn, before anything runs.
    fn check(&self, _schema: &Schema) -> Result<()> {
        Ok(())
    }

    /// The columns of an event that are given and not generated, in ascending order: those of a conditional generator, which learns
    /// p(x | c). None by default.
    ///
    /// Whoever samples writes them first ([`Member::sample`]); the host draws them of the true events that the model was prepared on
    /// ([`Conditioned`](crate::Conditioned)). At least one column is generated. A conditional generator has no log density, which would
    /// be none of whole events, and brings no members of its own. [`given_columns`](crate::given_columns) reads names of a configuration.
    fn conditions(&self, _schema: &Schema) -> Result<Vec<usize>> {
        Ok(Vec::new())
    }

    /// Fixes what depends on the training set (preprocessing constants) and gives the model of it.
    fn prepare(&self, training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>>;

    /// Files that the generator reads; their contents enter the hash of every stage.
    fn files(&self) -> Vec<std::path::PathBuf> {
        Vec::new()
    }

    /// Name and number of events of each member that it brings, if these are finite and known before anything runs.
    fn own_events(&self) -> Vec<(String, u64)> {
        Vec::new()
    }

    /// What the user should know of how the generator reads its files. Printed as warnings.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A generator prepared on one training set: pure functions of one flat parameter vector.
///
/// Hence every uncertainty model works with every generator that has the abilities it needs.
pub trait Model: Send + Sync {
    /// The segments of the parameter vector.
    fn layout(&self) -> Layout;

    /// Where training starts.
    fn initial(&self, seed: Seed) -> Result<Vec<f32>>;

    /// The generator at these parameters.
    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>>;

    /// The members that the generator brings (sample files, trained networks), as parameter vectors.
    fn own_members(&self) -> Option<Vec<Vec<f32>>> {
        None
    }

    /// Loss and gradients, if the model is differentiable.
    fn gradients(&self) -> Option<&dyn Differentiable> {
        None
    }

    /// Fits the parameters to rows of the training set; a row may occur several times (bootstrap).
    ///
    /// The default is the SDK's optimizer over [`Model::gradients`], with the settings' validation.
    fn fit(
        &self,
        rows: &[u64],
        settings: &TrainingSettings,
        seed: Seed,
        context: &dyn Context,
    ) -> Result<Vec<f32>> {
        let gradients = self
            .gradients()
            .ok_or_else(|| Error::unsupported("the model has neither gradients nor a fit of its own"))?;
        crate::training::fit(gradients, self.initial(seed.split("initial"))?, rows, settings, seed, context)
    }

    /// How many calls may run at once: 1 for a GPU or an external process; `None` for no limit.
    fn max_concurrency(&self) -> Option<usize> {
        None
    }
}

/// The generator at fixed parameters: one draw of a posterior.
pub trait Member: Send + Sync {
    /// Events that it can give; `None` for no end (files are finite).
    fn capacity(&self) -> Option<u64> {
        None
    }

    /// Fills `out` (n x d) with the events `chunk.first_event ..` of the member's stream.
    ///
    /// The columns that [`Generator::conditions`] names hold the given numbers when it is called, and are left as they are: the other
    /// columns of an event follow from them and from the chunk alone.
    fn sample(&self, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()>;

    /// Like [`Member::sample`], with the log density of each event: often nearly free while sampling.
    fn sample_with_log_density(
        &self,
        chunk: Chunk,
        mut out: ArrayViewMut2<'_, f64>,
        log_density: &mut [f64],
    ) -> Result<()> {
        self.sample(chunk, out.view_mut())?;
        self.log_density(out.view(), chunk.seed.split("log-density"), log_density)
    }

    /// Writes the natural logarithm of the density at each event (n x d) to `out` (n).
    fn log_density(&self, _events: ArrayView2<'_, f64>, _seed: Seed, _out: &mut [f64]) -> Result<()> {
        Err(Error::unsupported("this generator has no density"))
    }
}
