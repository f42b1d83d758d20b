//! Text that is read line by line, plain or packed with gzip, and the numbers in it.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use amplicast_sdk::{Error, Result};
use flate2::read::MultiGzDecoder;

use crate::place::Bytes;

/// Bytes that are read at once.
const READ_BYTES: usize = 1 << 18;

/// The longest line: no generator writes any near to it, and what is no text has no lines.
const LONGEST_LINE: u64 = 1 << 26;

/// The longest number that is read without the standard library, whose digits 64 bits hold.
const SHORT: usize = 19;

/// Characters of a line that a message shows.
const SHOWN: usize = 100;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Whether bytes are the begin of something packed with gzip.
pub fn is_gzip(begin: &[u8]) -> bool {
    begin.starts_with(&GZIP)
}

/// The begin of what is packed in these bytes, as far as they give it.
pub fn unpacked_begin(begin: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    // These bytes end in the middle: what came before that is there.
    _ = MultiGzDecoder::new(begin).take(begin.len() as u64).read_to_end(&mut text);
    text
}

/// The lines of a file.
pub struct Lines {
    reader: BufReader<Box<dyn Read>>,
    gzip: bool,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    /// From the begin of a file on.
    pub fn of(bytes: &Bytes) -> Result<Self> {
        let mut begin = Vec::new();
        let magic = GZIP.len() as u64;
        bytes.from(0).take(magic).read_to_end(&mut begin).map_err(|error| unreadable(false, &error))?;
        let gzip = is_gzip(&begin);
        let plain = bytes.from(0);
        let reader: Box<dyn Read> = if gzip {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(READ_BYTES, plain)))
        } else {
            Box::new(plain)
        };
        Ok(Lines { reader: BufReader::with_capacity(READ_BYTES, reader), gzip, line: Vec::new(), number: 0 })
    }

    /// The next line, with its number, counted from 1.
    pub fn next(&mut self) -> Result<Option<(u64, &[u8])>> {
        self.line.clear();
        let mut rest = self.reader.by_ref().take(LONGEST_LINE);
        let read = rest.read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| unreadable(self.gzip, &error))?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if read as u64 == LONGEST_LINE && !self.line.ends_with(b"\n") {
            return Err(Error::data(format!(
                "expected lines of at most {LONGEST_LINE} bytes, found a longer one"
            ))
            .at(format!("line {}", self.number)));
        }
        Ok(Some((self.number, self.line.trim_ascii_end())))
    }
}

/// The error of bytes that cannot be read.
fn unreadable(gzip: bool, error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => Error::data(
            "the file is cut short: expected the end of what gzip packed, found the end of the file; write or copy it again",
        ),
        _ if gzip => Error::data(format!(
            "cannot unpack the file, which is packed with gzip: {error}; write or copy it again"
        )),
        _ => Error::data(format!("cannot read the file: {error}")),
    }
}

/// An error in a line of a file of events, counted from 1, and in which event; what is configured wrongly is no fault of the line.
pub fn at_line(error: Error, line: u64, event: Option<u64>) -> Error {
    match (error.kind(), event) {
        (amplicast_sdk::ErrorKind::Config, _) => error,
        (_, Some(event)) => error.at(format!("event {event} (counted from 0), line {line}")),
        (_, None) => error.at(format!("line {line}")),
    }
}

/// A line, as a message shows it.
pub fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line.trim_ascii());
    let cut: String = text.chars().take(SHOWN).collect();
    if cut.len() < text.len() { format!("`{cut}...`") } else { format!("`{cut}`") }
}

/// The words of a line: what stands between white space.
pub fn words(line: &[u8]) -> Words<'_> {
    Words(line)
}

/// See [`words`].
pub struct Words<'a>(&'a [u8]);

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        // Of white space and other control characters no number is made.
        let begin = self.0.iter().position(|byte| *byte > b' ')?;
        let rest = &self.0[begin..];
        let end = rest.iter().position(|byte| *byte <= b' ').unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.0 = rest;
        Some(word)
    }
}

/// A number, correctly rounded; Fortran's `1.5D+02` is one as well.
pub fn float(word: &[u8]) -> Option<f64> {
    short(word).or_else(|| {
        let text = std::str::from_utf8(word).ok()?;
        text.parse().ok().or_else(|| {
            let exponent = text.find(['d', 'D'])?;
            format!("{}e{}", &text[..exponent], &text[exponent + 1..]).parse().ok()
        })
    })
}

