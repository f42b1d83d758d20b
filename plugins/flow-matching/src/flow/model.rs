//! A flow prepared on training events.

use std::sync::Arc;

use amplicast_nn::lanes::{Segments, SegmentsMut};
use amplicast_nn::{
    Parameter, Views, guarded, initial_parameters, layout, loss_and_gradient, single_threaded,
};
use amplicast_sdk::{Differentiable, Error, Layout, LossKind, Member, Model, Result, Seed, shares};
use ndarray::ArrayView2;
use tch::{Device, Kind, Tensor};

use super::config::FlowConfig;
use super::member::{Flow, FlowMember};
use super::network::Network;
use crate::graph;
use crate::lanes::LaneNetwork;
use crate::space::{Lines, Space};

/// The model of these events in this space.
pub(crate) fn prepare(
    space: Box<dyn Space>,
    network: Box<dyn Network>,
    (config, device): (&FlowConfig, Device),
    training: ArrayView2<'_, f64>,
) -> Result<Box<dyn Model>> {
    let flow = Flow { space, network, config: config.clone(), solver: config.solver()?, device };
    Ok(Box::new(FlowModel::new(flow, training)?))
}

/// A flow with its training events.
struct FlowModel {
    flow: Arc<Flow>,
    parameters: Vec<Parameter>,
    layout: Layout,
    /// The training events' coordinates, one after the other.
    events: Vec<f64>,
}

impl FlowModel {
    fn new(flow: Flow, training: ArrayView2<'_, f64>) -> Result<Self> {
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
        let parameters = flow.network.parameters();
        let layout = layout(&parameters);
        Ok(FlowModel { flow: Arc::new(flow), parameters, layout, events })
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

    /// The network without libtorch, if it has such a form and runs on the CPU.
    fn lanes(&self) -> Option<Box<dyn LaneNetwork>> {
        self.flow.network.in_lanes().filter(|_| self.flow.device == Device::Cpu)
    }

    /// The loss as a graph.
    fn graph(&self, views: &mut Views, lines: &Lines, weights: &[f64]) -> Tensor {
        let vector = |values: &[f64]| Tensor::from_slice(values).to_device(self.flow.device);
        let matrix = |values: &[f64]| vector(values).view([lines.t.len() as i64, -1]);
        let velocity = self.flow.network.velocity(views, &matrix(&lines.x), &vector(&lines.t));
        graph::loss(&velocity, &matrix(&lines.v), &vector(weights))
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
        Ok(Box::new(FlowMember { flow, layout, parameters: parameters.to_vec() }))
    }

    fn gradients(&self) -> Option<&dyn Differentiable> {
        Some(self)
    }

    fn max_concurrency(&self) -> Option<usize> {
        matches!(self.flow.device, Device::Cuda(_)).then_some(1)
    }
}

/// The loss of conditional flow matching: mean over events of |v(x_t, t) - (x_1 - x_0)|^2 / (2 d), with a time and a base
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
        let weights = shares(rows, weights)?;
        let lines = Lines::new(&*self.flow.space, &self.rows(rows)?, seed);
        if let Some(lanes) = self.lanes() {
            let parameters = Segments::new(&self.layout, parameters);
            let gradient = SegmentsMut::new(&self.layout, gradient);
            return guarded(|| lanes.loss_and_gradient(parameters, &lines, &weights, gradient));
        }
        let options = (Kind::Float, self.flow.device);
        loss_and_gradient(&self.layout, parameters, options, gradient, |mut views| {
            self.graph(&mut views, &lines, &weights)
        })
    }

    fn loss(&self, parameters: &[f32], rows: &[u64], seed: Seed) -> Result<f64> {
        if self.lanes().is_some() {
            return self.loss_and_gradient(parameters, rows, None, seed, &mut vec![0.0; parameters.len()]);
        }
        self.layout.check(parameters)?;
        let lines = Lines::new(&*self.flow.space, &self.rows(rows)?, seed);
        let weights = shares(rows, None)?;
        single_threaded();
        guarded(|| {
            tch::no_grad(|| {
                let flat = Tensor::from_slice(parameters).to_device(self.flow.device);
                let mut views = Views::new(&self.layout, &flat);
                self.graph(&mut views, &lines, &weights).double_value(&[])
            })
        })
    }
}
