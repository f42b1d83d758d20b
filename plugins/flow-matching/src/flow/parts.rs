//! What a flow is made of.

use tch::Device;

use super::config::FlowConfig;
use super::network::Network;
use super::solver::Solver;
use crate::space::Space;

/// Everything of a flow but its parameters.
pub(crate) struct Flow {
    pub space: Box<dyn Space>,
    pub network: Box<dyn Network>,
    pub config: FlowConfig,
    pub solver: Solver,
    pub device: Device,
}
