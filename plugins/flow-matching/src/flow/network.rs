//! What every velocity field is: a network of the coordinates and the time.

use amplicast_nn::lanes::Segments;
use amplicast_nn::{Parameter, Views, guarded, single_threaded};
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Layout, Result, Stream};
use tch::{Device, Kind, Tensor};

use super::config::Divergence;
use crate::lanes::{LaneField, LaneNetwork};

/// The velocity of the flow as a graph in libtorch.
pub(crate) trait Network: Send + Sync {
    /// Its segments, those of the time features first.
    fn parameters(&self) -> Vec<Parameter>;

    /// The velocities (B x d) at these coordinates (B x d) and times (B), in double precision; the network itself has the
    /// precision of its parameters.
    fn velocity(&self, views: &mut Views, x: &Tensor, t: &Tensor) -> Tensor;

    /// The same in plain Rust, for a CPU, if there is such a form.
    fn in_lanes(&self) -> Option<Box<dyn LaneNetwork>> {
        None
    }
}

/// A network with its parameters, ready to be called by one thread.
pub(crate) struct Field<'a> {
    network: &'a dyn Network,
    layout: &'a Layout,
    flat: Tensor,
    device: Device,
    lanes: Option<LaneField>,
}

impl<'a> Field<'a> {
    /// In this precision on this device.
    pub fn new(
        network: &'a dyn Network,
        layout: &'a Layout,
        parameters: &[f32],
        (kind, device): (Kind, Device),
    ) -> Result<Self> {
        single_threaded();
        let flat = guarded(|| Tensor::from_slice(parameters).to_device(device).to_kind(kind))?;
        let plain = device == Device::Cpu && kind == Kind::Float;
        let lanes =
            network.in_lanes().filter(|_| plain).map(|lanes| lanes.field(Segments::new(layout, parameters)));
        Ok(Field { network, layout, flat, device, lanes })
    }

    /// `n` events of `x`, as a tensor with d columns, and the time of all of them.
    fn inputs(&self, t: f64, x: &[f64], n: usize) -> (Tensor, Tensor) {
        let x = Tensor::from_slice(x).view([n as i64, -1]).to_device(self.device);
        (x, Tensor::full([n as i64], t, (Kind::Double, self.device)))
    }

    /// Writes the velocities of `n` events at time `t`.
    pub fn velocity(&self, t: f64, x: &[f64], n: usize, out: &mut [f64]) -> Result<()> {
        if let Some(lanes) = &self.lanes {
            return guarded(|| lanes(t, x, out));
        }
        guarded(|| {
            let velocity = tch::no_grad(|| {
                let (x, t) = self.inputs(t, x, n);
                self.network.velocity(&mut Views::new(self.layout, &self.flat), &x, &t)
            });
            velocity.to_device(Device::Cpu).contiguous().copy_data(out, x.len());
        })
    }

    /// The same, with the divergence of each event's velocity; `probes` random ones for Hutchinson's estimate.
    pub fn velocity_and_divergence(
        &self,
        (t, x, n): (f64, &[f64], usize),
        how: Divergence,
        probes: u64,
        stream: &mut Stream,
        (velocity, divergence): (&mut [f64], &mut [f64]),
    ) -> Result<()> {
        let d = x.len() / n;
        let mut probe = match how {
            Divergence::Exact => Vec::new(),
            Divergence::Hutchinson => Vec::with_capacity(probes as usize * x.len()),
        };
        if how == Divergence::Hutchinson {
            probe.resize_with(probes as usize * x.len(), || if stream.random() { 1.0 } else { -1.0 });
        }
        let found = guarded(|| {
            let (leaf, t) = self.inputs(t, x, n);
            let leaf = leaf.set_requires_grad(true);
            let v = self.network.velocity(&mut Views::new(self.layout, &self.flat), &leaf, &t);
            // The gradient by x of a sum over events of e . v is e^T dv/dx of each: events do not see each other.
            let pull = |e: &Tensor, keep: bool| {
                let gradients = Tensor::run_backward(&[&(&v * e).sum(Kind::Double)], &[&leaf], keep, false);
                gradients[0].shallow_clone()
            };
            let mut trace = Tensor::zeros([n as i64], (Kind::Double, self.device));
            match how {
                Divergence::Exact => {
                    for k in 0..d as i64 {
                        let e = Tensor::zeros([d as i64], (Kind::Double, self.device));
                        let _ = e.get(k).fill_(1.0);
                        trace += pull(&e, k + 1 < d as i64).select(1, k);
                    }
                }
                Divergence::Hutchinson => {
                    for (i, e) in probe.chunks_exact(x.len()).enumerate() {
                        let e = Tensor::from_slice(e).view([n as i64, -1]).to_device(self.device);
                        let last = i + 1 == probes as usize;
                        trace += (pull(&e, !last) * e).sum_dim_intlist(1, false, Kind::Double);
                    }
                    trace /= probes as f64;
                }
            }
            (v.detach().to_device(Device::Cpu).contiguous(), trace.to_device(Device::Cpu))
        });
        let (v, trace) = found?;
        v.copy_data(velocity, x.len());
        trace.copy_data(divergence, n);
        Ok(())
    }
}
