//! `cargo xtask lint`: what a change must satisfy beside its tests.

mod code;
mod deny;
mod dependencies;
mod package;
mod rooms;
mod unsafe_places;

use std::env;

use crate::checkout::{self, Checkout};
use crate::failure::{Failure, Outcome};
use crate::setup;

/// A name and what finds the faults; it reports each itself.
type Check = (&'static str, fn(&Checkout) -> Outcome);

/// Quick ones first.
const CHECKS: &[Check] = &[
    ("format", format),
    ("dependency direction", |checkout| report(&dependencies::violations(&checkout.metadata(&[])?))),
    ("rooms without circles", |checkout| report(&rooms::violations(checkout.root())?)),
    ("the SDK's package", |checkout| report(&package::violations(checkout)?)),
    ("places of unsafe", |checkout| report(&unsafe_places::violations(checkout.root())?)),
    ("dependencies", deny::check),
    ("clippy", clippy),
    ("documentation", documentation),
];

/// Runs every check, also after one has failed.
///
/// # Errors
/// When a check fails, by name.
pub fn run(checkout: &Checkout) -> Outcome {
    // Clippy and rustdoc run build scripts, and torch-sys's needs libtorch.
    setup::libtorch(checkout)?;
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        println!("lint: {name}");
        match check(checkout) {
            Ok(()) => {}
            Err(Failure::Reported(_)) => failed.push(*name),
            Err(Failure::Message(message)) => {
                eprintln!("{message}");
                failed.push(*name);
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "lint: {} of {} checks failed: {}",
        failed.len(),
        CHECKS.len(),
        failed.join(", ")
    )))
}

fn format(checkout: &Checkout) -> Outcome {
    checkout::run(&mut checkout.cargo(&["fmt", "--all", "--check"]))
}

fn clippy(checkout: &Checkout) -> Outcome {
    checkout::run(&mut checkout.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn documentation(checkout: &Checkout) -> Outcome {
    let mut flags = env::var("RUSTDOCFLAGS").unwrap_or_default();
    flags.push_str(" -D warnings");
    checkout::run(checkout.cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", flags.trim()))
}

fn report(violations: &[String]) -> Outcome {
    for violation in violations {
        eprintln!("{violation}");
    }
    if violations.is_empty() { Ok(()) } else { Err(Failure::Reported(1)) }
}
