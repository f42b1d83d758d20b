//! From a generator and an uncertainty model to members, and how each of them sees events: chains, fits of summaries, views.

mod chains;
mod diagnosed;
mod fits;
mod given;
mod members;
mod models;
mod set_row;
mod trained_model;
mod training;
mod trial;
mod view;

pub use chains::Chains;
pub use members::Posterior;
pub use models::check_models;
pub use set_row::SetRow;
pub use trained_model::{
    ABOUT as TRAINED_MODEL_ABOUT, NAME as TRAINED_MODEL, TrainedModel, TrainedModelConfig, own_dataset,
};
pub use training::Training;
pub use view::{View, Views};
