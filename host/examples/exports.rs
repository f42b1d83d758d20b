//! Writes histograms whose answers are known in all formats: `cargo run -p amplicast --example exports -- FOLDER`.
//!
//! `cargo xtask test --packages` puts them before the programs that they are for (`tests/exports.py`).

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use amplicast::exports::{Histogram, hepdata, uhi, workspace};
use serde_json::Value;

/// Four bins whose covariance is the sum of squares of four shifts of all bins.
fn golden() -> Histogram {
    let shifts = [
        [20.0, 20.0, 20.0, 20.0],
        [10.0, 10.0, -10.0, -10.0],
        [5.0, -5.0, 5.0, -5.0],
        [3.0, -3.0, -3.0, 3.0],
    ];
    let entry = |at: usize| shifts.iter().map(|shift| shift[at / 4] * shift[at % 4]).sum();
    Histogram {
        name: "radius".into(),
        label: "radius".into(),
        edges: vec![0.0, 1.0, 2.0, 4.0, 8.0],
        values: vec![400.0, 300.0, 200.0, 100.0],
        covariance: (0..16).map(entry).collect(),
        description: "Four bins with known answers.".into(),
    }
}

/// Numbers with all digits and exponents, a bin without events, and texts that YAML could misread.
fn awkward() -> Histogram {
    let scale = 1e-7 / 3.0;
    let golden = golden();
    let keeps = |at: usize| at / 4 != 3 && at % 4 != 3;
    let covariance = golden.covariance.iter().enumerate();
    Histogram {
        name: "m-jj: 2".into(),
        label: "m(jj) [GeV] # \"\u{e9}\\\u{3bc}\" {a: 1}".into(),
        edges: vec![-1e22, -1.0 / 3.0, 0.0, 1e-9, 1e16],
        values: vec![1e17 / 3.0, 300.0 * scale, 1e-6, 0.0],
        covariance: covariance
            .map(|(at, entry)| if keeps(at) { entry * scale * scale } else { 0.0 })
            .collect(),
        description: "yes: - 'no', \"null\" | > & * \u{1d538}".into(),
    }
}

/// So many bins that their covariance is too long for a table of HEPData.
fn many() -> Histogram {
    let bins = 400;
    let mut covariance = vec![1.0 / 3.0; bins * bins];
    covariance.iter_mut().step_by(bins + 1).for_each(|variance| *variance += 100.0);
    let edges = (0..=bins).map(|edge| edge as f64).collect();
    Histogram { edges, values: vec![100.0; bins], covariance, ..golden() }
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err("expected the folder to write to".into());
    };
    let golden = golden();
    let fit = workspace(&golden, Some(&[5.0, 20.0, 40.0, 10.0]), Some(&[412.0, 330.0, 236.0, 104.0]))?;
    write(&folder.join("golden"), &golden, Some(&fit))?;
    write(
        &folder.join("scaled"),
        &golden,
        Some(&workspace(&golden, None, Some(&[412.0, 330.0, 236.0, 104.0]))?),
    )?;
    write(&folder.join("awkward"), &awkward(), None)?;
    write(&folder.join("many"), &many(), None)
}

fn write(folder: &Path, histogram: &Histogram, fit: Option<&Value>) -> Result<(), Box<dyn Error>> {
    hepdata(histogram, fit, &folder.join("hepdata"))?;
    fs::write(folder.join("uhi.json"), uhi(histogram)?.to_string())?;
    if let Some(fit) = fit {
        fs::write(folder.join("workspace.json"), fit.to_string())?;
    }
    Ok(())
}
