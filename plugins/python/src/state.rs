//! The state of a fit as parameters of a model: bytes as whole numbers that f32 holds exactly.
//!
//! Parameters must be finite and equal themselves, which the bit patterns of bytes are not: three bytes go into each number.

use amplicast_sdk::{Error, Result};

/// Numbers before the bytes: their length, in two parts.
const LENGTH: usize = 2;
/// Bytes in a number, and what they count to.
const BYTES: usize = 3;
const BASE: usize = 1 << 24;
/// Bytes beyond those of the state that a model was tried with: a step in which room is given out.
const ROOM: usize = 1 << 16;

/// Room for states that are somewhat longer than this one, in numbers.
pub(crate) fn room(bytes: usize) -> usize {
    LENGTH + (bytes + bytes / 8 + ROOM).next_multiple_of(ROOM).div_ceil(BYTES)
}

/// A vector of so many numbers that holds these bytes.
pub(crate) fn packed(bytes: &[u8], numbers: usize) -> Result<Vec<f32>> {
    let room = numbers.saturating_sub(LENGTH) * BYTES;
    if bytes.len() > room {
        return Err(Error::data(format!(
            "expected a state of at most {room} bytes, as a first fit to all events suggests, found {}; \
             `state_bytes = {}` makes room",
            bytes.len(),
            bytes.len().next_multiple_of(ROOM)
        )));
    }
    let mut parameters = vec![(bytes.len() % BASE) as f32, (bytes.len() / BASE) as f32];
    parameters.extend(
        bytes.chunks(BYTES).map(|three| {
            three.iter().rev().fold(0_u32, |number, byte| 256 * number + u32::from(*byte)) as f32
        }),
    );
    parameters.resize(numbers, 0.0);
    Ok(parameters)
}

/// The bytes that such a vector holds.
pub(crate) fn unpacked(parameters: &[f32]) -> Result<Vec<u8>> {
    let wrong =
        || Error::data("expected the state of a Python object as its fit left it, found other parameters");
    let whole = |x: &f32| (x.fract() == 0.0 && (0.0..BASE as f32).contains(x)).then_some(*x as u32);
    let numbers = parameters.iter().map(whole).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
    let Some((&[low, high], content)) = numbers.split_first_chunk::<LENGTH>() else { return Err(wrong()) };
    let length = low as usize + BASE * high as usize;
    if length > BYTES * content.len() {
        return Err(wrong());
    }
    let mut bytes: Vec<u8> =
        content.iter().flat_map(|number| number.to_le_bytes().into_iter().take(BYTES)).collect();
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_survive() {
        let all: Vec<u8> = (0..=255).chain([0, 0, 255, 255, 255, 255]).collect();
        for n in 0..all.len() {
            let bytes = &all[all.len() - n..];
            let parameters = packed(bytes, room(n)).unwrap();
            assert_eq!(parameters.len(), room(n));
            assert!(parameters.iter().all(|x| x.is_finite()));
            assert_eq!(unpacked(&parameters).unwrap(), bytes);
        }
        let long = vec![7; BASE + 5];
        assert_eq!(unpacked(&packed(&long, room(long.len())).unwrap()).unwrap(), long);
    }

    #[test]
    fn what_is_no_state_is_refused() {
        for bad in [
            &[][..],
            &[1.0],
            &[4.0, 0.0, 1.0],
            &[1.0, 0.0, 0.5],
            &[1.0, 0.0, -1.0],
            &[1.0, 0.0, 16_777_216.0],
        ] {
            let error = unpacked(bad).unwrap_err().to_string();
            assert!(error.starts_with("expected the state of a Python object"), "{bad:?}: {error}");
        }
        assert_eq!(unpacked(&[1.0, 0.0, 258.0]).unwrap(), [2]);
        let error = packed(&[0; 7], 4).unwrap_err().to_string();
        assert!(error.starts_with("expected a state of at most 6 bytes"), "{error}");
        assert!(error.ends_with("found 7; `state_bytes = 65536` makes room"), "{error}");
    }
}
