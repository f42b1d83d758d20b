//! Large .npy files, written number by number.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;

use amplicast_sdk::Stream;
use amplicast_sdk::rand::RngExt;

/// Writes an array of this type (`<f4`, `<f8`) and shape; `numbers` are its bytes, row by row.
pub fn write<const BYTES: usize>(
    path: &Path,
    kind: &str,
    [events, columns]: [usize; 2],
    numbers: impl Iterator<Item = [u8; BYTES]>,
) -> Result<()> {
    let mut header =
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({events}, {columns}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(b"\x93NUMPY\x01\x00")?;
    file.write_all(&(header.len() as u16).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    for number in numbers {
        file.write_all(&number)?;
    }
    file.flush()
}

/// A particle without mass: (E, px, py, pz) in GeV.
pub fn massless(stream: &mut Stream) -> [f32; 4] {
    let [px, py, pz]: [f32; 3] = std::array::from_fn(|_| 100.0 * stream.random::<f32>() - 50.0);
    let energy = [px, py, pz].map(f64::from).iter().map(|p| p * p).sum::<f64>().sqrt();
    [energy as f32, px, py, pz]
}
