//! Events in files, read a few rows at a time: what the dataset `events-file` and the generator `samples` share.
//!
//! ```no_run
//! use amplicast_sdk::ndarray::Array2;
//! use amplicast_tables::{EventFile, Selection};
//!
//! # fn main() -> amplicast_sdk::Result<()> {
//! let selection = Selection { key: Some("ttbar+0jet".into()), ..Selection::default() };
//! let file = EventFile::open("ttbar.h5", &selection)?;
//! let mut events = Array2::zeros((100, file.shape().dimension()));
//! file.read(500, events.view_mut())?; // rows 500 ... 599
//! # Ok(())
//! # }
//! ```

mod file;
mod hdf5;
mod npy;
mod npz;
mod parquet;
mod patterns;
mod place;
mod shape;
mod table;

pub use file::EventFile;
pub use patterns::matching_files;
pub use shape::EventShape;
pub use table::Selection;
