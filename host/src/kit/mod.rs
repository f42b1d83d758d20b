//! The author's kit: a plugin of one's own from a template, and what it takes to build it again at every change.

mod cargo;
mod name;
mod sdk;
mod sources;
mod template;

pub use cargo::{Built, build, wait};
pub use name::check_name;
pub use sdk::Sdk;
pub use sources::Sources;
pub use template::{PluginKind, Template};
