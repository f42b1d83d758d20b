//! What Arrow says of a Parquet file's columns and Parquet does not: durations are integers there.
//!
//! The schema is a message of Arrow's IPC format in base64: a FlatBuffer, of which only names and kinds are read.

/// Kinds of Arrow's union `Type` that are times.
const TIMES: [(u8, &str); 5] = [
    (8, "dates (DATE)"),
    (9, "times of day (TIME)"),
    (10, "times (TIMESTAMP)"),
    (11, "durations (INTERVAL)"),
    (18, "durations (DURATION)"),
];

/// The columns that hold times, with their kind; none if the schema cannot be read.
pub fn times(schema: &str) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    read(schema, &mut found);
    found
}

fn read(schema: &str, found: &mut Vec<(String, &'static str)>) -> Option<()> {
    let bytes = base64(schema)?;
    // A message begins with a marker, which old writers leave out, and its length.
    let start = if bytes.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let buffer = Buffer(bytes.get(start..)?);
    let message = buffer.table(buffer.u32(0)? as usize)?;
    let schema = message.table(2)?;
    let (count, list) = schema.vector(1)?;
    // A damaged length ends the list where the bytes end.
    for i in 0..count {
        let place = list + 4 * i;
        let field = buffer.table(place + buffer.u32(place)? as usize)?;
        let kind = field.field(2).and_then(|place| buffer.0.get(place).copied()).unwrap_or(0);
        if let Some((_, text)) = TIMES.iter().find(|(code, _)| *code == kind) {
            found.push((field.text(0)?, text));
        }
    }
    Some(())
}

#[derive(Clone, Copy)]
struct Buffer<'a>(&'a [u8]);

/// A table of a FlatBuffer.
#[derive(Clone, Copy)]
struct Table<'a> {
    buffer: Buffer<'a>,
    start: usize,
    fields: usize,
}

impl<'a> Buffer<'a> {
    fn u16(self, place: usize) -> Option<u16> {
        Some(u16::from_le_bytes(self.0.get(place..place.checked_add(2)?)?.try_into().ok()?))
    }

    fn u32(self, place: usize) -> Option<u32> {
        Some(u32::from_le_bytes(self.0.get(place..place.checked_add(4)?)?.try_into().ok()?))
    }

    fn table(self, start: usize) -> Option<Table<'a>> {
        // The places of the fields lie before the table or after it.
        let back = self.u32(start)?.cast_signed();
        let fields = usize::try_from(i64::try_from(start).ok()? - i64::from(back)).ok()?;
        Some(Table { buffer: self, start, fields })
    }
}

impl<'a> Table<'a> {
    /// Where a field lies, if it is there.
    fn field(self, number: usize) -> Option<usize> {
        let place = 4 + 2 * number;
        if place >= usize::from(self.buffer.u16(self.fields)?) {
            return None;
        }
        let offset = self.buffer.u16(self.fields + place)?;
        (offset > 0).then_some(self.start + usize::from(offset))
    }

    fn follow(self, number: usize) -> Option<usize> {
        let place = self.field(number)?;
        Some(place + self.buffer.u32(place)? as usize)
    }

    fn table(self, number: usize) -> Option<Table<'a>> {
        self.buffer.table(self.follow(number)?)
    }

    /// The length of a vector, and where its elements begin.
    fn vector(self, number: usize) -> Option<(usize, usize)> {
        let place = self.follow(number)?;
        Some((self.buffer.u32(place)? as usize, place + 4))
    }

    fn text(self, number: usize) -> Option<String> {
        let (length, place) = self.vector(number)?;
        let bytes = self.buffer.0.get(place..place.checked_add(length)?)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for c in text.bytes().filter(|c| !c.is_ascii_whitespace() && *c != b'=') {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_every_length() {
        assert_eq!(base64("Zg==").unwrap(), b"f");
        assert_eq!(base64("Zm8=").unwrap(), b"fo");
        assert_eq!(base64("Zm9vYmFy").unwrap(), b"foobar");
        assert_eq!(base64("?"), None);
    }

    #[test]
    fn damaged_schemas_say_nothing() {
        for text in ["", "Zm9v", "/////wAAAAD/////", "/////yAAAAAEAAAA/////w=="] {
            assert!(times(text).is_empty());
        }
    }
}
