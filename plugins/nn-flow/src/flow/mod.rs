//! The flow between events and the base: its settings, its velocity, its integration, and the model made of these.

mod config;
mod generator;
mod member;
mod model;
mod multistep;
mod network;
mod probes;
mod settings;
mod solver;

pub use config::{Divergence, FlowConfig};
pub use solver::SolverKind;

pub use generator::FlowGenerator;
pub use network::{Architecture, DivergenceField, Field, Network, Parameters};
pub use probes::{Probes, add_products};
pub(crate) use settings::{Settings, abilities, flow_config};

#[cfg(test)]
pub(crate) use {
    member::{Flow, FlowMember},
    multistep::enough_calls,
    solver::Solver,
};
