//! `amplicast plugins new`: a plugin of one's own, to begin with.

use std::path::Path;

use amplicast_sdk::abi::Kind;
use amplicast_sdk::{Error, Result};

use super::plugin_arguments::NewCommand;
use super::process::{Process, refused};
use crate::exit::EXIT_OK;
use crate::kit::{Sdk, Template, check_name};
use crate::pipeline::TRAINED_MODEL;
use crate::plugins::Catalogue;

/// Writes the folder, and says what to do next.
pub fn new(command: &NewCommand, process: &Process) -> u8 {
    match written(command, process) {
        Ok(()) => EXIT_OK,
        Err(error) => refused(error),
    }
}

fn written(command: &NewCommand, process: &Process) -> Result<()> {
    let name = command.name.as_str();
    check_name(name)?;
    let folder = process.path(Path::new(name));
    let catalogue = process.session(&command.plugin_path, &[])?.catalogue;
    if command.python {
        if command.sdk.is_some() {
            return Err(Error::config("--sdk", "expected none with --python: a class needs no SDK"));
        }
        announced(&Template::of_class(name, command.kind)?, name, &folder)?;
        println!("\nNext:");
        print_next(&python_commands(name));
        return Ok(());
    }
    not_taken(name, &catalogue)?;
    let sdk = match &command.sdk {
        Some(given) => Sdk::in_folder(&process.path(given))?,
        None => Sdk::of_program(std::env::current_exe().ok().as_deref()),
    };
    announced(&Template::of_crate(name, command.kind, &sdk)?, name, &folder)?;
    match &sdk {
        Sdk::Folder(folder) => println!("It depends on amplicast-sdk in {}", folder.display()),
        Sdk::Version(version) => {
            println!(
                "It depends on the published amplicast-sdk {version}; on that of a checkout with --sdk CHECKOUT/sdk"
            );
        }
    }
    println!("\nNext:");
    print_next(&[
        (format!("cargo test --release --manifest-path {name}/Cargo.toml"), "the conformance suite"),
        (format!("cargo build --release --manifest-path {name}/Cargo.toml"), "the library"),
        (
            format!("amplicast run {name}/experiment.toml --plugin-path {name}/target/release"),
            "the experiment",
        ),
    ]);
    println!("Or `amplicast plugins dev {name}`, which builds and tests it at every change.");
    Ok(())
}

/// Writes the files, and says which.
fn announced(template: &Template, name: &str, folder: &Path) -> Result<()> {
    template.write(folder)?;
    println!("Wrote {name}/:");
    let width = template.files.iter().map(|(file, ..)| file.len()).max().unwrap_or(0);
    for (file, what, _) in &template.files {
        println!("  {file:width$}  {what}");
    }
    Ok(())
}

/// Refuses a name that an experiment would take for another component.
fn not_taken(name: &str, catalogue: &Catalogue) -> Result<()> {
    let taken = |what: &str, whose: &str| {
        Err(Error::config(
            "NAME",
            format!("expected a name of its own, found `{name}`, which is a {what} of {whose}"),
        ))
    };
    if name == TRAINED_MODEL {
        return taken(Kind::Dataset.table(), "the host");
    }
    match catalogue.listed().iter().find(|listed| listed.record.name == name) {
        Some(listed) => taken(listed.record.title, &listed.file.display().to_string()),
        None => Ok(()),
    }
}

/// What to do with a class.
fn python_commands(name: &str) -> [(String, &'static str); 3] {
    let experiment = format!("{name}/experiment.toml");
    let (module, class) = Template::class_of(name);
    [
        (format!("amplicast check {experiment}"), "whether class and interpreter are found"),
        (format!("amplicast plugins check {name}/{module}.py:{class}"), "the conformance suite"),
        (format!("amplicast run {experiment}"), "the experiment"),
    ]
}

/// Commands, each with what it is for.
fn print_next(commands: &[(String, &str)]) {
    for (command, what) in commands {
        println!("  {command}    # {what}");
    }
}
