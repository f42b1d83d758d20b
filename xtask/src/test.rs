//! `cargo xtask test`: every test, with every plugin built.

use crate::checkout::{self, Checkout};
use crate::failure::Outcome;
use crate::setup;

/// Sets up with libtorch, which the networks are tested against, builds the workspace and tests it.
///
/// # Errors
/// The first step's that fails.
pub fn run(checkout: &Checkout, cargo_arguments: &[String]) -> Outcome {
    setup::libtorch(checkout)?;
    // Tests load the plugins' libraries, which `cargo test` alone does not put into the target folder. With the tests among them, crates have
    // the features that they have in the tests, and are built once.
    let targets = ["--lib", "--bins", "--examples", "--tests"];
    checkout::run(checkout.cargo(&["build", "--workspace"]).args(targets))?;
    let mut test = checkout.cargo(&["test"]);
    if !selects_packages(cargo_arguments) {
        test.arg("--workspace");
    }
    checkout::run(test.args(cargo_arguments))
}

/// Cargo would silently ignore `-p` beside `--workspace`.
fn selects_packages(cargo_arguments: &[String]) -> bool {
    cargo_arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument.starts_with("-p") || argument.starts_with("--package"))
}

#[cfg(test)]
mod tests {
    use super::selects_packages;

    #[test]
    fn packages_may_be_selected() {
        let selects = |line: &str| selects_packages(&line.split(' ').map(String::from).collect::<Vec<_>>());
        assert!(selects("-p amplicast-sdk") && selects("--package=amplicast"));
        assert!(!selects("--no-fail-fast -- -p"));
    }
}
