//! A graph on a device as the velocity of a flow.

use std::sync::Arc;

use amplicast_nn_flow::flow::{DivergenceField, Field, Network, Parameters};
use amplicast_nn_flow::space::Lines;
use amplicast_nn_torch::{Views, guarded, loss_and_gradient, single_threaded};
use amplicast_sdk::Result;
use tch::{Device, Kind, Tensor};

use crate::graph::Graph;

/// A graph in a precision on a device.
pub(crate) struct OnDevice<G> {
    graph: Arc<G>,
    /// Of an event.
    numbers: usize,
    kind: Kind,
    device: Device,
}

// Not derived: a graph itself need not be copied.
impl<G> Clone for OnDevice<G> {
    fn clone(&self) -> Self {
        OnDevice { graph: self.graph.clone(), ..*self }
    }
}

/// Half of the mean squared error of the velocities (B x d), with weights (B) that sum up to 1.
pub(crate) fn loss(velocity: &Tensor, wanted: &Tensor, weights: &Tensor) -> Tensor {
    let each = (velocity - wanted).square().mean_dim([1_i64].as_slice(), false, Kind::Double) * 0.5;
    (each * weights).sum(Kind::Double)
}

impl<G> OnDevice<G> {
    /// For events of so many numbers.
    pub fn new(graph: Arc<G>, numbers: usize, (kind, device): (Kind, Device)) -> Self {
        OnDevice { graph, numbers, kind, device }
    }

    fn vector(&self, values: &[f64]) -> Tensor {
        Tensor::from_slice(values).to_device(self.device)
    }

    /// `n` events one after the other.
    fn events(&self, values: &[f64], n: usize) -> Tensor {
        self.vector(values).view([n as i64, -1])
    }

    fn parameters(&self, numbers: &[f32]) -> Result<Tensor> {
        single_threaded();
        guarded(|| Tensor::from_slice(numbers).to_device(self.device).to_kind(self.kind))
    }
}

impl<G: Graph + 'static> OnDevice<G> {
    fn loss_of(&self, views: &mut Views, lines: &Lines, weights: &[f64]) -> Tensor {
        let (n, t) = (lines.t.len(), self.vector(&lines.t));
        let velocity = self.graph.velocity(views, &self.events(&lines.x, n), &t);
        loss(&velocity, &self.events(&lines.v, n), &self.vector(weights))
    }
}

impl<G: Graph + 'static> Network for OnDevice<G> {
    fn field(&self, (layout, parameters): Parameters<'_>) -> Result<Field> {
        let (own, layout, flat) = (self.clone(), layout.clone(), self.parameters(parameters)?);
        Ok(Box::new(move |t, x, out| {
            guarded(|| {
                let n = x.len() / own.numbers;
                let velocity = tch::no_grad(|| {
                    let t = own.vector(&vec![t; n]);
                    own.graph.velocity(&mut Views::new(&layout, &flat), &own.events(x, n), &t)
                });
                velocity.to_device(Device::Cpu).contiguous().copy_data(out, x.len());
            })
        }))
    }

    fn divergence(&self, (layout, parameters): Parameters<'_>) -> Result<DivergenceField> {
        let (own, layout, flat) = (self.clone(), layout.clone(), self.parameters(parameters)?);
        Ok(Box::new(move |t, x, probes, (velocity, sums)| {
            let n = sums.len();
            let found = guarded(|| {
                let (leaf, t) = (own.events(x, n).set_requires_grad(true), own.vector(&vec![t; n]));
                let v = own.graph.velocity(&mut Views::new(&layout, &flat), &leaf, &t);
                let mut all = Tensor::zeros([n as i64], (Kind::Double, own.device));
                for direction in 0..probes.count() {
                    // The gradient by x of a sum over events of e . v is e^T dv/dx of each: events do not see each other.
                    let e = own.events(&probes.of(direction, 0..x.len()), n);
                    let keep = direction + 1 < probes.count();
                    let slope =
                        &Tensor::run_backward(&[&(&v * &e).sum(Kind::Double)], &[&leaf], keep, false)[0];
                    all += (slope * e).sum_dim_intlist(1, false, Kind::Double);
                }
                (v.detach().to_device(Device::Cpu).contiguous(), all.to_device(Device::Cpu))
            });
            let (v, all) = found?;
            v.copy_data(velocity, x.len());
            all.copy_data(sums, n);
            Ok(())
        }))
    }

    fn loss_and_gradient(
        &self,
        (layout, parameters): Parameters<'_>,
        lines: &Lines,
        weights: &[f64],
        gradient: &mut [f32],
    ) -> Result<f64> {
        loss_and_gradient(layout, parameters, (self.kind, self.device), gradient, |mut views| {
            self.loss_of(&mut views, lines, weights)
        })
    }

    fn loss(&self, (layout, parameters): Parameters<'_>, lines: &Lines, weights: &[f64]) -> Result<f64> {
        let flat = self.parameters(parameters)?;
        guarded(|| {
            tch::no_grad(|| self.loss_of(&mut Views::new(layout, &flat), lines, weights).double_value(&[]))
        })
    }

    fn max_concurrency(&self) -> Option<usize> {
        matches!(self.device, Device::Cuda(_)).then_some(1)
    }
}
