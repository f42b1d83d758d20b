//! `amplicast check --why`: what is stored of a run, and which inputs of the rest changed.

use std::path::PathBuf;

use amplicast_sdk::ErrorKind;
use serde_json::Value;

use super::process::{Process, usage};
use super::ready::Ready;
use super::run::{STAGES, folders};
use crate::exit::{EXIT_OK, stopped};
use crate::pipeline::{Change, Reason, Why, why as look};
use crate::store::Store;
use crate::terminal::{harmless, shown};

/// Inputs that are listed.
const LISTED: usize = 20;

/// Runs the command.
pub fn why(ready: &Ready, out: &Option<PathBuf>, process: &Process) -> u8 {
    let (out, others) = folders(out, ready, process);
    let store = Store::reading(&out.join(STAGES)).with_others(others);
    match look(&ready.setting(&store)) {
        Err(error) if error.kind() == ErrorKind::Cancelled => stopped(),
        Err(error) => usage(error),
        Ok(list) => {
            println!("{}, training set 1:", out.display());
            for row in &list {
                println!("{}", text(row));
            }
            EXIT_OK
        }
    }
}

fn text(Why { what, stored, all, reason }: &Why) -> String {
    let what = harmless(what);
    match reason {
        Reason::Follows => format!("{what}: follow from the chains"),
        Reason::Stored => format!("{what}: all {all} stored"),
        Reason::New => format!("{what}: {stored} of {all} stored; there were none of this kind before"),
        Reason::NotYet => format!(
            "{what}: {stored} of {all} stored; the inputs of the others are the same, they were not computed yet"
        ),
        Reason::Changed(changes) => {
            let mut out = format!(
                "{what}: {stored} of {all} stored; of the others, compared with the nearest that is stored:"
            );
            for change in changes.iter().take(LISTED) {
                out += &format!("\n  {}", line(change));
            }
            if changes.len() > LISTED {
                out += &format!("\n  and {} more", changes.len() - LISTED);
            }
            out
        }
    }
}

fn line(Change { input, from, to }: &Change) -> String {
    let value =
        |value: &Option<Value>| value.as_ref().map_or("nothing".into(), |value| shown(&value.to_string()));
    let what = if input.ends_with(".library") { " (the plugin's file)" } else { "" };
    format!("{}{what}: {} -> {}", shown(input), value(from), value(to))
}
