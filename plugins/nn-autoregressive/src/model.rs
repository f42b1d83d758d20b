//! The network prepared on a training set, and the gradients of its negative log-likelihood.

use amplicast_nn::{CausalTransformer, Coordinates, Parameter, initial_parameters, layout};
use amplicast_sdk::{
    Batch, Differentiable, Error, EventWeights, Layout, LossKind, Member, Model, Result, Seed,
};

use crate::columns::Columns;
use crate::config::AutoregressiveConfig;
use crate::gradient::Loss;
use crate::member::AutoregressiveMember;
use crate::memory::Pool;
use crate::network::Network;

/// The initial means of the mixtures are spread over +- this, in standard deviations of the training events.
///
/// On the ring (radius 1, standard deviation 0.71) this is +-1.2, just outside the ring. Wider or narrower spreads and
/// narrower initial Gaussians train as fast, but end at a slightly worse loss on fresh events.
const MEAN_SPREAD: f32 = 1.7;

/// A way to compute a loss and its gradient: over lanes, or as a graph on a GPU.
pub type Step = Box<dyn Fn(Loss<'_>) -> Result<f64> + Send + Sync>;

/// An autoregressive network with the constants of its training set.
pub struct AutoregressiveModel {
    /// The network and its coordinates.
    pub network: Network,
    step: Step,
    parameters: Vec<Parameter>,
    layout: Layout,
    /// Memory of gradients.
    pub memories: Pool,
    /// Network coordinates of the training events, n x d.
    training: Vec<f64>,
    weights: EventWeights,
    /// log|dx/d(event)| of each training event, of its generated columns.
    pub log_jacobian: Vec<f64>,
}

impl AutoregressiveModel {
    pub(crate) fn new(
        (config, step): (&AutoregressiveConfig, Step),
        coordinates: Box<dyn Coordinates>,
        columns: Columns,
        training_events: &Batch<'_>,
    ) -> Result<Self> {
        let events = training_events.values;
        let (d, components) = (columns.dimension(), config.components);
        let mut training = vec![0.0; events.nrows() * d];
        let mut log_jacobian = Vec::with_capacity(events.nrows());
        for (row, x) in training.chunks_exact_mut(d).enumerate() {
            let event = events.row(row).to_vec();
            log_jacobian.push(coordinates.forward(&event, x).ok_or_else(|| {
                Error::data(format!("training event {row}: expected finite numbers, found {event:?}"))
            })?);
        }
        let shape = CausalTransformer {
            features: columns.features(),
            positions: d,
            width: config.width,
            heads: config.heads,
            blocks: config.blocks,
            mlp_factor: config.mlp_factor,
            outputs: 3 * components,
        };
        let parameters = shape.parameters(head_bias(components));
        let layout = layout(&parameters);
        let network = Network { shape, columns, coordinates: coordinates.into(), components };
        Ok(AutoregressiveModel {
            network,
            step,
            parameters,
            layout,
            memories: Pool::default(),
            training,
            weights: EventWeights::new(training_events)?,
            log_jacobian,
        })
    }

    /// Network coordinates of training events, one after the other; an error for a row beyond them.
    pub fn rows(&self, rows: &[u64]) -> Result<Vec<f64>> {
        let d = self.network.columns.dimension();
        let mut x = Vec::with_capacity(rows.len() * d);
        for &row in rows {
            let start = row as usize * d;
            let event = self.training.get(start..start + d).ok_or_else(|| {
                let n = self.log_jacobian.len();
                Error::data(format!("expected a row of the {n} training events, found row {row}"))
            })?;
            x.extend_from_slice(event);
        }
        Ok(x)
    }
}

/// Equal weights, means spread evenly, standard deviations 1.
fn head_bias(components: usize) -> Vec<f32> {
    let step = 2.0 * MEAN_SPREAD / components as f32;
    let logits = std::iter::repeat_n(0.0, components);
    let means = (0..components).map(|i| -MEAN_SPREAD + step * (i as f32 + 0.5));
    let log_sigmas = std::iter::repeat_n(0.0, components);
    logits.chain(means).chain(log_sigmas).collect()
}

impl Model for AutoregressiveModel {
    fn layout(&self) -> Layout {
        self.layout.clone()
    }

    fn initial(&self, seed: Seed) -> Result<Vec<f32>> {
        Ok(initial_parameters(&self.parameters, seed))
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        self.layout.check(parameters)?;
        Ok(Box::new(AutoregressiveMember::new(self.network.clone(), &self.layout, parameters)))
    }

    fn gradients(&self) -> Option<&dyn Differentiable> {
        Some(self)
    }
}

/// The loss of Eq. 8, -log p of the events' own numbers, of a conditional one given some of them: in the network's coordinates plus log|dx/d(event)|, so that it
/// compares with the truth's and does not depend on the choice of coordinates.
impl Differentiable for AutoregressiveModel {
    fn loss_kind(&self) -> LossKind {
        LossKind::NegativeLogLikelihood
    }

    fn loss_and_gradient(
        &self,
        parameters: &[f32],
        rows: &[u64],
        weights: Option<&[f64]>,
        _seed: Seed,
        gradient: &mut [f32],
    ) -> Result<f64> {
        self.layout.check(parameters)?;
        let weights = self.weights.shares(rows, weights)?;
        let x = self.rows(rows)?;
        let jacobian: f64 =
            rows.iter().zip(&weights).map(|(&row, w)| w * self.log_jacobian[row as usize]).sum();
        let (network, memories, layout) = (&self.network, &self.memories, &self.layout);
        let loss = Loss { network, memories, layout, parameters, x: &x, weights: &weights, gradient };
        Ok((self.step)(loss)? - jacobian)
    }
}
