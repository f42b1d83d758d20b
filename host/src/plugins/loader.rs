//! Loads a plugin library. The only unsafe code of the host.

#![allow(unsafe_code)]

use std::error::Error as _;
use std::path::Path;

use abi_stable::library::{AbiHeaderRef, LibraryError};
use amplicast_sdk::abi::{MODULE_SYMBOL, PluginModuleRef, load_module};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

/// Loads a library whose tag was found right, and checks the layout of everything that crosses the boundary.
///
/// The library is never unloaded: its code, its thread-local destructors and libtorch's state outlive any handle.
pub fn load(path: &Path) -> Result<PluginModuleRef, String> {
    // SAFETY: runs the library's constructors. Its headers and extents were checked, and its tag says that it was made by
    // `export_plugin!` for this boundary; that its author's constructors behave cannot be known, hence the supervisor.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }
        .map_err(|error| open_error(path, &error))?;
    // SAFETY: `export_plugin!` declares this symbol as a static `LibHeader`, of which `AbiHeaderRef` is the checked prefix.
    let header = unsafe { library.get::<AbiHeaderRef>(MODULE_SYMBOL.as_bytes()) }
        .map(|symbol| *symbol)
        .map_err(|_| format!("it has a tag but no symbol {MODULE_SYMBOL}: rebuild the plugin"))?;
    let module = load_module(header).map_err(|error| layout_error(&error))?;
    std::mem::forget(library);
    Ok(module)
}

fn open_error(path: &Path, error: &libloading::Error) -> String {
    let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    // Who prints this names the file already.
    let cause = cause.strip_prefix(&format!("{}: ", path.display())).unwrap_or(&cause);
    let what = match cause.split_once(": cannot open shared object file") {
        Some((missing, _)) if missing.contains("torch") || missing.contains("libc10") => format!(
            "it needs {missing}, which is not on this machine: run `cargo xtask setup --torch`, or set LIBTORCH and rebuild the plugin"
        ),
        Some((missing, _)) => format!("it needs {missing}, which is not on this machine"),
        None => cause.into(),
    };
    match std::env::var_os("LD_LIBRARY_PATH").filter(|list| !list.is_empty()) {
        Some(list) => format!(
            "{what}; LD_LIBRARY_PATH is set ({}), and may have brought other libraries than the plugin was linked with: try without it",
            list.to_string_lossy()
        ),
        None => what,
    }
}

/// abi_stable's report runs to thousands of lines: the first difference says enough.
fn layout_error(error: &LibraryError) -> String {
    let difference = first_difference(&error.to_string());
    format!("another layout of the boundary{difference}: rebuild the plugin against this host's SDK")
}

/// ` (in TYPE: WHAT: this host has A, the plugin has B)` of the report's first difference; nothing if it has another form.
fn first_difference(report: &str) -> String {
    let lines: Vec<&str> = report.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let after = |from: usize, key: &str| {
        let at = from + lines[from..].iter().position(|l| *l == key)?;
        lines.get(at + 1).map(|l| l.trim_start_matches("field_name:"))
    };
    let Some(at) = lines.iter().position(|l| l.starts_with("Error:")) else { return String::new() };
    let what = lines[at].trim_start_matches("Error:");
    let (Some(here), Some(there)) = (after(at, "Expected:"), after(at, "Found:")) else {
        return format!(" ({what})");
    };
    let of = lines[..at].iter().rposition(|l| *l == "Layout of expected type:");
    let of = of.and_then(|from| lines[from..at].iter().find_map(|l| l.strip_prefix("type:")));
    format!(" (in {}: {what}: this host has {here}, the plugin has {there})", of.unwrap_or("it"))
}
