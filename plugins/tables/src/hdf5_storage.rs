//! How an HDF5 dataset is stored: what is not read is refused when the file is opened, before memory is asked for.

use amplicast_sdk::{Error, Result};
use hdf5_pure::{Chunk, ChunkIndex, Dataset, Layout};

use crate::filters::expect_known;

/// How many bytes at most one byte of deflate or LZF stands for, with room.
const MOST_PACKED: u64 = 1100;

/// Bytes of a chunk below which its stored size is not looked at.
const SMALL: u64 = 1 << 24;

/// A chunk's bytes in any file that libraries write: their size is a number of four bytes.
const MOST_CHUNK: u64 = 1 << 32;

/// Refuses a dataset whose numbers are not in the file or are stored in a way that is not read; says if some were never written.
pub fn expect_stored(
    dataset: &Dataset,
    shape: &[u64],
    size: u64,
    length: u64,
    key: &str,
) -> Result<Option<String>> {
    expect_known(&dataset.filter_pipeline(), key)?;
    expect_order(dataset, key)?;
    let declared = shape.iter().try_fold(size, |bytes, axis| bytes.checked_mul(*axis));
    let too_few = |found: u64| {
        Error::data(format!(
            "the file is damaged or cut short: expected {} bytes for the shape {shape:?}, found at most {found}",
            declared.map_or_else(|| "more than 2^64".into(), |bytes| bytes.to_string())
        ))
    };
    let declared = declared.ok_or_else(|| too_few(length))?;
    match layout(dataset, key)? {
        Layout::Virtual => Err(Error::data(
            "expected numbers in this file, found a virtual dataset, which points to other files; rewrite it with `h5repack IN OUT`, \
             or write its numbers to a dataset of their own",
        )),
        Layout::Compact { size } if size < declared => Err(too_few(size)),
        Layout::Contiguous { address: Some(address), size } => {
            let there = length.saturating_sub(address).min(size);
            if there < declared { Err(too_few(there)) } else { Ok(None) }
        }
        Layout::Contiguous { address: None, .. } if declared > 0 => {
            // The library knows of storage in other files and says so.
            dataset
                .read_raw_rows(0, 1)
                .map_err(|error| Error::data(format!("cannot read the dataset: {error}")))?;
            Err(never_written())
        }
        Layout::Chunked { chunk_shape, index } => {
            if index == ChunkIndex::BTreeV2 {
                return Err(not_read(
                    "found chunks that are indexed by a B-tree of version 2 (several axes without a limit, `maxshape=(None, None)`)",
                    key,
                ));
            }
            chunks(dataset, shape, &chunk_shape, (size, length), &too_few)
        }
        _ => Ok(None),
    }
}

/// The layout; what only newer libraries write is named.
fn layout(dataset: &Dataset, key: &str) -> Result<Layout> {
    dataset.layout().map_err(|error| match error.to_string() {
        text if text.contains("layout version") => not_read(
            &format!("found a newer one ({text}), which HDF5 2 writes with `libver=\"latest\"`"),
            key,
        ),
        text => Error::data(text),
    })
}

/// A shuffle of what scale-offset has packed is not undone by the library.
fn expect_order(dataset: &Dataset, key: &str) -> Result<()> {
    let filters: Vec<u16> = dataset.filter_pipeline().iter().map(|filter| filter.id).collect();
    let place = |id: u16| filters.iter().position(|filter| *filter == id);
    match (place(6), place(2)) {
        (Some(packed), Some(shuffled)) if packed < shuffled => {
            Err(not_read("found the filters scale-offset and shuffle together (6, then 2)", key))
        }
        _ => Ok(()),
    }
}

fn not_read(found: &str, key: &str) -> Error {
    Error::data(format!(
        "expected a storage that HDF5 1.8 knows, {found}; rewrite the file in Python: `h5py.File(\"new.h5\", \
         \"w\").create_dataset(\"{key}\", data=h5py.File(\"old.h5\")[\"{key}\"][:], compression=\"gzip\")`"
    ))
}

fn never_written() -> Error {
    Error::data("expected numbers, found a dataset to which none was ever written")
}

