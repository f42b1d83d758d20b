//! What is seen of events: summaries and selections on a batch, and what is counted of them, column by column.

mod accumulate;
mod columns;
mod cuts;
mod effective;
mod fitted_to;
mod gather;
mod gradient;
mod histogram;
mod kept;
mod observables;
mod resolve;
mod sorted;
mod training_set;

pub use accumulate::{Column, TrueCounts};
pub use columns::{Columns, HistogramColumn, column_identity};
pub use cuts::Cuts;
pub use effective::effective_events;
pub use fitted_to::{FittedTo, Tally};
pub use gather::gather;
pub use histogram::fractions_of;
pub use kept::{Kept, events_of};
pub use observables::{Observable, Observables, Observed, Simulated};
pub use resolve::{cuts, summaries};
pub use sorted::Sorted;
pub use training_set::TrainingSet;
