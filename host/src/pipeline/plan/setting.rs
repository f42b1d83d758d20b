//! The setting: everything that a run is made of, and nothing that it does.

use super::cells::Plan;
use super::components::Components;
use crate::config::Experiment;
use crate::session::Session;
use crate::store::Store;

/// An experiment that is ready to run.
pub struct Setting<'a> {
    /// The process.
    pub session: &'a Session,
    /// Where stages are stored.
    pub store: &'a Store,
    /// The experiment, defaults filled in.
    pub experiment: &'a Experiment,
    /// Its components.
    pub components: &'a Components,
    /// Its cells.
    pub plan: &'a Plan,
}
