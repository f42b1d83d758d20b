//! What a flow is made of.

use tch::Device;

use crate::flow::FlowConfig;
use crate::network::Network;
use crate::solver::Solver;
use crate::space::Space;

/// Everything of a flow but its parameters.
pub(crate) struct Flow {
    pub space: Box<dyn Space>,
    pub network: Box<dyn Network>,
    pub config: FlowConfig,
    pub solver: Solver,
    pub device: Device,
}
