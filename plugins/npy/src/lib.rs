//! Events in `.npy` files, read a few rows at a time: what the dataset `events-file` and the generator `samples` share.
//!
//! ```no_run
//! use amplicast_npy::EventFile;
//! use amplicast_sdk::ndarray::Array2;
//!
//! # fn main() -> amplicast_sdk::Result<()> {
//! let file = EventFile::open("ttbar.npy")?;
//! let mut events = Array2::zeros((100, file.shape().dimension()));
//! file.read(500, events.view_mut())?; // rows 500 ... 599
//! # Ok(())
//! # }
//! ```

mod file;
mod shape;

pub use file::EventFile;
pub use shape::EventShape;
