//! Which columns are no features, but numbers of rows or of events: told by their names and by what they hold.

use crate::words::words;

/// Values of a column that are looked at.
pub const LOOKED_AT: usize = 4096;

/// What a column holds in its first rows.
#[derive(Debug)]
pub enum Values {
    Numbers(Vec<f64>),
    /// Several numbers an event.
    Several,
    /// No numbers, or some that are not read: text, integers from 2^53 on.
    Unread,
}

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    /// Libraries give it to the index of a frame, and to nothing else.
    Reserved,
    /// A number of an event, a run or a block of them: integers are one.
    Event,
    /// A number of a row: integers that count are one.
    Row,
}

/// Whether a column is left out: `declared` if the file itself says that it labels rows.
pub fn is_row_number(name: &str, declared: bool, values: impl FnOnce() -> Values) -> bool {
    let holds = |test: fn(&[f64]) -> bool| match values() {
        Values::Numbers(numbers) => test(&numbers),
        Values::Several => false,
        Values::Unread => true,
    };
    match label(name) {
        Some(Label::Reserved) => true,
        Some(Label::Event) => holds(integers),
        Some(Label::Row) => holds(counts),
        None => declared && holds(counts),
    }
}

/// What a name says: `eventNumber`, `run`, `lumi_block`; `index`, `row_nr`, `id`, `Unnamed: 0`.
fn label(name: &str) -> Option<Label> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let numbered = |prefix: &str, end: &str| {
        name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(end)).is_some_and(digits)
    };
    if numbered("__index_level_", "__") || name == "__null_dask_index__" {
        return Some(Label::Reserved);
    }
    if numbered("Unnamed: ", "") || numbered("level_", "") {
        return Some(Label::Row);
    }
    // Of a field within a structure the field's name tells.
    let letters = words(name.rsplit(['.', '/']).next().unwrap_or(name)).concat();
    match letters.as_str() {
        "id" | "idx" | "index" | "indices" | "uid" | "rownum" | "rn" => Some(Label::Row),
        "dsid" | "mcchannel" | "mcchannelnumber" | "channelnumber" | "bcid" | "bunchcrossing" => {
            Some(Label::Event)
        }
        _ => phrase(&letters),
    }
}

/// A name that is a noun with words for its number: `event`, `evtnum`, `luminosityblock`, `runid`, `row_index`.
fn phrase(letters: &str) -> Option<Label> {
    const BEFORE: [&str; 5] = ["", "global", "mc", "lhe", "sub"];
    const NOUNS: [(&str, Label); 15] = [
        ("events", Label::Event),
        ("event", Label::Event),
        ("evts", Label::Event),
        ("evnt", Label::Event),
        ("evt", Label::Event),
        ("luminosity", Label::Event),
        ("lumi", Label::Event),
        ("orbit", Label::Event),
        ("run", Label::Event),
        ("entries", Label::Row),
        ("entry", Label::Row),
        ("record", Label::Row),
        ("rows", Label::Row),
        ("row", Label::Row),
        ("item", Label::Row),
    ];
    const AFTER: [&str; 11] =
        ["number", "num", "nr", "no", "id", "idx", "index", "blocks", "block", "section", "sec"];
    let of_number = |mut rest: &str| {
        while let Some(word) = AFTER.iter().find(|word| rest.starts_with(**word)) {
            rest = &rest[word.len()..];
        }
        rest.is_empty()
    };
    BEFORE.iter().find_map(|before| {
        let rest = letters.strip_prefix(before)?;
        let (_, label) = NOUNS.iter().find(|(noun, _)| rest.strip_prefix(noun).is_some_and(of_number))?;
        Some(*label)
    })
}

fn integers(values: &[f64]) -> bool {
    values.iter().all(|x| x.fract() == 0.0)
}

/// Integers that grow or fall throughout, or most of which are different, as row numbers in any order are.
fn counts(values: &[f64]) -> bool {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    integers(values)
        && (2 * sorted.len() > values.len() || values.is_sorted() || values.iter().rev().is_sorted())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(name: &str, declared: bool, values: &[f64]) -> bool {
        is_row_number(name, declared, || Values::Numbers(values.to_vec()))
    }

    #[test]
    fn names_and_content_tell_row_numbers() {
        let rows: Vec<f64> = (0..200).map(f64::from).collect();
        // In any order: 7 is prime to 200.
        let shuffled: Vec<f64> = (0..200).map(|i| f64::from(i * 7 % 200)).collect();
        let halves: Vec<f64> = rows.iter().map(|x| x + 0.5).collect();
        for name in [
            "row_nr",
            "row_index",
            "rowIndex",
            "entry",
            "entries",
            "id",
            "ID",
            "idx",
            "index",
            "Index",
            "rownum",
            "row",
            "row number",
            "Unnamed: 0",
            "level_0",
            "record_id",
            "tree.entry",
            "subentry",
        ] {
            assert!(left_out(name, false, &rows) && left_out(name, false, &shuffled), "{name}");
            // Features of this name: halves, or a kind that has few values.
            let kinds: Vec<f64> = (0..200).map(|i| f64::from(i * i % 5)).collect();
            assert!(!left_out(name, false, &halves) && !left_out(name, false, &kinds), "{name}");
        }
        for name in [
            "event",
            "Event",
            "eventNumber",
            "event_number",
            "EVENTNUMBER",
            "evt",
            "evtNum",
            "evt_no",
            "run",
            "runNumber",
            "RunID",
            "lumi",
            "luminosityBlock",
            "lumi_section",
            "event_id",
            "mcChannelNumber",
            "mc_channel",
            "ev.event",
            "lumiBlock",
            "run_no",
            "eventIndex",
        ] {
            // One run is all that there may be, and blocks repeat in any order.
            let blocks: Vec<f64> = (0..200).map(|i| f64::from(i * i % 5)).collect();
            assert!(left_out(name, false, &[284_500.0; 200]) && left_out(name, false, &blocks), "{name}");
            assert!(!left_out(name, false, &halves), "{name}");
            assert!(is_row_number(name, false, || Values::Unread), "{name}");
            assert!(!is_row_number(name, false, || Values::Several), "{name}");
        }
        for name in ["__index_level_0__", "__null_dask_index__"] {
            assert!(left_out(name, false, &halves), "{name}");
        }
    }

    #[test]
    fn features_stay() {
        let rows: Vec<f64> = (0..200).map(f64::from).collect();
        for name in [
            "pt",
            "n",
            "njets",
            "n_events",
            "nEvents",
            "eventShape",
            "event_ht",
            "sphericity",
            "run_pt",
            "rung",
            "pdgId",
            "pid",
            "jet_id",
            "idle",
            "width",
            "eta",
            "trunk",
            "entropy",
            "no",
            "number",
            "x1",
            "i",
            "norm",
        ] {
            assert!(!left_out(name, false, &rows), "{name}");
        }
        // What the file says is an index is one if it counts: `set_index("n")` makes one of any feature.
        assert!(left_out("n", true, &rows));
        assert!(!left_out("n", true, &[0.25, 1.5, -3.0]));
        let jets: Vec<f64> = (0..200).map(|i| f64::from(i * i % 5)).collect();
        assert!(!left_out("njets", true, &jets));
    }
}
