//! Numbers as files store them, and what they are as f64.

use std::fmt;

use amplicast_sdk::{Error, Result};

/// Integers from here on are not all f64.
pub const TOO_LARGE: f64 = (1_u64 << 53) as f64;

/// What a stored number is; the size is in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Signed(usize),
    Unsigned(usize),
    Float(usize),
}

/// A stored number: IEEE 754 floats of 2, 4 or 8 bytes, integers of 1, 2, 4 or 8, booleans of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    pub kind: Kind,
    /// Whether the highest byte comes first.
    pub big: bool,
}

/// One number of a record, from byte `offset` on.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub number: Number,
    pub offset: usize,
}

impl Number {
    /// A little-endian number.
    pub fn little(kind: Kind) -> Self {
        Number { kind, big: false }
    }

    /// Its size in bytes.
    pub fn bytes(self) -> usize {
        match self.kind {
            Kind::Bool => 1,
            Kind::Signed(bytes) | Kind::Unsigned(bytes) | Kind::Float(bytes) => bytes,
        }
    }

    /// Whether there are integers that no f64 is.
    fn wide(self) -> bool {
        matches!(self.kind, Kind::Signed(8) | Kind::Unsigned(8))
    }

    /// Numbers that lie one after another, as f64; gives the place of the first integer that is too large for one.
    pub fn decode(self, bytes: &[u8], out: &mut [f64]) -> Option<usize> {
        match (self.kind, self.big) {
            (Kind::Float(4), false) => {
                let (words, _) = bytes.as_chunks::<4>();
                out.iter_mut().zip(words).for_each(|(x, b)| *x = f64::from(f32::from_le_bytes(*b)));
            }
            (Kind::Float(8), false) => {
                let (words, _) = bytes.as_chunks::<8>();
                out.iter_mut().zip(words).for_each(|(x, b)| *x = f64::from_le_bytes(*b));
            }
            _ => {
                let size = self.bytes();
                out.iter_mut().zip(bytes.chunks_exact(size)).for_each(|(x, b)| *x = self.value(b));
            }
        }
        if self.wide() { out.iter().position(|x| x.abs() >= TOO_LARGE) } else { None }
    }

    /// The number in its bytes.
    fn value(self, bytes: &[u8]) -> f64 {
        // The bytes, lowest first, in eight.
        let mut word = [0; 8];
        let size = self.bytes();
        word[..size].copy_from_slice(&bytes[..size]);
        if self.big {
            word[..size].reverse();
        }
        let bits = u64::from_le_bytes(word);
        let unused = 64 - 8 * size as u32;
        match self.kind {
            Kind::Bool => f64::from(u8::from(bits != 0)),
            Kind::Unsigned(_) => bits as f64,
            Kind::Signed(_) => ((bits << unused) as i64 >> unused) as f64,
            Kind::Float(2) => half(bits as u16),
            Kind::Float(4) => f64::from(f32::from_bits(bits as u32)),
            Kind::Float(_) => f64::from_bits(bits),
        }
    }
}

/// Records of `size` bytes, one an event: some fields of each, in this order.
///
/// Gives the place in `out` of the first integer that is too large for an f64.
pub fn decode_records(size: usize, fields: &[Field], bytes: &[u8], out: &mut [f64]) -> Option<usize> {
    let d = fields.len();
    for (event, record) in out.chunks_exact_mut(d).zip(bytes.chunks_exact(size)) {
        for (x, field) in event.iter_mut().zip(fields) {
            *x = field.number.value(&record[field.offset..]);
        }
    }
    let wide: Vec<usize> = (0..d).filter(|&k| fields[k].number.wide()).collect();
    let too_large = |k: usize| out.iter().skip(k).step_by(d).position(|x| x.abs() >= TOO_LARGE);
    wide.into_iter().filter_map(|k| Some(too_large(k)? * d + k)).min()
}

/// The error of an integer that is too large for an f64.
pub fn too_large(row: u64, number: usize, name: Option<&str>) -> Error {
    let name = name.map_or(String::new(), |name| format!(" (`{name}`)"));
    Error::data(format!(
        "row {row}, number {number}{name}: expected an integer below 2^53, found a larger one, of which digits would be \
         lost; leave it out (`columns`), or save it as floating-point numbers"
    ))
}

/// A float of two bytes.
pub fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match (exponent, mantissa) {
        (0, _) => mantissa * 2_f64.powi(-24),
        (31, 0.0) => f64::INFINITY,
        (31, _) => f64::NAN,
        _ => (1.0 + mantissa / 1024.0) * 2_f64.powi(exponent - 15),
    }
}

