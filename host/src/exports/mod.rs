//! A generated histogram with its covariance, in the formats that other programs of the field read.
//!
//! ```text
//! uhi   pyhf   hepdata      one for each format
//!   \    |     /    |
//!    histogram     text
//! ```
//!
//! Each checks the histogram first, so that nothing leaves the program that its reader would misunderstand: their own validators
//! know neither lengths nor symmetry. The page "A histogram for other programs" of the book says how to read what is written.
//!
//! ```
//! use amplicast::exports::{Histogram, uhi, workspace};
//!
//! let histogram = Histogram {
//!     name: "radius".into(),
//!     label: "radius".into(),
//!     edges: vec![0.0, 1.0, 2.0],
//!     values: vec![400.0, 300.0],
//!     covariance: vec![500.0, 100.0, 100.0, 350.0],
//!     description: String::new(),
//! };
//! assert_eq!(uhi(&histogram).unwrap()["generated"]["storage"]["variances"][1], 350.0);
//! let workspace = workspace(&histogram, Some(&[5.0, 20.0]), Some(&[412.0, 330.0])).unwrap();
//! assert_eq!(workspace["measurements"][0]["config"]["poi"], "mu");
//! ```

mod hepdata;
mod histogram;
mod pyhf;
mod text;
mod uhi;

#[cfg(test)]
pub(crate) mod testing;

pub use hepdata::write as hepdata;
pub use histogram::Histogram;
pub use pyhf::workspace;
pub use uhi::uhi;
