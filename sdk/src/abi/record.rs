//! Records: which components a plugin file holds, readable from the file before any of its code runs.
//!
//! Each registration leaves one in an ELF section, where the linker puts them behind each other: what the component is, its name
//! and its sentence, each ended by a zero. Zeros before a record are the linker's padding.

use super::export::{AbiComponent, Kind};

/// The ELF section of the records.
pub const RECORDS_SECTION: &str = ".amplicast.components";

/// What a component is called, and which kind that is.
const TITLES: [(&str, Kind); 6] = [
    ("dataset", Kind::Dataset),
    ("generator", Kind::Generator),
    ("uncertainty", Kind::Uncertainty),
    ("summary", Kind::Summary),
    ("fitted summary", Kind::Summary),
    ("metric", Kind::Metric),
];

/// What a plugin file says of one of its components.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// What it is.
    pub kind: Kind,
    /// Its name in experiments.
    pub name: String,
    /// What its kind is called: the name of its table, or `fitted summary`.
    pub title: &'static str,
    /// One sentence.
    pub about: String,
}

impl Record {
    /// What the record of this component says.
    pub fn of(component: &AbiComponent) -> Self {
        Record {
            kind: component.kind(),
            title: component.title(),
            name: component.name.to_string(),
            about: component.about.to_string(),
        }
    }

    /// Reads the section's bytes; `None` if they are not records from beginning to end.
    pub fn read_all(bytes: &[u8]) -> Option<Vec<Self>> {
        let mut rest = std::str::from_utf8(bytes).ok()?.trim_start_matches('\0');
        let mut records = Vec::new();
        while !rest.is_empty() {
            let (title, after) = rest.split_once('\0')?;
            let (name, after) = after.split_once('\0')?;
            let (about, after) = after.split_once('\0')?;
            let &(title, kind) = TITLES.iter().find(|(known, _)| *known == title)?;
            if name.is_empty() || [name, about].concat().contains(char::is_control) {
                return None;
            }
            records.push(Record { kind, title, name: name.into(), about: about.into() });
            rest = after.trim_start_matches('\0');
        }
        Some(records)
    }
}

/// Length of a record with these parts in bytes.
pub const fn record_length(title: &str, name: &str, about: &str) -> usize {
    title.len() + name.len() + about.len() + 3
}

/// A record's bytes, made at compile time for the static of a registration.
pub const fn encode_record<const LENGTH: usize>(title: &str, name: &str, about: &str) -> [u8; LENGTH] {
    assert!(!name.is_empty(), "expected a component's NAME, found an empty one");
    let parts = [title, name, about];
    let mut record = [0; LENGTH];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            // U+0080 to U+009F are two bytes.
            let control =
                bytes[i].is_ascii_control() || bytes[i] == 0xc2 && i + 1 < bytes.len() && bytes[i + 1] < 0xa0;
            assert!(!control, "expected a component's NAME and ABOUT in one line, found a control character");
            record[at] = bytes[i];
            at += 1;
            i += 1;
        }
        at += 1;
        part += 1;
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(title: &str, name: &str, about: &str) -> Vec<u8> {
        format!("{title}\0{name}\0{about}\0").into_bytes()
    }

    #[test]
    #[should_panic(expected = "control character")]
    fn a_record_is_one_line() {
        let _ = encode_record::<10>("metric", "k", "\u{9b}");
    }

    fn record(kind: Kind, title: &'static str, name: &str, about: &str) -> Record {
        Record { kind, title, name: name.into(), about: about.into() }
    }

    #[test]
    fn round_trip() {
        const LENGTH: usize = record_length("fitted summary", "höhe", "");
        assert_eq!(
            encode_record::<LENGTH>("fitted summary", "höhe", "").to_vec(),
            encoded("fitted summary", "höhe", "")
        );
        let height = record(Kind::Summary, "fitted summary", "höhe", "");
        assert_eq!(Record::read_all(&encoded("fitted summary", "höhe", "")), Some(vec![height.clone()]));
        let two = [
            b"\0\0".to_vec(),
            encoded("fitted summary", "höhe", ""),
            b"\0\0\0".to_vec(),
            encoded("metric", "ks", "K."),
        ];
        let expected = vec![height, record(Kind::Metric, "metric", "ks", "K.")];
        assert_eq!(Record::read_all(&two.concat()), Some(expected));
        assert_eq!(Record::read_all(b""), Some(Vec::new()));
        assert_eq!(Record::read_all(&[0; 9]), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let whole = [encoded("generator", "flow", "A flow."), encoded("metric", "ks", "K.")].concat();
        let first = encoded("generator", "flow", "A flow.").len();
        for length in (1..whole.len()).filter(|&length| length != first) {
            assert_eq!(Record::read_all(&whole[..length]), None, "{length}");
        }
        for damaged in [
            encoded("generador", "flow", "A flow."),
            encoded("", "flow", "A flow."),
            encoded("metric", "", "K."),
            [encoded("metric", "ks", "K."), b"more".to_vec()].concat(),
            b"metric\0k\xff\0K.\0".to_vec(),
            encoded("metric", "ks", "\u{1b}[2J"),
            encoded("metric", "k\u{85}s", "K."),
        ] {
            assert_eq!(Record::read_all(&damaged), None, "{damaged:?}");
        }
    }
}
