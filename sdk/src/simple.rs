//! The short way to a generator: a fit, and one event at a time.

use ndarray::{ArcArray2, ArrayView2, ArrayViewMut2, Axis};

use crate::{
    Abilities, Batch, Chunk, Component, Context, Generator, Layout, Member, Model, Result, Schema, Seed,
    Stream, TrainingSettings, expect_length,
};

/// A generator that is fitted in one step and draws its events one by one.
///
/// Implementing it gives a [`Generator`]: `point` and bootstrap ensembles work with it. Whoever has gradients, files or
/// members to bring, or draws many events faster than one at a time, implements [`Generator`] itself.
///
/// ```
/// use amplicast_sdk::ndarray::{ArrayView2, Axis};
/// use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
/// use amplicast_sdk::*;
///
/// config! { pub struct NoConfig {} }
/// #[derive(Clone)]
/// struct Blob;
///
/// impl Component for Blob {
///     type Config = NoConfig;
///     const NAME: &'static str = "blob";
///     const ABOUT: &'static str = "Independent columns of unit width around the training events' mean";
///     fn new(_: NoConfig) -> Result<Self> { Ok(Blob) }
/// }
/// impl SimpleGenerator for Blob {
///     fn fit(&self, events: ArrayView2<'_, f64>) -> Result<Vec<f32>> {
///         Ok(events.columns().into_iter().map(|x| x.sum() as f32 / x.len() as f32).collect())
///     }
///     fn sample(&self, mean: &[f32], stream: &mut Stream, event: &mut [f64]) {
///         for (x, mean) in event.iter_mut().zip(mean) {
///             let normal: f64 = StandardNormal.sample(stream);
///             *x = f64::from(*mean) + normal;
///         }
///     }
/// }
/// register_generator!(Blob);
/// export_plugin!();
/// # fn main() { testing::check_all(&[]); }
/// ```
pub trait SimpleGenerator: Component + Clone {
    /// Whether [`log_density`](SimpleGenerator::log_density) is there.
    const LOG_DENSITY: bool = false;

    /// The parameters from events (n x d, n at least 1); as many for any events of the same d.
    fn fit(&self, events: ArrayView2<'_, f64>) -> Result<Vec<f32>>;

    /// Draws one event: writes all of its d numbers, which are NaN before.
    fn sample(&self, parameters: &[f32], stream: &mut Stream, event: &mut [f64]);

    /// The natural logarithm of the density at an event.
    fn log_density(&self, _parameters: &[f32], _event: &[f64]) -> f64 {
        f64::NEG_INFINITY
    }
}

impl<G: SimpleGenerator> Generator for G {
    fn abilities(&self) -> Abilities {
        Abilities { fit: true, log_density: G::LOG_DENSITY, ..Abilities::default() }
    }

    fn prepare(&self, training: &Batch<'_>, _schema: &Schema) -> Result<Box<dyn Model>> {
        let fitted = SimpleGenerator::fit(self, training.values)?;
        Ok(Box::new(SimpleModel { generator: self.clone(), training: training.values.to_shared(), fitted }))
    }
}

struct SimpleModel<G> {
    generator: G,
    training: ArcArray2<f64>,
    /// Fitted to all training events.
    fitted: Vec<f32>,
}

impl<G: SimpleGenerator> Model for SimpleModel<G> {
    fn layout(&self) -> Layout {
        Layout::new([("parameters", vec![self.fitted.len()])])
    }

    fn initial(&self, _seed: Seed) -> Result<Vec<f32>> {
        Ok(self.fitted.clone())
    }

    fn fit(&self, rows: &[u64], _: &TrainingSettings, _: Seed, _: &dyn Context) -> Result<Vec<f32>> {
        let rows: Vec<usize> = rows.iter().map(|&row| row as usize).collect();
        self.generator.fit(self.training.select(Axis(0), &rows).view())
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        expect_length("parameters", self.fitted.len(), parameters.len())?;
        Ok(Box::new(SimpleMember { generator: self.generator.clone(), parameters: parameters.to_vec() }))
    }
}

struct SimpleMember<G> {
    generator: G,
    parameters: Vec<f32>,
}

impl<G: SimpleGenerator> Member for SimpleMember<G> {
    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let mut stream = chunk.seed.stream();
        let mut event = vec![f64::NAN; out.ncols()];
        for mut row in out.rows_mut() {
            // A number that is not written must not be the one of the event before.
            event.fill(f64::NAN);
            self.generator.sample(&self.parameters, &mut stream, &mut event);
            row.iter_mut().zip(&event).for_each(|(x, value)| *x = *value);
        }
        Ok(())
    }

    fn log_density(&self, events: ArrayView2<'_, f64>, _seed: Seed, out: &mut [f64]) -> Result<()> {
        if !G::LOG_DENSITY {
            return Err(crate::Error::unsupported("this generator has no density"));
        }
        let mut event = vec![0.0; events.ncols()];
        for (row, density) in events.rows().into_iter().zip(out) {
            event.iter_mut().zip(row).for_each(|(x, value)| *x = *value);
            *density = self.generator.log_density(&self.parameters, &event);
        }
        Ok(())
    }
}