/// A number of few digits, as most are: two whole numbers that doubles hold exactly, whose product or quotient is rounded once.
fn short(word: &[u8]) -> Option<f64> {
    const TENS: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
        1e18, 1e19, 1e20, 1e21, 1e22,
    ];
    // What is longer has more digits than a double.
    if word.len() > SHORT {
        return None;
    }
    let (negative, digits) = match word {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let (mut mantissa, mut seen, mut behind, mut point, mut exponent) = (0_u64, 0, 0, false, 0);
    let mut bytes = digits.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'0'..=b'9' => {
                mantissa = 10 * mantissa + u64::from(byte - b'0');
                seen += 1;
                behind += i32::from(point);
            }
            b'.' if !point => point = true,
            b'e' | b'E' => {
                let power = bytes.as_slice();
                let few = (1..=4).contains(&power.len());
                exponent = i32::try_from(integer_of_digits(power)?).ok().filter(|_| few)?;
                break;
            }
            _ => return None,
        }
    }
    let exponent = exponent - behind;
    if seen == 0 || mantissa > 1 << f64::MANTISSA_DIGITS {
        return None;
    }
    let ten = TENS.get(exponent.unsigned_abs() as usize)?;
    let size = if exponent < 0 { mantissa as f64 / ten } else { mantissa as f64 * ten };
    Some(if negative { -size } else { size })
}

/// A whole number; some write `21.0`.
pub fn integer(word: &[u8]) -> Option<i64> {
    integer_of_digits(word).or_else(|| {
        let whole = float(word).filter(|x| x.fract() == 0.0 && x.abs() < 9e15);
        whole.map(|x| x as i64)
    })
}

/// A sign, perhaps, and digits.
fn integer_of_digits(word: &[u8]) -> Option<i64> {
    let (negative, digits) = match word {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0, |n, digit| 10 * n + i64::from(digit - b'0'));
    Some(if negative { -size } else { size })
}

/// Where a word is in a line.
pub fn find(line: &[u8], word: &[u8]) -> Option<usize> {
    line.windows(word.len()).position(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_generators_write_them() {
        for (text, expected) in
            [("1", 1), ("-21", -21), ("+5", 5), ("21.0", 21), ("2.0E1", 20), ("1000022", 1_000_022)]
        {
            assert_eq!(integer(text.as_bytes()), Some(expected), "{text}");
        }
        for text in ["", "-", "1.5", "x", "1e300", "nan", "99999999999999999999"] {
            assert_eq!(integer(text.as_bytes()), None, "{text}");
        }
        for (text, expected) in [
            ("-0.17300000000E+03", -173.0),
            ("1.5D+02", 150.0),
            ("2d0", 2.0),
            ("0.1", 0.1),
            // Between two doubles, just above the middle.
            ("1.00000000000000011102230246251565404236316680908203126", 1.000_000_000_000_000_2),
        ] {
            assert_eq!(float(text.as_bytes()), Some(expected), "{text}");
        }
        // Of any number of digits and any power what the standard library reads.
        for mantissa in [
            "0",
            "7",
            "-12.5",
            "9007199254740992",
            "9007199254740993",
            ".5",
            "5.",
            "-0.0",
            "000000000000000000001",
        ] {
            for exponent in [
                "",
                "e0",
                "E+07",
                "e-08",
                "e22",
                "e-22",
                "e23",
                "e-23",
                "e+300",
                "e-300",
                "e-0005",
                "e00000000000007",
            ] {
                let text = format!("{mantissa}{exponent}");
                let expected: f64 = text.parse().unwrap();
                assert_eq!(float(text.as_bytes()).map(f64::to_bits), Some(expected.to_bits()), "{text}");
            }
        }
        for i in 0..20_000_u64 {
            let bits = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let x = (bits >> 11) as f64 * 1e-12 - 1e3;
            for text in [format!("{x:.9e}"), format!("{x:.16e}"), format!("{x:.7}"), format!("{x}")] {
                assert_eq!(float(text.as_bytes()), text.parse().ok(), "{text}");
            }
        }
        for text in ["1.0x", "", ".", "-", "e5", "1e", "1e+", "1.2.3", "--1", "1e5.0"] {
            assert_eq!(float(text.as_bytes()), None, "{text}");
        }
        assert_eq!(float(&[0xff]), None);
        assert!(float(b"NaN").is_some_and(f64::is_nan));
    }

    #[test]
    fn lines_and_words() {
        let text: &[u8] = b"one  two\r\n\n three";
        let mut lines = Lines::of(&Bytes::Memory(text.into())).unwrap();
        let mut found = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            found.push((number, words(line).map(|word| word.to_vec()).collect::<Vec<_>>()));
        }
        let expected =
            [(1, vec![b"one".to_vec(), b"two".to_vec()]), (2, vec![]), (3, vec![b"three".to_vec()])];
        assert_eq!(found, expected);
        assert_eq!(shown(b"  a b \n"), "`a b`");
        assert!(shown(&[b'x'; 300]).ends_with("x...`"));
        assert_eq!((find(b"a<event>", b"<event"), find(b"a", b"<event")), (Some(1), None));
    }
}
