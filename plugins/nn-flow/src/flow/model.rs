//! A flow prepared on training events.

use std::sync::Arc;

use amplicast_nn::{Parameter, initial_parameters, layout};
use amplicast_sdk::{
    Batch, Differentiable, Error, EventWeights, Layout, LossKind, Member, Model, Result, Seed,
};

use super::config::FlowConfig;
use super::member::{Flow, FlowMember};
use super::network::Network;
use crate::space::{Lines, Space};

/// The model of these events in this space.
pub(crate) fn prepare(
    space: Box<dyn Space>,
    (parameters, network): (Vec<Parameter>, Box<dyn Network>),
    config: &FlowConfig,
    training: &Batch<'_>,
) -> Result<Box<dyn Model>> {
    config.check()?;
    let config = config.of_generated(space.dimension() - space.given(), space.dimension());
    let flow = Flow { space, network, config };
    Ok(Box::new(FlowModel::new(flow, parameters, training)?))
}

/// A flow with its training events.
struct FlowModel {
    flow: Arc<Flow>,
    parameters: Vec<Parameter>,
    layout: Layout,
    /// The training events' coordinates, one after the other.
    events: Vec<f64>,
    weights: EventWeights,
}

impl FlowModel {
    fn new(flow: Flow, parameters: Vec<Parameter>, training: &Batch<'_>) -> Result<Self> {
        let weights = EventWeights::new(training)?;
        let training = training.values;
        let d = training.ncols();
        let mut events = vec![0.0; training.len()];
        for (row, x) in events.chunks_exact_mut(d).enumerate() {
            let inside = flow.space.coordinates().forward(&training.row(row).to_vec(), x).is_some();
            if !inside || x.iter().any(|x| !x.is_finite()) {
                return Err(Error::data(format!(
                    "training event {row}: expected finite numbers in the domain of the coordinates"
                )));
            }
        }
        let layout = layout(&parameters);
        Ok(FlowModel { flow: Arc::new(flow), parameters, layout, events, weights })
    }

    /// The coordinates of these training events.
    fn rows(&self, rows: &[u64]) -> Result<Vec<f64>> {
        let d = self.flow.space.dimension();
        let mut events = Vec::with_capacity(rows.len() * d);
        for &row in rows {
            let range = row as usize * d..(row as usize + 1) * d;
            let event = self.events.get(range).ok_or_else(|| {
                Error::data(format!("expected rows below {}, found {row}", self.events.len() / d))
            })?;
            events.extend_from_slice(event);
        }
        Ok(events)
    }

    /// Points on the lines from these training events to the base.
    fn lines(&self, rows: &[u64], seed: Seed) -> Result<Lines> {
        Ok(Lines::new(&*self.flow.space, &self.rows(rows)?, seed))
    }
}

impl Model for FlowModel {
    fn layout(&self) -> Layout {
        self.layout.clone()
    }

    fn initial(&self, seed: Seed) -> Result<Vec<f32>> {
        Ok(initial_parameters(&self.parameters, seed))
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        self.layout.check(parameters)?;
        let (flow, layout) = (self.flow.clone(), self.layout.clone());
        Ok(Box::new(FlowMember::new(flow, layout, parameters.to_vec())))
    }

    fn gradients(&self) -> Option<&dyn Differentiable> {
        Some(self)
    }

    fn max_concurrency(&self) -> Option<usize> {
        self.flow.network.max_concurrency()
    }
}

/// The loss of conditional flow matching: mean over events of |v(x_t, t) - (x_1 - x_0)|^2 / (2 d), over the d coordinates that are generated, with a time and a base
/// point for each event from the seed. Angles differ by the short way round in x_1 - x_0, and the error is not wrapped.
impl Differentiable for FlowModel {
    fn loss_kind(&self) -> LossKind {
        LossKind::Surrogate
    }

    fn loss_and_gradient(
        &self,
        parameters: &[f32],
        rows: &[u64],
        weights: Option<&[f64]>,
        seed: Seed,
        gradient: &mut [f32],
    ) -> Result<f64> {
        self.layout.check(parameters)?;
        let (weights, lines) = (self.weights.shares(rows, weights)?, self.lines(rows, seed)?);
        self.flow.network.loss_and_gradient((&self.layout, parameters), &lines, &weights, gradient)
    }

    fn loss(&self, parameters: &[f32], rows: &[u64], seed: Seed) -> Result<f64> {
        self.layout.check(parameters)?;
        let (weights, lines) = (self.weights.shares(rows, None)?, self.lines(rows, seed)?);
        self.flow.network.loss((&self.layout, parameters), &lines, &weights)
    }
}
