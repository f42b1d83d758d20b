//! `cargo xtask fuzz`: more of what the tests do with changed inputs, changed bits and killed runs.

use clap::Args;

use crate::checkout::{self, Checkout};
use crate::failure::Outcome;

/// How much of it.
#[derive(Args)]
pub struct Fuzz {
    /// Read changed inputs for so long, all targets together [default: 60].
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Only those of one target: experiment, results, plugin, chain, curve, npy, npz, h5 or parquet.
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Begin with this one: an input is made again from its target and its number.
    #[arg(long, value_name = "K")]
    first: Option<u64>,
    /// No more than so many of each target.
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Change single bits instead: so many of each file that carries checksums, and of all kinds of stages.
    #[arg(long, value_name = "N")]
    flips: Option<u64>,
    /// Kill a run at so many random moments instead.
    #[arg(long, value_name = "N")]
    kills: Option<u64>,
}

/// Builds, and tries.
///
/// # Errors
/// The first step's that fails.
pub fn run(checkout: &Checkout, fuzz: &Fuzz) -> Outcome {
    checkout::run(&mut checkout.cargo(&["build"]))?;
    let test = |package: &str, name: &str, more: &[&str], variable: Option<(&str, u64)>| {
        let mut test = checkout.cargo(&["test", "-p", package, "--test", name]);
        test.args(more);
        if let Some((variable, number)) = variable {
            test.env(variable, number.to_string());
        }
        checkout::run(&mut test)
    };
    if let Some(flips) = fuzz.flips {
        let flips = Some(("AMPLICAST_FLIPS", flips));
        test("amplicast-tables", "checksums", &["--", "--nocapture"], flips)?;
        test("amplicast-tests", "damaged", &["flipped_bits", "--", "--nocapture"], flips)?;
    }
    if let Some(kills) = fuzz.kills {
        test("amplicast-tests", "killed", &["--", "--nocapture"], Some(("AMPLICAST_KILLS", kills)))?;
    }
    if (fuzz.flips, fuzz.kills) != (None, None) {
        return Ok(());
    }
    let options = fuzz.options();
    let options: Vec<&str> = std::iter::once("--").chain(options.iter().map(String::as_str)).collect();
    test("amplicast-tests", "fuzz", &options, None)
}

impl Fuzz {
    /// For the test's own program.
    fn options(&self) -> Vec<String> {
        let number = |number: &Option<u64>| number.map(|n| n.to_string());
        let list = [
            ("--seconds", number(&self.seconds)),
            ("--target", self.target.clone()),
            ("--first", number(&self.first)),
            ("--count", number(&self.count)),
        ];
        list.into_iter().filter_map(|(name, value)| Some([name.into(), value?])).flatten().collect()
    }
}
