//! Files of event generators as their own packages write them: `cargo xtask test --generators` makes them, and says what pylhe and pyhepmc find
//! in them.

use std::path::Path;
use std::time::Instant;

use amplicast_sdk::Result;
use serde_json::Value;

use crate::place::Bytes;
use crate::table::{Selection, Table};
use crate::{hepmc, lhe};

/// Where the files are.
const FOLDER: &str = "AMPLICAST_GENERATORS";

/// Events, and the sums of a weight, of the first muon's px and of the invariant mass of both.
fn sums(table: &Table) -> [f64; 4] {
    let (rows, d) = (table.shape[0], table.shape[1]);
    let mut numbers = vec![0.0; rows * d];
    table.source.read(0, &mut numbers).unwrap();
    let mut sums = [rows as f64, 0.0, 0.0, 0.0];
    for row in numbers.chunks(d) {
        let [e, px, py, pz] = std::array::from_fn(|i| row[i] + row[4 + i]);
        sums[1] += row[8];
        sums[2] += row[1];
        sums[3] += (e * e - px * px - py * py - pz * pz).max(0.0).sqrt();
    }
    sums
}

/// The numbers and columns of a text that is opened with this selection.
pub fn numbers_of(
    open: fn(&Bytes, &Selection) -> Result<Table>,
    text: &[u8],
    select: &[&str],
    weights: Option<&str>,
) -> Result<(Vec<f64>, Vec<String>)> {
    let select = (!select.is_empty()).then(|| select.iter().map(|text| text.to_string()).collect());
    let selection = Selection { select, weights: weights.map(str::to_owned), ..Selection::default() };
    let table = open(&Bytes::Memory(text.into()), &selection)?;
    let mut numbers = vec![0.0; table.shape.iter().product()];
    table.source.read(0, &mut numbers)?;
    Ok((numbers, table.columns.unwrap()))
}

fn read(path: &Path, weight: &str) -> Table {
    let select = Some(["mu=13", "antimu=-13"].map(str::to_owned).to_vec());
    let selection = Selection { select, weights: Some(weight.to_owned()), ..Selection::default() };
    let bytes = Bytes::File(std::fs::File::open(path).unwrap().into());
    let of_hepmc = path.to_string_lossy().contains("hepmc");
    if of_hepmc { hepmc::open(&bytes, &selection) } else { lhe::open(&bytes, &selection) }.unwrap()
}

#[test]
fn files_hold_what_their_packages_read() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: Vec<Value> = serde_json::from_str(&expected).unwrap();
    assert!(!expected.is_empty());
    for one in &expected {
        let text = |key: &str| one[key].as_str().unwrap();
        let number = |key: &str| one[key].as_f64().unwrap();
        let (name, weight) = (text("file"), text("weight"));
        let start = Instant::now();
        let table = read(&folder.join(name), weight);
        let seconds = start.elapsed().as_secs_f64();
        let found = sums(&table);
        for (found, key) in found.into_iter().zip(["events", "weights", "px", "masses"]) {
            let expected = number(key);
            // Sums of both signs: what rounding may change is relative to their terms, which are below 1e4.
            let scale = expected.abs().max(if key == "px" { number("events") } else { 0.0 });
            assert!(
                (found - expected).abs() <= 1e-12 * scale,
                "{name}, {weight}, {key}: expected {expected:e}, found {found:e}"
            );
        }
        println!(
            "{name}, {weight}: {} events in {seconds:.3} s, {:.1} times as fast",
            found[0],
            number("seconds") / seconds
        );
    }
}
