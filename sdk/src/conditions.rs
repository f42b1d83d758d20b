//! Conditional generators: which columns of an event are given, and what they are given as.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use rand::RngExt;
use rand_distr::Distribution;
use rand_distr::weighted::WeightedAliasIndex;

use crate::{
    Batch, Chunk, Context, Differentiable, Error, EventWeights, Layout, Member, Model, Result, Schema, Seed,
    TrainingSettings, ensure_config,
};

/// The columns that these names stand for, in their order in an event: those of columns, or of particles with their four columns each.
///
/// The names are those of the field `condition` of a configuration; errors are at its entries. No names are no columns. Refused are
/// names that are not in the schema, columns that are named twice, and conditions that leave nothing to generate.
///
/// ```
/// use amplicast_sdk::{Schema, given_columns};
/// let names = |list: &[&str]| list.iter().map(|name| name.to_string()).collect::<Vec<_>>();
/// let schema = Schema::four_momenta(["parton", "jet"]);
/// assert_eq!(given_columns(&names(&["parton"]), &schema)?, [0, 1, 2, 3]);
/// assert_eq!(given_columns(&names(&["jet.E", "parton.E"]), &schema)?, [0, 4]);
/// let error = given_columns(&names(&["parton", "lepton"]), &schema).unwrap_err();
/// assert_eq!(error.to_string(), "condition[1]: expected one of parton, jet, or one of their columns, found `lepton`");
/// # Ok::<(), amplicast_sdk::Error>(())
/// ```
pub fn given_columns(names: &[String], schema: &Schema) -> Result<Vec<usize>> {
    let mut given = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let field = format!("condition[{i}]");
        let column = schema.column_names().iter().position(|column| column == name);
        let particle = schema.particles().iter().position(|particle| particle == name);
        let columns = match (particle, column) {
            (Some(particle), _) => 4 * particle..4 * particle + 4,
            (None, Some(column)) => column..column + 1,
            (None, None) => {
                let (known, or) = match schema.particles() {
                    [] => (schema.column_names(), ""),
                    particles => (particles, ", or one of their columns"),
                };
                let message = format!("expected one of {}{or}, found `{name}`", known.join(", "));
                return Err(Error::config(field, message));
            }
        };
        ensure_config(!columns.clone().any(|column| given.contains(&column)), &field, || {
            format!("expected each column once, found `{name}` again")
        })?;
        given.extend(columns);
    }
    ensure_config(given.is_empty() || given.len() < schema.dimension(), "condition", || {
        format!("expected a column that is generated, found all {} of them given", schema.dimension())
    })?;
    given.sort_unstable();
    Ok(given)
}

/// The given columns of true events, of which conditions are drawn at random with replacement, in proportion to event weights.
///
/// So conditions of a chunk depend on its seed alone, and generated events count alike and are independent: how the given columns of
/// a training set fluctuate is a part of how it fluctuates.
struct Conditions {
    /// Which columns these are.
    columns: Vec<usize>,
    /// n x columns.
    values: Array2<f64>,
    /// A table for drawing events with weights.
    weighted: Option<WeightedAliasIndex<f64>>,
}

impl Conditions {
    fn new(events: &Batch<'_>, columns: &[usize]) -> Result<Self> {
        let n = events.values.nrows();
        if n == 0 {
            return Err(Error::data("expected events to draw conditions of, found none"));
        }
        let weights = EventWeights::new(events)?.expect_positive("a conditional generator")?;
        let table = |weights: &EventWeights| {
            WeightedAliasIndex::new((0..n as u64).map(|row| weights.of(row)).collect())
                .map_err(|error| Error::data(format!("expected event weights to draw by: {error}")))
        };
        let weighted = (!weights.are_equal()).then(|| table(&weights)).transpose()?;
        let values = events.values.select(Axis(1), columns);
        Ok(Conditions { columns: columns.to_vec(), values, weighted })
    }

    /// Writes conditions to the given columns of `out`, n x d.
    fn draw(&self, seed: Seed, mut out: ArrayViewMut2<'_, f64>) {
        let mut stream = seed.split("conditions").stream();
        for mut event in out.rows_mut() {
            let row = match &self.weighted {
                None => stream.random_range(0..self.values.nrows()),
                Some(table) => table.sample(&mut stream),
            };
            for (&column, x) in self.columns.iter().zip(self.values.row(row)) {
                event[column] = *x;
            }
        }
    }
}

/// A model whose members draw their own conditions, of the given columns of true events; any model, if no columns are given.
///
/// A conditional generator's member finds the given columns of each event written ([`Member::sample`]). This is who writes them.
pub struct Conditioned<M> {
    model: M,
    conditions: Option<Arc<Conditions>>,
}

impl<M: Model> Conditioned<M> {
    /// The model with the columns `given` ([`crate::Generator::conditions`]) drawn of these events; refuses events with negative weights
    /// unless there are no such columns.
    pub fn new(model: M, given: &[usize], events: &Batch<'_>) -> Result<Self> {
        let conditions = (!given.is_empty()).then(|| Conditions::new(events, given)).transpose()?;
        Ok(Conditioned { model, conditions: conditions.map(Arc::new) })
    }
}

impl<M: Model> Model for Conditioned<M> {
    fn layout(&self) -> Layout {
        self.model.layout()
    }

