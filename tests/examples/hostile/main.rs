//! A plugin whose components break the contract, each in the way that its configuration names.
//!
//! `misbehave = "none"` keeps the contract, so that a test which sees a fault sees this fault alone.

mod dataset;
mod fitted_summary;
mod generator;
mod metric;
mod summary;
mod uncertainty;

amplicast_sdk::export_plugin!();

/// Sleeps until somebody ends the process.
fn hang() -> ! {
    loop {
        std::thread::sleep(std::time::Duration::from_secs(3600));
    }
}

/// What a wild pointer ends in, without one.
fn segmentation_fault() -> ! {
    // Rust's own handler takes the first signal for a stack overflow, and stands back.
    loop {
        let _ = std::process::Command::new("kill").args(["-SEGV", &std::process::id().to_string()]).status();
    }
}

/// A number that is different whenever it is asked for.
fn never_the_same() -> f64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static CALLS: AtomicU64 = AtomicU64::new(0);
    CALLS.fetch_add(1, Ordering::Relaxed) as f64
}

/// Declares the enum of a component's misbehaviours.
macro_rules! misbehaviours {
    ($($name:ident),* $(,)?) => {
        /// What the component does wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[derive(amplicast_sdk::serde::Serialize, amplicast_sdk::serde::Deserialize, amplicast_sdk::schemars::JsonSchema)]
        #[serde(crate = "amplicast_sdk::serde", rename_all = "kebab-case")]
        #[schemars(crate = "amplicast_sdk::schemars")]
        pub enum Misbehaviour {
            /// Nothing.
            None,
            $(
                #[allow(missing_docs)]
                $name,
            )*
        }
        use Misbehaviour as M;
    };
}
pub(crate) use misbehaviours;
