//! What is asked: the components of an experiment, the cells of its matrix, and what of it cannot work. Nothing is computed here.

mod cells;
mod components;
mod groups;
mod memory;
mod own_files;
mod question;
mod refusals;
mod setting;
mod source;

pub use cells::{Plan, PlannedCell, Row, member_count};
pub use components::{Components, Made, refused};
pub use groups::{Groups, first_of_each, left_out, training_chunks, training_groups, whole_pieces};
pub use memory::check_model;
pub use question::{Place, Question};
pub use setting::Setting;
pub use source::TrueSource;

use crate::config::{ConfigError, Experiment, Source};

/// The cells of an experiment, of which every impossible one is refused.
pub fn plan(source: &Source, experiment: &Experiment, components: &Components) -> Result<Plan, ConfigError> {
    let plan = Plan::cross(source, experiment, components)?;
    refusals::refuse(&plan, source, experiment, components)?;
    memory::check_memory(source, experiment, components, &plan.cells)?;
    Ok(plan)
}
