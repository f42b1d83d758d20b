//! What the equivariant networks share: four-momenta only, the beams as references, and the settings of their generators.

use amplicast_nn::{Views, parse_device};
use amplicast_sdk::{Abilities, Batch, Error, LossKind, Model, Result, Schema};
use tch::{Device, Kind, Tensor};

use crate::flow::FlowConfig;
use crate::kinematics::Kinematics;
use crate::network::Network;
use crate::space::{Cuts, Momenta};
use crate::{model, time};

/// The vectors that break the Lorentz group down to rotations around the beam: both beams and the time, in the units of
/// the momenta.
pub(crate) const REFERENCES: [[f64; 4]; 3] =
    [[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, -1.0], [1.0, 0.0, 0.0, 0.0]];

/// The references, 3 x 4, like `like`.
pub(crate) fn references(like: &Tensor) -> Tensor {
    Tensor::from_slice(&REFERENCES.concat()).view([3, 4]).to_device(like.device()).to_kind(like.kind())
}

/// diag(1, -1, -1, -1).
pub(crate) const METRIC: [f64; 4] = [1.0, -1.0, -1.0, -1.0];

/// The metric's diagonal, like `like`.
pub(crate) fn metric(like: &Tensor) -> Tensor {
    Tensor::from_slice(&METRIC).to_device(like.device()).to_kind(like.kind())
}

/// Scalars of tokens, particles or others: identity as one-hot, then the features of the time (B x 8). B x n x (n + 8).
pub(crate) fn scalars(time: &Tensor, particles: usize) -> Tensor {
    let n = particles as i64;
    let identity = Tensor::eye(n, (time.kind(), time.device())).expand([time.size()[0], -1, -1], false);
    Tensor::cat(&[identity, time.unsqueeze(1).expand([-1, n, -1], false)], -1)
}

/// Numbers in [`scalars`].
pub(crate) fn scalar_count(particles: usize) -> usize {
    particles + time::FEATURES
}

/// Velocities of the coordinates x at times t, from a network's vectors and scalars.
///
/// The network gets momenta (B x n x 4) and references (3 x 4) in double precision and scalars (B x n x ..) in its own, and
/// gives a vector (B x n x 4) and two scalars (B x n x 2) for each particle.
pub(crate) fn velocity(
    kinematics: &Kinematics,
    views: &mut Views,
    (x, t): (&Tensor, &Tensor),
    network: impl FnOnce(&mut Views, &Tensor, &Tensor, &Tensor) -> [Tensor; 2],
) -> Tensor {
    let scalars = scalars(&time::features(views, t), kinematics.particles());
    let particles = kinematics.particles_at(x);
    let momenta = particles.momenta();
    let [w, scalars] = network(views, &momenta, &references(&momenta), &scalars);
    particles.velocity(&w.to_kind(Kind::Double), &scalars.to_kind(Kind::Double))
}

/// The checked settings that the generators have in common.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    cuts: Cuts,
    flow: FlowConfig,
    device: Device,
}

impl Settings {
    pub fn new(cuts: Cuts, flow: &FlowConfig, device: &str) -> Result<Self> {
        let cuts = cuts.check()?;
        flow.solver()?;
        Ok(Settings { cuts, flow: flow.clone(), device: parse_device(device, tch::Cuda::device_count)? })
    }

    /// Refuses everything but four-momenta.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        if !schema.particles().is_empty() {
            return Ok(());
        }
        Err(Error::data(format!(
            "expected events of four-momenta, found the columns {}; `flow-transformer` learns any columns",
            schema.column_names().join(", ")
        )))
    }

    /// The model of these events with a network that is made for their coordinates.
    pub fn prepare<N: Network + 'static>(
        &self,
        training: &Batch<'_>,
        schema: &Schema,
        network: impl FnOnce(Kinematics) -> N,
    ) -> Result<Box<dyn Model>> {
        self.check(schema)?;
        if training.values.ncols() != schema.dimension() {
            return Err(Error::data(format!(
                "expected training events of {} columns, found {}",
                schema.dimension(),
                training.values.ncols()
            )));
        }
        let space = Momenta::fit(training.values, schema.particles(), self.cuts)?;
        let network = network(Kinematics::new(space.coordinates()));
        model::prepare(Box::new(space), Box::new(network), (&self.flow, self.device), training.values)
    }
}

/// What all generators of this crate can do.
pub(crate) fn abilities() -> Abilities {
    Abilities { gradients: Some(LossKind::Surrogate), fit: true, log_density: true, own_members: false }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::{Component, Generator};

    use crate::{FlowLgatr, FlowLgatrConfig, FlowLgatrSlim, FlowLgatrSlimConfig, FlowLloca, FlowLlocaConfig};

    use super::*;

    #[test]
    fn refusals_say_what_would_work() {
        fn check(generator: &impl Generator) {
            let error = generator.check(&Schema::columns(["x", "y"])).unwrap_err().to_string();
            assert!(error.contains("four-momenta, found the columns x, y; `flow-transformer`"), "{error}");
            generator.check(&Schema::four_momenta(["a", "b"])).unwrap();
        }
        check(&FlowLgatr::new(FlowLgatrConfig::default()).unwrap());
        check(&FlowLgatrSlim::new(FlowLgatrSlimConfig::default()).unwrap());
        check(&FlowLloca::new(FlowLlocaConfig::default()).unwrap());
        let lgatr = FlowLgatr::new(FlowLgatrConfig { heads: 0, ..Default::default() });
        assert_eq!(lgatr.unwrap_err().to_string(), "heads: expected at least 1, found 0");
        let slim = FlowLgatrSlim::new(FlowLgatrSlimConfig { pt_min: -1.0, ..Default::default() });
        assert!(slim.unwrap_err().to_string().starts_with("pt_min: expected"));
        let lloca = FlowLloca::new(FlowLlocaConfig { vectors: 4, ..Default::default() });
        assert_eq!(
            lloca.unwrap_err().to_string(),
            "vectors: expected at most 3 in a head of 13 numbers, found 4"
        );
    }
}
