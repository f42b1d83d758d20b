use std::io::Write;

use super::*;
use crate::generators::numbers_of;

const HEAD: &str = "HepMC::Version 3.03.00\nHepMC::Asciiv3-START_EVENT_LISTING\n";
const NAMES: &str = "W Baseline\\|Default\\|muR=2 muF=1\nA alphas 0.118\nT Pythia8\\|8.3\\|\n";
const TAIL: &str = "HepMC::Asciiv3-END_EVENT_LISTING\n\n";

/// A beam, two muons and what is given.
fn event(number: u64, unit: &str, weights: &str, more: &str) -> String {
    let count = 3 + more.lines().count();
    format!(
        "E {number} 2 {count} @ 0.0e+00 1.0e+00 0.0e+00 0.0e+00\nU {unit} MM\n{weights}A 0 GenCrossSection 1.0e+00 2.0e+00 -1 -1\n\
         A 0 note P 1 2\\|E 3\nP 1 0 2212 0.0e+00 0.0e+00 6.5e+03 6.5e+03 9.4e-01 4\nV -2 0 [1] @ 0.0e+00 0.0e+00 0.0e+00 0.0e+00\n\
         P 2 -2 13 3.0000000000000000e+00 4.0e+00 5.0e+00 1.0e+01 1.0e-01 1\n\
         P 3 -2 -13 -6.0e+00 -8.0e+00 1.0e+00 2.0e+01 1.0e-01 1\n{more}"
    )
}

const MUONS: [&str; 2] = ["mu=13,-13", "second=13,-13#2"];

fn read(text: &str, select: &[&str], weights: Option<&str>) -> Result<(Vec<f64>, Vec<String>)> {
    read_bytes(text.as_bytes(), select, weights)
}

fn read_bytes(text: &[u8], select: &[&str], weights: Option<&str>) -> Result<(Vec<f64>, Vec<String>)> {
    numbers_of(open, text, select, weights)
}

fn message(text: &str, select: &[&str], weights: Option<&str>) -> String {
    read(text, select, weights).unwrap_err().to_string()
}

#[test]
fn particles_by_transverse_momentum() {
    let text = [HEAD, &event(0, "GEV", "", ""), &event(1, "MEV", "", ""), TAIL].concat();
    let (numbers, columns) = read(&text, &MUONS, None).unwrap();
    assert_eq!(
        columns,
        ["mu.E", "mu.px", "mu.py", "mu.pz", "second.E", "second.px", "second.py", "second.pz"]
    );
    let row = [20.0, -6.0, -8.0, 1.0, 10.0, 3.0, 4.0, 5.0];
    assert_eq!(numbers, [row, row.map(|x| x / 1000.0)].concat());
    // Without a selection: the final state in the order of the file.
    assert_eq!(read(&text, &[], None).unwrap().0[..8], [10.0, 3.0, 4.0, 5.0, 20.0, -6.0, -8.0, 1.0]);
    // Files that were joined, and blank lines.
    let joined = [&text, "\n", &text].concat();
    assert_eq!(read(&joined, &MUONS, None).unwrap().0.len(), 32);
    // A description of the run may come again.
    let again =
        [HEAD, NAMES, &event(0, "GEV", "W 1 2 3\n", ""), NAMES, &event(1, "GEV", "W 4 2 6\n", ""), TAIL]
            .concat();
    assert_eq!(read(&again, &MUONS, None).unwrap().0.len(), 16);
}

#[test]
fn weights_by_name_and_by_number() {
    let text =
        [HEAD, NAMES, &event(0, "GEV", "W 1.0 -2.0 3.0e+00\n", ""), &event(1, "GEV", "W 4 5 6\n", ""), TAIL]
            .concat();
    let column = |text: &str, name: &str| {
        let (numbers, columns) = read(text, &MUONS, Some(name)).unwrap();
        assert_eq!((columns.len(), columns[8].as_str()), (9, name));
        [numbers[8], numbers[17]]
    };
    // `Default` is the nominal one, wherever it is.
    assert_eq!(column(&text, "weight"), [-2.0, 5.0]);
    assert_eq!(column(&text, "Baseline"), [1.0, 4.0]);
    assert_eq!(column(&text, "muR=2 muF=1"), [3.0, 6.0]);
    assert_eq!(column(&text, "2"), [3.0, 6.0]);
    let named = text.replace("Default", "WEIGHT");
    assert_eq!(column(&named, "weight"), [-2.0, 5.0]);
    let error = message(&text, &MUONS, Some("up"));
    let expected = "weights: expected a weight of the file, which has `weight`, `Baseline`, `Default`, `muR=2 muF=1`, found `up`";
    assert_eq!(error, expected);
    let error = message(&text, &MUONS, None);
    assert!(error.contains("weights that differ, from -2 to 5 (1 of 2 negative)"), "{error}");
    // Without names the first is the nominal one, and they have numbers.
    let plain = text.replace(NAMES, "");
    assert_eq!(column(&plain, "weight"), [1.0, 4.0]);
    assert_eq!(column(&plain, "1"), [-2.0, 5.0]);
    assert!(message(&plain, &MUONS, Some("3")).contains("which has `weight`, `0`, `1`, `2`, found `3`"));
    let error = message(&text.replace("W 4 5 6\n", ""), &MUONS, Some("1"));
    assert!(error.contains("expected 3 weights, as the file has names of, found no line of them"), "{error}");
    let error = message(&text.replace("W 4 5 6", "W 4 5"), &MUONS, Some("1"));
    assert!(
        error.starts_with("event 1 (counted from 0), line ") && error.contains("expected 3 weights"),
        "{error}"
    );
    assert!(
        message(&text.replace("W 4 5 6", "W 4 inf 6"), &MUONS, Some("2"))
            .contains("a finite weight, found inf")
    );
}

