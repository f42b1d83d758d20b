//! Generators and summaries that are Python classes, in the user's own interpreter and environment: a process of its own, called over pipes.
//!
//! ```python
//! class Blob:
//!     def fit(self, events, rows, settings, seed): self.mean = events.mean(axis=0)
//!     def sample(self, n, seed): return numpy.random.default_rng(seed).normal(self.mean, size=(n, len(self.mean)))
//!     def state(self): return {"mean": self.mean}
//!     def load(self, state): self.mean = state["mean"]
//! ```

mod config;
mod door;
mod effective;
mod generator;
mod law;
mod metric;
mod output;
mod process;
mod state;
mod summary;
mod wire;

pub use generator::{PythonConfig, PythonGenerator};
pub use metric::{PythonMetric, PythonMetricConfig};
pub use summary::{PythonSummary, PythonSummaryConfig};

amplicast_sdk::export_plugin!();
