//! Components that keep the contract, with one method for each thing that may be wrong.

mod dataset;
mod generator;
mod metric;
mod posterior;
mod simple;
mod summary;

pub use dataset::{Data, DataFault};
pub use generator::{Gaussian, GaussianFault, Network, normal_log_density};
pub use metric::{Distance, MetricFault, Sums};
pub use posterior::{Halves, PosteriorFault};
pub use simple::{Blob, SimpleFault, draw, means};
pub use summary::{Column, SummaryFault, at_least, column, momentum};

use amplicast_sdk::config;

config! {
    /// Nothing to configure.
    pub struct NoConfig {}
}

/// Declares a component that is honest but for its fault: `FaultTrait for Fault as Wrapper, register_*, name, description`.
macro_rules! fault {
    ($trait:ident, $fault:ident, $wrapper:ident, $register:ident, $name:literal, $about:literal, { $($body:tt)* }) => {
        #[derive(Clone, Default)]
        pub struct $fault;
        impl $trait for $fault {
            const NAME: &'static str = $name;
            const ABOUT: &'static str = $about;
            $($body)*
        }
        amplicast_sdk::$register!($wrapper<$fault>);
    };
}
pub(crate) use fault;

/// A component by the name of its fault.
macro_rules! component {
    ($wrapper:ident, $trait:ident) => {
        impl<F: $trait> amplicast_sdk::Component for $wrapper<F> {
            type Config = crate::honest::NoConfig;
            const NAME: &'static str = F::NAME;
            const ABOUT: &'static str = F::ABOUT;
            fn new(_: crate::honest::NoConfig) -> amplicast_sdk::Result<Self> {
                Ok($wrapper(F::default()))
            }
        }
    };
}
pub(crate) use component;

/// A number that is different whenever it is asked for.
pub fn never_the_same() -> f64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static CALLS: AtomicU64 = AtomicU64::new(0);
    CALLS.fetch_add(1, Ordering::Relaxed) as f64
}
