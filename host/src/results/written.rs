//! How `results.json` is laid out: a line for every entry of a group near the top, so that people can read it and compare two of
//! them line by line; what is further in stands on one line, as a large matrix would be white space otherwise.

use std::io::{BufWriter, Result, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::Results;

/// Groups up to this depth have a line for each entry: those of the file, of a list in it, and of an entry of that.
const SPREAD: usize = 3;

#[derive(Default)]
struct Layout {
    depth: usize,
    empty: bool,
}

impl Layout {
    fn begin(&mut self, to: &mut (impl ?Sized + Write), bracket: &[u8]) -> Result<()> {
        self.depth += 1;
        self.empty = true;
        to.write_all(bracket)
    }

    fn entry(&mut self, to: &mut (impl ?Sized + Write), first: bool) -> Result<()> {
        self.empty = false;
        if !first {
            to.write_all(b",")?;
        }
        if self.depth <= SPREAD { self.line(to) } else { Ok(()) }
    }

    fn end(&mut self, to: &mut (impl ?Sized + Write), bracket: &[u8]) -> Result<()> {
        let spread = !self.empty && self.depth <= SPREAD;
        self.depth -= 1;
        self.empty = false;
        if spread {
            self.line(to)?;
        }
        to.write_all(bracket)
    }

    fn line(&self, to: &mut (impl ?Sized + Write)) -> Result<()> {
        to.write_all(b"\n")?;
        to.write_all(&b"  ".repeat(self.depth))
    }
}

impl Formatter for Layout {
    fn begin_array<W: ?Sized + Write>(&mut self, to: &mut W) -> Result<()> {
        self.begin(to, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, to: &mut W) -> Result<()> {
        self.end(to, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> Result<()> {
        self.entry(to, first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, to: &mut W) -> Result<()> {
        self.begin(to, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, to: &mut W) -> Result<()> {
        self.end(to, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> Result<()> {
        self.entry(to, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> Result<()> {
        to.write_all(if self.depth > SPREAD { b":" } else { b": " })
    }
}

impl Results {
    /// Writes the content of `results.json`.
    pub fn write(&self, to: &mut dyn Write) -> Result<()> {
        let mut to = BufWriter::new(to);
        self.serialize(&mut Serializer::with_formatter(&mut to, Layout::default()))?;
        to.write_all(b"\n")?;
        to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_far_in_stands_on_one_line() {
        let value = json!({"a": [{"b": [1, {"c": []}], "d": {}}, {"b": []}], "e": [], "f": {"g": null}});
        let mut bytes = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut bytes, Layout::default())).unwrap();
        let expected = r#"{
  "a": [
    {
      "b": [1,{"c":[]}],
      "d": {}
    },
    {
      "b": []
    }
  ],
  "e": [],
  "f": {
    "g": null
  }
}"#;
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }
}
