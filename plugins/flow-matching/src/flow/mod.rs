//! The flow between events and the base: its settings, its velocity, its integration, and the model made of these.

mod config;
mod member;
mod model;
mod network;
mod settings;
mod solver;

pub use config::{Divergence, FlowConfig};
pub use solver::SolverKind;

pub(crate) use network::Network;
pub(crate) use settings::{Settings, abilities, flow_config};

#[cfg(test)]
pub(crate) use {
    member::{Flow, FlowMember},
    network::Field,
    solver::Solver,
};
