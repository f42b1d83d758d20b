//! For tests: a Gaussian of known width 1 with a fitted mean, whose exact posterior is known.

use amplicast_sdk::ndarray::{Array2, ArrayViewMut2};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::*;

/// x ~ N(mean, 1); with the prior N(0, p^2) on the mean its posterior is N(n xbar / (n + 1/p^2), 1 / (n + 1/p^2)).
pub struct GaussianModel {
    pub events: Array2<f64>,
    pub loss_kind: LossKind,
    /// How many concurrent calls it allows.
    pub calls: Option<usize>,
}

impl GaussianModel {
    /// `n` events around 0.3, 0.6, 0.9 ...
    pub fn new(n: usize, dimension: usize, seed: u64) -> Self {
        let mut stream = Seed::new(seed).stream();
        let event = |(_, k)| -> f64 {
            let z: f64 = StandardNormal.sample(&mut stream);
            0.3 * (k + 1) as f64 + z
        };
        let events = Array2::from_shape_fn((n, dimension), event);
        GaussianModel { events, loss_kind: LossKind::NegativeLogLikelihood, calls: None }
    }

    /// The mean of the rows.
    pub fn mean(&self, rows: &[u64]) -> Vec<f64> {
        let sum = |k| rows.iter().map(|&row| self.events[[row as usize, k]]).sum::<f64>();
        (0..self.events.ncols()).map(|k| sum(k) / rows.len() as f64).collect()
    }
}

impl Model for GaussianModel {
    /// `head` is the first column's mean, `body` the others'.
    fn layout(&self) -> Layout {
        Layout::new([("head", vec![1]), ("body", vec![self.events.ncols() - 1])])
    }

    fn initial(&self, _seed: Seed) -> Result<Vec<f32>> {
        Ok(vec![0.0; self.events.ncols()])
    }

    fn at(&self, _parameters: &[f32]) -> Result<Box<dyn Member>> {
        struct Nothing;
        impl Member for Nothing {
            fn sample(&self, _chunk: Chunk, _out: ArrayViewMut2<'_, f64>) -> Result<()> {
                Ok(())
            }
        }
        Ok(Box::new(Nothing))
    }

    fn gradients(&self) -> Option<&dyn Differentiable> {
        Some(self)
    }

    fn fit(&self, rows: &[u64], _: &TrainingSettings, _: Seed, _: &dyn Context) -> Result<Vec<f32>> {
        Ok(self.mean(rows).iter().map(|&m| m as f32).collect())
    }

    fn max_concurrency(&self) -> Option<usize> {
        self.calls
    }
}

impl Differentiable for GaussianModel {
    fn loss_kind(&self) -> LossKind {
        self.loss_kind
    }

    fn loss_and_gradient(
        &self,
        parameters: &[f32],
        rows: &[u64],
        _weights: Option<&[f64]>,
        _seed: Seed,
        gradient: &mut [f32],
    ) -> Result<f64> {
        let mut loss = 0.0;
        for (k, mean) in self.mean(rows).into_iter().enumerate() {
            let difference = f64::from(parameters[k]) - mean;
            gradient[k] = difference as f32;
            loss += 0.5 * difference * difference;
        }
        Ok(loss)
    }
}

/// One chain of an uncertainty model over this model.
pub fn infer(
    uncertainty: &impl UncertaintyModel,
    model: &GaussianModel,
    settings: &TrainingSettings,
    chain: u64,
) -> Result<Chain> {
    infer_members(uncertainty, model, settings, chain, None)
}

/// One chain of a model that knows the number of members.
pub fn infer_members(
    uncertainty: &impl UncertaintyModel,
    model: &GaussianModel,
    settings: &TrainingSettings,
    chain: u64,
    members: Option<u64>,
) -> Result<Chain> {
    let n = model.events.nrows() as u64;
    let rows = uncertainty.rows(chain, members.unwrap_or(100), n, Seed::new(17));
    uncertainty.infer_chain(&Inference {
        chain,
        model,
        members,
        rows: &rows.unwrap_or_else(|| (0..n).collect()),
        training_rows: n,
        settings,
        seed: Seed::new(17).index(chain),
        context: &Alone,
    })
}
