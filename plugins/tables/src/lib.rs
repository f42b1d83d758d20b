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

mod apart;
mod arrangement;
mod arrow_schema;
mod beside;
mod column_names;
mod component_names;
mod decoded;
mod event_rows;
mod file;
mod filters;
mod folder;
mod format;
#[cfg(test)]
mod generators;
mod hdf5;
mod hdf5_heap;
mod hdf5_keys;
mod hdf5_links;
mod hdf5_storage;
mod hdf5_types;
mod hepmc;
mod layout;
mod lhe;
mod momenta;
mod npy;
mod npz;
mod number;
mod open;
mod orders;
mod parquet;
mod parquet_bytes;
mod parquet_schema;
mod particles;
mod pass;
mod patterns;
mod place;
mod pool;
mod record;
mod regular;
mod row_numbers;
mod shape;
mod side_by_side;
mod table;
mod text;
mod threads;
mod weights;
mod words;

pub use beside::{Beside, OneEach};
pub use file::EventFile;
pub use layout::Layout;
pub use pass::Pass;
pub use patterns::{Located, located, matching_arrays, matching_files};
pub use shape::EventShape;
pub use table::Selection;
pub use threads::of_all;
