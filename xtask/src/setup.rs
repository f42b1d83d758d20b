//! `cargo xtask setup`: what a build needs beside Rust and a C compiler, which is nothing; with `--torch` a CPU libtorch in
//! `third_party/libtorch`, for the plugins that need one.
//!
//! PyPI's wheels hold the very build torch-sys wants; of 4.7 GB a program on the CPU needs 486 MB.

mod assemble;
mod install;
mod mark;
mod prerequisites;
mod wheels;

use std::env;
use std::path::Path;

use crate::cache;
use crate::checkout::Checkout;
use crate::failure::{Failure, Outcome};

/// Makes sure that the build finds what it needs: with `torch` a libtorch.
///
/// # Errors
/// One line: what is missing and how to mend it.
pub fn run(checkout: &Checkout, torch: bool) -> Outcome {
    if torch {
        return libtorch(checkout);
    }
    println!("setup: nothing to fetch; `--torch` fetches libtorch for the plugins that need it");
    Ok(())
}

/// Makes sure that the build finds a libtorch.
///
/// # Errors
/// One line: what is missing and how to mend it.
pub fn libtorch(checkout: &Checkout) -> Outcome {
    if let Some(own) = users_choice(checkout)? {
        println!("setup: {own}; nothing fetched");
        return Ok(());
    }
    let target = checkout.libtorch();
    let _lock = install::lock(&target)?;
    match mark::check(&target) {
        Ok(()) => {
            println!("setup: libtorch {} is complete", wheels::TORCH_VERSION);
            return Ok(());
        }
        Err(reason) if target.exists() => println!("setup: third_party/libtorch is made anew: {reason}"),
        Err(_) => println!("setup: libtorch {} goes to third_party/libtorch", wheels::TORCH_VERSION),
    }
    prerequisites::platform()?;
    prerequisites::tools()?;
    prerequisites::space(&checkout.root().join("third_party"), assemble::MEGABYTES)?;
    let cache = cache::folder()?.join("wheels");
    let wheels = wheels::obtain(&cache)?;
    println!("setup: unpacking (about half a minute)");
    install::replace(&target, |partial| assemble::assemble(&wheels, partial))?;
    println!("setup: done");
    Ok(())
}

/// A libtorch of the user's own choice, in words, if there is one.
fn users_choice(checkout: &Checkout) -> Outcome<Option<String>> {
    // torch-sys asks only whether it is set, and it wins over LIBTORCH.
    if env::var_os("LIBTORCH_USE_PYTORCH").is_some() {
        return Ok(Some("LIBTORCH_USE_PYTORCH is set, the Python environment's PyTorch is used".into()));
    }
    let Some(value) = env::var_os("LIBTORCH").filter(|value| !checkout.is_own_libtorch(value)) else {
        return Ok(None);
    };
    let shown = value.display();
    // A static libtorch has no .so; the folder is what both kinds share.
    if Path::new(&value).join("lib").is_dir() {
        Ok(Some(format!("LIBTORCH={shown} is used")))
    } else {
        Err(Failure::new(format!(
            "LIBTORCH={shown} holds no folder lib; point it at a libtorch {}, or unset it to have one fetched",
            wheels::TORCH_VERSION
        )))
    }
}
