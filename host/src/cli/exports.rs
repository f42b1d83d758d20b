//! Generated histograms with their covariance, as files that other programs of the field read.

use std::path::Path;

use amplicast_sdk::{Error, Result};

use crate::exports::{Histogram, hepdata, uhi, workspace};
use crate::pipeline::Generated;
use crate::store::write_atomically;

/// Writes each histogram to a folder of its own below `folder`, and says what a format does not take; the names of the folders.
pub fn write(generated: &[Generated], folder: &Path) -> Result<Vec<String>> {
    let mut written = Vec::new();
    for Generated { of, histogram } in generated {
        let parts = [&of.generator, &of.uncertainty, &of.summary, &of.selection];
        let name = parts.map(|part| file_name(part)).join("_");
        one(histogram, &folder.join(&name), &name)?;
        written.push(name);
    }
    Ok(written)
}

fn one(histogram: &Histogram, folder: &Path, name: &str) -> Result<()> {
    let io = |e: std::io::Error| Error::io(folder.display(), e);
    std::fs::create_dir_all(folder).map_err(io)?;
    let bytes =
        |value: &serde_json::Value| serde_json::to_vec(value).map_err(|e| Error::plugin(e.to_string()));
    write_atomically(&folder.join("histogram.json"), &bytes(&uhi(histogram)?)?)?;
    let workspace = match workspace(histogram, None, None) {
        Ok(workspace) => {
            write_atomically(&folder.join("workspace.json"), &bytes(&workspace)?)?;
            Some(workspace)
        }
        Err(error) => {
            eprintln!("warning: {name}: no workspace for pyhf: {error}");
            None
        }
    };
    hepdata(histogram, workspace.as_ref(), &folder.join("hepdata"))
}

/// A name without what a file system, or a shell, takes for something else.
fn file_name(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' };
    name.chars().map(keep).collect()
}