    fn initial(&self, seed: Seed) -> Result<Vec<f32>> {
        self.model.initial(seed)
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        let member = self.model.at(parameters)?;
        Ok(match &self.conditions {
            None => member,
            Some(conditions) => Box::new(ConditionedMember { member, conditions: Arc::clone(conditions) }),
        })
    }

    fn own_members(&self) -> Option<Vec<Vec<f32>>> {
        self.model.own_members()
    }

    fn gradients(&self) -> Option<&dyn Differentiable> {
        self.model.gradients()
    }

    fn fit(
        &self,
        rows: &[u64],
        settings: &TrainingSettings,
        seed: Seed,
        context: &dyn Context,
    ) -> Result<Vec<f32>> {
        self.model.fit(rows, settings, seed, context)
    }

    fn max_concurrency(&self) -> Option<usize> {
        self.model.max_concurrency()
    }
}

struct ConditionedMember {
    member: Box<dyn Member>,
    conditions: Arc<Conditions>,
}

impl Member for ConditionedMember {
    fn capacity(&self) -> Option<u64> {
        self.member.capacity()
    }

    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        self.conditions.draw(chunk.seed, out.view_mut());
        self.member.sample(chunk, out)
    }

    fn sample_with_log_density(
        &self,
        chunk: Chunk,
        mut out: ArrayViewMut2<'_, f64>,
        log_density: &mut [f64],
    ) -> Result<()> {
        self.conditions.draw(chunk.seed, out.view_mut());
        self.member.sample_with_log_density(chunk, out, log_density)
    }

    fn log_density(&self, events: ArrayView2<'_, f64>, seed: Seed, out: &mut [f64]) -> Result<()> {
        self.member.log_density(events, seed, out)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::Origin;

    /// Copies its first column to its second.
    struct Copying;

    impl Model for Copying {
        fn layout(&self) -> Layout {
            Layout::default()
        }
        fn initial(&self, _: Seed) -> Result<Vec<f32>> {
            Ok(Vec::new())
        }
        fn at(&self, _: &[f32]) -> Result<Box<dyn Member>> {
            Ok(Box::new(Copying))
        }
    }

    impl Member for Copying {
        fn sample(&self, _: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
            out.rows_mut().into_iter().for_each(|mut event| event[1] = event[0]);
            Ok(())
        }
    }

    const EVENTS: usize = 100_000;

    fn drawn(weights: Option<&[f64]>, seed: Seed, n: usize) -> Result<Array2<f64>> {
        let events = array![[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]];
        let batch = Batch { weights, ..Batch::new(events.view(), Origin::Training, &[0, 1, 2]) };
        let mut out = Array2::from_elem((n, 2), f64::NAN);
        let member = Conditioned::new(Copying, &[0], &batch)?.at(&[])?;
        member.sample(Chunk { index: 0, first_event: 0, seed }, out.view_mut())?;
        Ok(out)
    }

    /// Each event as often as its weight says, and the member sees what was drawn.
    #[test]
    fn conditions_are_drawn_in_proportion_to_weights() {
        for (weights, expected) in [(None, [1.0 / 3.0; 3]), (Some(&[3.0, 0.0, 1.0][..]), [0.75, 0.0, 0.25])] {
            let out = drawn(weights, Seed::new(1), EVENTS).unwrap();
            assert_eq!(out.column(0), out.column(1));
            for (x, p) in [1.0, 2.0, 4.0].into_iter().zip(expected) {
                let part = out.column(0).iter().filter(|y| **y == x).count() as f64 / EVENTS as f64;
                // Five standard errors.
                let most = 5.0 * (p * (1.0 - p) / EVENTS as f64).sqrt();
                assert!((part - p).abs() <= most, "{x}: {part}, expected {p} +- {most}");
            }
        }
    }

    #[test]
    fn a_chunk_has_the_conditions_of_its_seed() {
        let out = drawn(None, Seed::new(1), 50).unwrap();
        assert_eq!(out, drawn(None, Seed::new(1), 50).unwrap());
        assert_ne!(out, drawn(None, Seed::new(2), 50).unwrap());
        // However many are asked for.
        assert_eq!(out.slice(ndarray::s![..20, ..]), drawn(None, Seed::new(1), 20).unwrap());
    }

    #[test]
    fn refusals() {
        let error = drawn(Some(&[3.0, -1.0, 1.0]), Seed::new(1), 1).unwrap_err().to_string();
        assert_eq!(
            error,
            "a conditional generator: expected weights of 0 or more, found 1 negative ones of 3"
        );
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_string()).collect::<Vec<_>>();
        let schema = Schema::columns(["a", "b", "c"]);
        let of = |list: &[&str]| given_columns(&names(list), &schema);
        assert_eq!(of(&[]).unwrap(), [0; 0]);
        assert_eq!(of(&["c", "a"]).unwrap(), [0, 2]);
        let refused = |list: &[&str]| of(list).unwrap_err().to_string();
        assert_eq!(refused(&["a", "d"]), "condition[1]: expected one of a, b, c, found `d`");
        assert_eq!(refused(&["a", "a"]), "condition[1]: expected each column once, found `a` again");
        assert_eq!(
            refused(&["a", "b", "c"]),
            "condition: expected a column that is generated, found all 3 of them given"
        );
    }
}