#[test]
fn names_of_weights() {
    assert_eq!(weight_names(b" a\\|b c\\|d\\\\|e"), ["a", "b c", "d\\|e"]);
    assert!(weight_names(b"").is_empty());
}

#[test]
fn other_particles_in_other_events() {
    let jet = "P 4 -2 21 1.0e+00 1.0e+00 1.0e+00 2.0e+00 0.0e+00 1\n";
    let text = [HEAD, &event(7, "GEV", "", jet), &event(8, "GEV", "", ""), TAIL].concat();
    let error = message(&text, &[], None);
    assert!(error.starts_with("event 1 (counted from 0), line "), "{error}");
    assert!(
        error.contains("found 13, -13, 21 in event 0 and 13, -13 here: variable multiplicity"),
        "{error}"
    );
    let error = message(&text, &["jet=21,1,2"], None);
    assert!(error.contains("event 1 (counted from 0)") && error.contains("status 1: 13, -13;"), "{error}");
}

#[test]
fn gzip_and_what_is_cut() {
    let text =
        [HEAD, NAMES, &event(0, "GEV", "W 1 2 3\n", ""), &event(1, "GEV", "W 4 2 6\n", ""), TAIL].concat();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    assert_eq!(read_bytes(&packed, &MUONS, None).unwrap(), read(&text, &MUONS, None).unwrap());
    assert!(
        read_bytes(&packed[..packed.len() - 1], &MUONS, None)
            .unwrap_err()
            .message()
            .starts_with("the file is cut")
    );
    // No prefix of a file is a file.
    for end in 1..text.len() - 2 {
        assert!(read(&text[..end], &MUONS, None).is_err(), "{}", &text[..end]);
    }
    let second = text.find("E 1 2 3").unwrap();
    let error = message(&text[..text.find("P 3").unwrap() + second - HEAD.len() - NAMES.len()], &MUONS, None);
    assert!(
        error.contains("the file is cut short in event 1 (counted from 0): expected 3 particles, found 2"),
        "{error}"
    );
    for events in [text.rfind("HepMC").unwrap(), second] {
        let error = message(&text[..events], &MUONS, None);
        let count = if events == second { 1 } else { 2 };
        assert!(error.contains(&format!("found none after {count} events")), "{error}");
    }
}

#[test]
fn what_is_damaged_is_named() {
    let text = [HEAD, &event(0, "GEV", "", ""), &event(1, "GEV", "", ""), TAIL].concat();
    let last = |from: &str, to: &str| {
        let place = text.rfind(from).unwrap();
        message(&[&text[..place], to, &text[place + from.len()..]].concat(), &MUONS, None)
    };
    let error = last("4.0e+00 5", "4.Oe+00 5");
    assert!(error.starts_with("event 1 (counted from 0), line 17: expected P with the 9 numbers"), "{error}");
    assert!(error.contains("found `P 2 -2 13 3.0000000000000000e+00 4.Oe+00 5.0e+00"), "{error}");
    assert!(last("4.0e+00 5", "5").contains("expected P with the 9 numbers"));
    assert!(last("4.0e+00 5", "nan 5").contains("expected a finite four-momentum"));
    assert!(
        last("E 1 2 3", "E 1 2 4").contains("expected 4 particles, as the event's first line says, found 3")
    );
    assert!(
        last("E 1 2 3", "E 1 2 2")
            .contains("expected 2 particles, as the event's first line says, found more")
    );
    assert!(
        last("E 1 2 3 @ 0.0e+00 1.0e+00 0.0e+00 0.0e+00\n", "").contains("expected units before particles")
    );
    assert!(
        message(&text.replacen("E 0", "T 0", 1), &MUONS, None)
            .contains("expected an event (E) before its lines")
    );
    assert!(last("E 1 2 3", "E 1 2").contains("expected E with the numbers"));
    assert!(last("U GEV", "U TEV").contains("expected GEV or MEV"));
    assert!(last("U GEV", "X GEV").contains("expected a line of HepMC3"));
    assert!(last(TAIL, &[TAIL, "E 1"].concat()).contains("expected HepMC::Asciiv3-START_EVENT_LISTING"));
    assert!(
        message(&text.replace(HEAD, "HepMC::IO_GenEvent-START_EVENT_LISTING\n"), &[], None)
            .contains("expected a list of")
    );
}
