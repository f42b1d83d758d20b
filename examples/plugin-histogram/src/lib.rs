//! A generator that knows nothing of correlations: the product of one histogram per column.

use amplicast_sdk::ndarray::{ArcArray2, Array1, Array2, ArrayView2, ArrayViewMut2, Axis};
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::*;

config! { pub struct HistogramConfig {
    /// Bins of each column, between the least and the greatest training event.
    pub bins: usize = 20,
} }
struct Histogram(usize);

impl Component for Histogram {
    type Config = HistogramConfig;
    const NAME: &'static str = "histogram";
    const ABOUT: &'static str = "The product of one histogram per column";
    fn new(config: HistogramConfig) -> Result<Self> {
        ensure_config(config.bins > 0, "bins", || "expected at least 1, found 0".into())?;
        Ok(Histogram(config.bins))
    }
}

impl Generator for Histogram {
    fn abilities(&self) -> Abilities {
        Abilities { fit: true, log_density: true, ..Abilities::default() }
    }
    fn prepare(&self, training: &Batch<'_>, _: &Schema) -> Result<Box<dyn Model>> {
        let events = training.values.to_shared();
        let low = events.fold_axis(Axis(0), f64::INFINITY, |a, x| a.min(*x));
        let high = events.fold_axis(Axis(0), f64::NEG_INFINITY, |a, x| a.max(*x));
        let width = (high - &low) / self.0 as f64;
        let probability = Array2::zeros((events.ncols(), self.0));
        Ok(Box::new(Fitted { events, low, width, probability }))
    }
}

/// The model and, with its bins' probabilities (d x bins) set, a member.
#[derive(Clone)]
struct Fitted {
    events: ArcArray2<f64>,
    low: Array1<f64>,
    width: Array1<f64>,
    probability: Array2<f32>,
}

impl Fitted {
    /// The bin of `x` in column `k`; `None` outside the histogram.
    fn bin(&self, k: usize, x: f64) -> Option<usize> {
        let (place, bins) = ((x - self.low[k]) / self.width[k], self.probability.ncols());
        (0.0..=bins as f64).contains(&place).then(|| (place as usize).min(bins - 1))
    }
}

impl Model for Fitted {
    fn layout(&self) -> Layout {
        Layout::new([("probability", self.probability.shape().to_vec())])
    }
    fn initial(&self, _: Seed) -> Result<Vec<f32>> {
        Ok(vec![1.0 / self.probability.ncols() as f32; self.probability.len()])
    }
    fn fit(&self, rows: &[u64], _: &TrainingSettings, _: Seed, _: &dyn Context) -> Result<Vec<f32>> {
        let mut counts = Array2::<f32>::zeros(self.probability.dim());
        for row in rows {
            for (k, x) in self.events.row(*row as usize).indexed_iter() {
                self.bin(k, *x).into_iter().for_each(|bin| counts[[k, bin]] += 1.0);
            }
        }
        Ok(counts.iter().map(|count| count / rows.len() as f32).collect())
    }
    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        let mut member = self.clone();
        member.probability.iter_mut().zip(parameters).for_each(|(p, value)| *p = *value);
        Ok(Box::new(member))
    }
}

impl Member for Fitted {
    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let mut stream = chunk.seed.stream();
        for ((_, k), x) in out.indexed_iter_mut() {
            let mut left: f32 = stream.random();
            let mut bins = self.probability.row(k).into_iter();
            let bin = bins.position(|p| {
                left -= p;
                left < 0.0
            });
            let bin = bin.unwrap_or(self.probability.ncols() - 1) as f64;
            *x = self.low[k] + (bin + stream.random::<f64>()) * self.width[k];
        }
        Ok(())
    }
    fn log_density(&self, events: ArrayView2<'_, f64>, _: Seed, out: &mut [f64]) -> Result<()> {
        let one = |(k, x): (usize, &f64)| match self.bin(k, *x) {
            Some(bin) => (f64::from(self.probability[[k, bin]]) / self.width[k]).ln(),
            None => f64::NEG_INFINITY,
        };
        events.rows().into_iter().zip(out).for_each(|(event, y)| *y = event.indexed_iter().map(one).sum());
        Ok(())
    }
}

register_generator!(Histogram);
export_plugin!();

/// `cargo test` runs the conformance suite on every component of this library.
#[test]
fn conforms() {
    amplicast_sdk::testing::check_all(&[("histogram", r#"{"bins": 5}"#)]);
}
