//! Files that carry checksums (`fixtures/make_more.py`): a bit that is changed is seen, or it changes no number.

use std::path::Path;

use amplicast_sdk::Result;
use amplicast_sdk::ndarray::Array2;
use amplicast_tables::{EventFile, Pass, Selection};

const FILES: [&str; 8] = [
    "sum_stored.npz",
    "sum_packed.npz",
    "sum_plain.parquet",
    "sum_snappy.parquet",
    "sum_zstd.parquet",
    "sum_pages.parquet",
    "sum_fletcher.h5",
    "sum_deflate.h5",
];

/// Bits that are changed in each file, one at a time; `AMPLICAST_FLIPS` says another number (`cargo xtask fuzz --flips N`).
fn flips() -> u64 {
    std::env::var("AMPLICAST_FLIPS")
        .map_or(400, |number| number.parse().expect("AMPLICAST_FLIPS is a number"))
}

fn numbers(path: &Path) -> Result<Array2<f64>> {
    let file = EventFile::open(path, &Selection::default())?;
    Pass::over(&file, 0, file.rows())?;
    let mut out = Array2::zeros((file.rows() as usize, file.shape().dimension()));
    file.read(0, out.view_mut())?;
    Ok(out)
}

/// Places of a linear congruential generator (Knuth's MMIX).
fn places(count: u64, below: u64) -> impl Iterator<Item = u64> {
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    })
    .take(count as usize)
}

#[test]
fn a_changed_bit_changes_no_number_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    for name in FILES {
        let bytes =
            std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/more").join(name)).unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        let expected = numbers(&path).unwrap();
        let (mut same, mut refused, mut different) = (0, 0, Vec::new());
        for place in places(flips(), 8 * bytes.len() as u64) {
            let mut damaged = bytes.clone();
            damaged[(place / 8) as usize] ^= 1 << (place % 8);
            std::fs::write(&path, &damaged).unwrap();
            match numbers(&path) {
                Err(_) => refused += 1,
                Ok(found) if found == expected => same += 1,
                Ok(_) => different.push(place),
            }
        }
        println!("{name}: {same} the same, {refused} refused, {} different: {different:?}", different.len());
        assert!(different.is_empty(), "{name}: bits {different:?} change numbers in silence");
        // Most bits of these files are numbers.
        assert!(refused > flips() / 4, "{name}: {refused} refused");
    }
}

/// The bit lies among the numbers of the stored array, which the reader takes where they lie.
#[test]
fn a_stored_array_is_held_against_its_checksum() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.npz");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/more/sum_stored.npz");
    let mut bytes = std::fs::read(fixture).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = numbers(&path).unwrap_err().to_string();
    assert!(error.contains("`x`: its bytes do not agree with the file's checksum (CRC-32)"), "{error}");
}