impl Number {
    /// The number that a NumPy type code such as `<f4` stands for; says of other types what to do with them.
    pub fn of_numpy(code: &str) -> Result<Self> {
        let refuse = |what: &str, cure: &str| {
            Err(Error::data(format!(
                "expected numbers such as float32 ('<f4'), found {what} ('{code}'); {cure}"
            )))
        };
        let (order, rest) = code.split_at(code.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(0));
        let (letter, size) = rest.split_at(rest.chars().next().map_or(0, char::len_utf8));
        // The types of NumPy without a size are aliases that it does not write.
        let size: usize = size.parse().unwrap_or(0);
        let kind = match (letter, size) {
            ("b", 1) => Kind::Bool,
            ("i", 1 | 2 | 4 | 8) => Kind::Signed(size),
            ("u", 1 | 2 | 4 | 8) => Kind::Unsigned(size),
            ("f", 2 | 4 | 8) => Kind::Float(size),
            ("f", _) => return refuse("long double", "save `events.astype(\"f8\")`"),
            ("c", _) => {
                return refuse("complex numbers", "save real and imaginary parts as columns of their own");
            }
            ("O", _) => {
                return refuse(
                    "Python objects",
                    "save `events.astype(\"f8\")`; lists of different lengths must be padded first",
                );
            }
            ("U" | "S" | "a", _) => return refuse("text", "save the columns of numbers alone"),
            ("M" | "m", _) => return refuse("dates or times", "save the columns of numbers alone"),
            ("V", 2) => return refuse("bytes (bfloat16?)", "save `events.astype(\"f4\")`"),
            _ => return refuse("something else", "save `events.astype(\"f8\")`"),
        };
        Ok(Number { kind, big: order == ">" })
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Bool => write!(f, "bool"),
            Kind::Signed(bytes) => write!(f, "int{}", 8 * bytes),
            Kind::Unsigned(bytes) => write!(f, "uint{}", 8 * bytes),
            Kind::Float(bytes) => write!(f, "float{}", 8 * bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(code: &str, bytes: &[u8]) -> f64 {
        let mut out = [0.0];
        assert_eq!(Number::of_numpy(code).unwrap().decode(bytes, &mut out), None);
        out[0]
    }

    #[test]
    fn every_type_and_byte_order() {
        for (code, bytes, expected) in [
            ("<f4", &1.5_f32.to_le_bytes()[..], 1.5),
            (">f4", &1.5_f32.to_be_bytes(), 1.5),
            (">f8", &(-0.1_f64).to_be_bytes(), -0.1),
            ("<i2", &(-300_i16).to_le_bytes(), -300.0),
            (">i4", &(-70_000_i32).to_be_bytes(), -70_000.0),
            ("<u4", &u32::MAX.to_le_bytes(), 4_294_967_295.0),
            ("<u8", &(1_u64 << 52).to_le_bytes(), 4_503_599_627_370_496.0),
            ("<i8", &(-9_007_199_254_740_991_i64).to_le_bytes(), -9_007_199_254_740_991.0),
            ("|i1", &[0xff], -1.0),
            ("|u1", &[0xff], 255.0),
            ("|b1", &[1], 1.0),
        ] {
            assert_eq!(one(code, bytes), expected, "{code}");
        }
    }

    /// IEEE 754 binary16: 1 sign bit, 5 of the exponent (bias 15), 10 of the mantissa.
    #[test]
    fn half_precision() {
        for (bits, expected) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 2_f64.powi(-24)),
            (0x0400, 2_f64.powi(-14)),
            (0x3555, 0.333_251_953_125),
            (0x7c00, f64::INFINITY),
        ] {
            assert_eq!(one("<f2", &u16::to_le_bytes(bits)), expected);
            assert_eq!(one(">f2", &u16::to_be_bytes(bits)), expected);
        }
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn integers_beyond_f64_are_found() {
        let number = Number::little(Kind::Signed(8));
        let bytes: Vec<u8> = [1_i64, -(1 << 53) - 1, 1 << 60].iter().flat_map(|i| i.to_le_bytes()).collect();
        assert_eq!(number.decode(&bytes, &mut [0.0; 3]), Some(1));
        let field = |offset| Field { number, offset };
        assert_eq!(decode_records(24, &[field(0), field(16)], &bytes, &mut [0.0; 2]), Some(1));
        assert_eq!(decode_records(24, &[field(0)], &bytes, &mut [0.0]), None);
    }

    #[test]
    fn what_is_no_number_is_named() {
        for (code, word) in [
            ("<c8", "complex"),
            ("|O", "Python objects"),
            ("<f16", "long double"),
            ("<U5", "text"),
            ("|S3", "text"),
            ("<M8[ns]", "dates"),
            ("|V2", "bfloat16"),
        ] {
            let error = Number::of_numpy(code).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains(code), "{error}");
        }
    }
}
