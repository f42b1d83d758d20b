//! Filters of HDF5 datasets: which are read, and what the others are called.

use amplicast_sdk::{Error, Result};
use hdf5_pure::Filter;

/// Deflate (gzip), shuffle, Fletcher32, scale-offset and LZF.
const READ: [u16; 5] = [1, 2, 3, 6, 32000];

/// Refuses a dataset that needs a filter that is not read.
pub fn expect_known(filters: &[Filter], key: &str) -> Result<()> {
    let Some(filter) = filters.iter().find(|filter| !READ.contains(&filter.id)) else { return Ok(()) };
    let id = filter.id;
    let name = name(id).map(str::to_owned).or_else(|| filter.name.clone());
    let name = name.map_or(String::new(), |name| format!(" ({name})"));
    Err(Error::data(format!(
        "expected no compression, or gzip, LZF, shuffle, Fletcher32 or scale-offset, found the HDF5 filter {id}{name}; rewrite \
         the file with `h5repack -f GZIP=4 IN OUT`, or in Python (with `import hdf5plugin` if it is a plugin's): \
         `h5py.File(\"new.h5\", \"w\").create_dataset(\"{key}\", data=h5py.File(\"old.h5\")[\"{key}\"][:], \
         compression=\"gzip\")`"
    )))
}

/// The registered name of a filter.
fn name(id: u16) -> Option<&'static str> {
    Some(match id {
        4 => "szip",
        5 => "n-bit",
        305 => "LZO",
        307 => "bzip2",
        32001 => "Blosc",
        32002 => "MAFISC",
        32003 => "Snappy",
        32004 => "LZ4",
        32005 => "APAX",
        32006 => "CBF",
        32008 => "bitshuffle",
        32009 => "SPDP",
        32012 => "B3D",
        32013 => "ZFP",
        32014 => "FPZIP",
        32015 => "Zstandard",
        32017 => "SZ",
        32018 => "FCIDECOMP",
        32019 => "JPEG",
        32022 => "BitGroom",
        32023 => "Granular BitRound",
        32024 => "SZ3",
        32025 => "Delta-Rice",
        32026 => "Blosc2",
        32028 => "SPERR",
        _ => return None,
    })
}