/// Refuses chunks that cannot hold what they are said to.
fn chunks(
    dataset: &Dataset,
    shape: &[u64],
    chunk: &[u64],
    (size, length): (u64, u64),
    too_few: &dyn Fn(u64) -> Error,
) -> Result<Option<String>> {
    let stored = dataset
        .chunks()
        .map_err(|error| Error::data(format!("cannot read the index of the chunks: {error}")))?;
    let bytes = chunk.iter().try_fold(size, |bytes, axis| bytes.checked_mul(*axis));
    let needed = shape
        .iter()
        .zip(chunk)
        .try_fold(1_u64, |n, (axis, chunk)| n.checked_mul(axis.div_ceil((*chunk).max(1))));
    let (Some(bytes), Some(needed)) = (bytes.filter(|bytes| *bytes <= MOST_CHUNK), needed) else {
        return Err(Error::data(format!(
            "the file is damaged: expected chunks below 4 GiB, found the chunk shape {chunk:?} for the shape {shape:?}"
        )));
    };
    if needed == 0 {
        return Ok(None);
    }
    if stored.is_empty() {
        return Err(never_written());
    }
    let count = stored.len() as u64;
    expect_inside(&stored, length)?;
    expect_grid(&stored, shape, chunk)?;
    // The library makes no larger ones of a shape that cannot grow.
    if matches!(dataset.maxshape(), Ok(None)) && shape.iter().zip(chunk).any(|(axis, chunk)| chunk > axis) {
        return Err(Error::data(format!(
            "the file is damaged: expected chunks that lie in the shape {shape:?}, found the chunk shape {chunk:?}"
        )));
    }
    let filters = dataset.filters();
    let checked = filters.iter().position(|id| *id == 3);
    if checked.is_some_and(|place| stored.iter().any(|chunk| chunk.filter_mask >> place & 1 == 1)) {
        return Err(Error::data(
            "the file is damaged: expected a checksum (Fletcher32) in each chunk, found one without",
        ));
    }
    // Scale-offset needs no bytes at all for numbers that are alike.
    let largest = stored.iter().map(|chunk| chunk.storage_size).max().unwrap_or(0);
    let most = largest.saturating_mul(if filters.is_empty() { 1 } else { MOST_PACKED });
    if bytes > SMALL && most < bytes && !filters.contains(&6) {
        return Err(too_few(count.saturating_mul(most)));
    }
    // Whoever stops early leaves a part; a shape of which next to nothing was written is damage.
    if needed / 2 > count {
        return Err(too_few(count.saturating_mul(bytes)));
    }
    Ok((count < needed).then(|| {
        format!(
            "{} of its {needed} chunks were never written: their numbers are a fill value",
            needed - count
        )
    }))
}

/// Refuses chunks that end beyond the file: the library asks for memory for what a chunk says to be long.
fn expect_inside(stored: &[Chunk], length: u64) -> Result<()> {
    let end = |chunk: &Chunk| chunk.address.checked_add(chunk.storage_size);
    match stored.iter().find(|chunk| end(chunk).is_none_or(|end| end > length)) {
        None => Ok(()),
        Some(chunk) => Err(Error::data(format!(
            "the file is damaged or cut short: expected chunks within its {length} bytes, found one of {} bytes at {}",
            chunk.storage_size, chunk.address
        ))),
    }
}

/// Refuses chunks that lie beside the grid of the shape, or twice in one place: they would be read as if they were not there.
fn expect_grid(stored: &[Chunk], shape: &[u64], chunk: &[u64]) -> Result<()> {
    let mut places: Vec<&[u64]> = stored.iter().map(|chunk| &chunk.offset[..]).collect();
    let beside = |place: &&&[u64]| {
        place
            .iter()
            .zip(shape.iter().zip(chunk))
            .any(|(at, (axis, size))| at >= axis || at % (*size).max(1) != 0)
    };
    if let Some(place) = places.iter().find(beside) {
        return Err(Error::data(format!(
            "the file is damaged: expected chunks of the shape {chunk:?} within {shape:?}, found one at {place:?}"
        )));
    }
    places.sort_unstable();
    match places.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::data(format!("the file is damaged: found two chunks at {:?}", pair[0]))),
        None => Ok(()),
    }
}
