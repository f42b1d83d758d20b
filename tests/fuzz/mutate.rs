//! Changes of an input at random.

use amplicast_sdk::Seed;
use amplicast_sdk::rand::{Rng, RngExt};

use crate::structure;
use crate::targets::Target;

/// Numbers at the ends of what is possible, as text.
const NUMBERS: [&str; 13] = [
    "0",
    "-1",
    "1e308",
    "nan",
    "inf",
    "-0.0",
    "1e-320",
    "4294967296",
    "18446744073709551616",
    "9223372036854775807",
    "0.1",
    "\"x\"",
    "[]",
];

/// A changed input of a target, a function of `number` alone: one of its sound inputs, by turns, with one to four changes, of its
/// bytes, or in every other one of its values.
pub fn mutated(target: &Target, number: u64) -> Vec<u8> {
    let mut stream = Seed::new(number).split("fuzz").stream();
    let input = &target.seeds[number as usize % target.seeds.len()];
    if stream.random() {
        let changed = target.language.and_then(|language| structure::changed(input, language, &mut stream));
        if let Some(changed) = changed {
            return changed;
        }
    }
    let mut bytes = input.clone();
    for _ in 0..often(&mut stream) {
        if !bytes.is_empty() {
            change(&mut bytes, &mut stream);
        }
    }
    bytes
}

/// How often an input is changed: one change in half of them, so that what follows it is read as well.
pub fn often(stream: &mut impl Rng) -> u32 {
    [1, 1, 1, 2, 3, 4][stream.random_range(0..6)]
}

fn change(bytes: &mut Vec<u8>, stream: &mut impl Rng) {
    let n = bytes.len();
    let place = stream.random_range(0..n);
    let length = stream.random_range(1..=32).min(n - place);
    match stream.random_range(0..9) {
        0 | 1 => bytes[place] ^= 1 << stream.random_range(0..8),
        2 => bytes[place] = stream.random(),
        3 => {
            let width = [1, 2, 4, 8][stream.random_range(0..4)].min(n - place);
            let extreme: [u8; 8] =
                [u64::MAX, 0, 1 << 63, 1 << 31, 255, u64::MAX >> 1][stream.random_range(0..6)].to_le_bytes();
            bytes[place..place + width].copy_from_slice(&extreme[..width]);
        }
        4 => drop(bytes.drain(place..place + length)),
        5 => {
            let piece = bytes[place..place + length].to_vec();
            let to = stream.random_range(0..=n);
            bytes.splice(to..to, piece);
        }
        6 => {
            let other = stream.random_range(0..n - length + 1);
            for i in 0..length {
                bytes.swap(place + i, other + i);
            }
        }
        7 => bytes.truncate(place),
        // A number of a text becomes another one.
        _ => {
            let is_number = |b: &u8| b.is_ascii_digit() || b".-+eE_".contains(b);
            let Some(start) = bytes[place..].iter().position(u8::is_ascii_digit).map(|i| place + i) else {
                return;
            };
            let end = bytes[start..].iter().position(|b| !is_number(b)).map_or(n, |i| start + i);
            let other = NUMBERS[stream.random_range(0..NUMBERS.len())];
            bytes.splice(start..end, other.bytes());
        }
    }
}
