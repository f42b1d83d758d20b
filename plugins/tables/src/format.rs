//! What a file is, told by its content; its name only helps where the content tells nothing.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use amplicast_sdk::{Error, Result};
use zip::ZipArchive;

use crate::text::{is_gzip, unpacked_begin};

/// Formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Npy,
    Npz,
    Hdf5,
    Parquet,
    Lhe,
    HepMc,
}

/// The formats, as messages have them.
const FORMATS: &str = "a .npy, .npz, .h5, .parquet, .lhe or .hepmc file";

/// Bytes of a file's begin that are looked at.
const LOOKED_AT: u64 = 4096;

const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// What a .root file is converted with.
const OF_ROOT: &str = ".root files are not supported yet; write an array of its branches with uproot: \
                       `numpy.save(\"events.npy\", numpy.stack([uproot.open(\"events.root\")[\"TREE\"][b].array(library=\"np\") for b \
                       in BRANCHES], axis=1))`";

/// The format of a file, or an error that says what it is instead and what to do.
pub fn format_of(path: &Path, file: &File) -> Result<Format> {
    let failed = |error| Error::io("cannot read the file", error);
    let length = file.metadata().map_err(failed)?.len();
    let mut begin = Vec::new();
    let mut reader = BufReader::new(file);
    reader.rewind().map_err(failed)?;
    reader.by_ref().take(LOOKED_AT).read_to_end(&mut begin).map_err(failed)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if begin.starts_with(b"\x93NUMPY") {
        return Ok(Format::Npy);
    }
    if begin.starts_with(b"PAR1") {
        return Ok(Format::Parquet);
    }
    if is_hdf5(&mut reader, length) {
        return Ok(Format::Hdf5);
    }
    if begin.starts_with(b"PK")
        && let Ok(archive) = ZipArchive::new(reader)
    {
        let names: Vec<String> =
            archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
        return of_archive(&names);
    }
    let text = if is_gzip(&begin) { unpacked_begin(&begin) } else { Vec::new() };
    if let Some(format) = of_generator(if text.is_empty() { &begin } else { &text })? {
        return Ok(format);
    }
    if let Some(what) = other(&begin, length) {
        return Err(Error::data(format!("expected {FORMATS}, found {what}")));
    }
    match ending {
        "npz" => Ok(Format::Npz),
        "h5" | "hdf5" | "hdf" | "he5" | "hdf4" => Ok(Format::Hdf5),
        "parquet" | "pq" | "parq" => Ok(Format::Parquet),
        "root" => Err(Error::data(format!("expected {FORMATS}; {OF_ROOT}"))),
        _ if begin.is_empty() => {
            Err(Error::data("expected a .npy file, found something else: an empty file"))
        }
        _ if is_text(&begin) => {
            Err(Error::data(format!("expected a .npy file, found something else: {}", of_text(&begin))))
        }
        "csv" | "txt" => {
            Err(Error::data(format!("expected {FORMATS}; .{ending} files are not supported yet")))
        }
        _ => Err(Error::data(
            "expected a .npy file, found something else: no format that is known; `numpy.save` writes .npy (raw numbers of `tofile`: \
             `numpy.save(\"events.npy\", numpy.fromfile(\"events.bin\").reshape(-1, COLUMNS))`)",
        )),
    }
}

/// Whether the signature of HDF5 is where it may be: at byte 0, 512, 1024, 2048 ...
fn is_hdf5(reader: &mut BufReader<&File>, length: u64) -> bool {
    let places = std::iter::once(0).chain((9..63).map(|power| 1 << power));
    places.take_while(|place| *place < length).any(|place| {
        let mut found = [0; 8];
        reader.seek(std::io::SeekFrom::Start(place)).is_ok()
            && reader.read_exact(&mut found).is_ok()
            && found == HDF5
    })
}

/// A zip archive: of arrays, or of something else that is kept in one.
fn of_archive(names: &[String]) -> Result<Format> {
    let has = |test: fn(&str) -> bool| names.iter().any(|name| test(name));
    let what = if has(|name| name.ends_with(".npy")) {
        return Ok(Format::Npz);
    } else if has(|name| name.contains("/code/")) && has(|name| name.ends_with("constants.pkl")) {
        "a network in TorchScript; use it as the generator `torchscript`, which draws its events"
    } else if has(|name| name.ends_with("data.pkl")) {
        "a file of PyTorch (.pt, .pth, .ckpt); save the events: `numpy.save(\"events.npy\", torch.load(\"events.pt\").cpu().numpy())`"
    } else if has(|name| name.starts_with("xl/")) {
        "an Excel file; save the events: `numpy.save(\"events.npy\", pandas.read_excel(\"events.xlsx\").to_numpy())`"
    } else if has(|name| name == "model.weights.h5") {
        "a network of Keras; save events that it generates: `numpy.save(\"events.npy\", events)`"
    } else {
        "a zip archive without arrays; unpack it, or write its events with `numpy.savez`"
    };
    Err(Error::data(format!("expected {FORMATS}, found {what}")))
}

/// What an event generator wrote, as text.
fn of_generator(begin: &[u8]) -> Result<Option<Format>> {
    let text = String::from_utf8_lossy(begin);
    if text.contains("<LesHouchesEvents") {
        return Ok(Some(Format::Lhe));
    }
    if !text.trim_start().starts_with("HepMC::") {
        return Ok(None);
    }
    let what = if text.contains("HepMC::Asciiv3") {
        return Ok(Some(Format::HepMc));
    } else if text.contains("HepMC::IO_GenEvent") {
        "HepMC2 (IO_GenEvent)"
    } else {
        "another format of HepMC"
    };
    Err(Error::data(format!(
        "expected HepMC3 (HepMC::Asciiv3), found {what}; write it as HepMC3: `with pyhepmc.open(\"events.hepmc\") as old, \
         pyhepmc.open(\"new.hepmc3\", \"w\") as new: [new.write(event) for event in old]`"
    )))
}

/// Other formats by their first bytes, with the way to events that are read.
fn other(begin: &[u8], length: u64) -> Option<String> {
    let starts = |magic: &[u8]| begin.starts_with(magic);
    let pack =
        |what: &str, tool: &str| Some(format!("a file packed with {what}; unpack it first (`{tool}`)"));
    // A safetensors file begins with the length of a JSON object.
    let header = begin.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    if header.is_some_and(|header| header > 0 && header < length) && begin.get(8) == Some(&b'{') {
        return Some(
            "a file of safetensors; save the events: `numpy.save(\"events.npy\", \
             safetensors.numpy.load_file(\"events.safetensors\")[\"NAME\"])`"
                .into(),
        );
    }
    if starts(b"root") {
        return Some(format!("a ROOT file; {OF_ROOT}"));
    }
    if is_gzip(begin) {
        return pack("gzip, which is neither LHE nor HepMC3", "gunzip");
    }
    if starts(b"BZh") {
        return pack("bzip2", "bunzip2");
    }
    if starts(b"\xfd7zXZ\0") {
        return pack("xz", "unxz");
    }
    if starts(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return pack("Zstandard", "unzstd");
    }
    if starts(&[0x04, 0x22, 0x4d, 0x18]) {
        return pack("LZ4", "unlz4");
    }
    if starts(b"7z\xbc\xaf\x27\x1c") {
        return pack("7-Zip", "7z x");
    }
    if begin.get(257..262) == Some(b"ustar") {
        return pack("tar", "tar -xf");
    }
    if starts(b"ARROW1") || starts(b"FEA1") || starts(&[0xff, 0xff, 0xff, 0xff]) {
        return Some(
            "a Feather or Arrow file; write it as Parquet: `pandas.read_feather(\"events.feather\").to_parquet(\"events.parquet\")`"
                .into(),
        );
    }
    if starts(b"PARE") {
        return Some("an encrypted Parquet file; write it without encryption".into());
    }
    // The number that PyTorch wrote before it used zip archives.
    if starts(&[0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20]) {
        return Some(
            "a file of PyTorch (.pt, .pth, .ckpt); save the events: `numpy.save(\"events.npy\", \
             torch.load(\"events.pt\").cpu().numpy())`"
                .into(),
        );
    }
    // joblib packs pickles with zlib; a stream's first two bytes are a multiple of 31.
    if matches!(begin, [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..]) {
        return Some(
            "a file packed with zlib, as joblib does; save the events: `numpy.save(\"events.npy\", joblib.load(\"events.joblib\"))`"
                .into(),
        );
    }
    // The protocols 0 and 1 have no number at their begin; 0 is text.
    let old_pickle = [&b"cnumpy"[..], b"ccopy_reg", b"cpandas", b"c__builtin__", b"cbuiltins"]
        .iter()
        .any(|name| starts(name))
        || begin.windows(4).take(200).any(|line| line == b"\np0\n")
        || [&b"(lp0\n"[..], b"(dp0\n", b"(tp0\n"].iter().any(|head| starts(head));
    if old_pickle || matches!(begin, [0x80, 2..=5, ..]) {
        return Some(
            "a pickle of Python; save the events: `numpy.save(\"events.npy\", numpy.asarray(pickle.load(open(\"events.pkl\", \
             \"rb\"))))`"
                .into(),
        );
    }
    if starts(b"MATLAB 5.0") {
        return Some(
            "a MATLAB file; save the events: `numpy.save(\"events.npy\", scipy.io.loadmat(\"events.mat\")[\"NAME\"])`".into(),
        );
    }
    if starts(b"CDF\x01") || starts(b"CDF\x02") || starts(b"CDF\x05") {
        return Some("a netCDF file of the classic format; convert it with `nccopy -k nc4 IN OUT`".into());
    }
    if starts(&[0x0e, 0x03, 0x13, 0x01]) {
        return Some("an HDF4 file; convert it with `h4toh5 IN OUT`".into());
    }
    if starts(b"SQLite format 3\0") {
        return Some(
            "an SQLite database; save the events: `pandas.read_sql(QUERY, connection).to_parquet(\"events.parquet\")`".into(),
        );
    }
    if starts(b"SIMPLE  =") {
        return Some(
            "a FITS file; save the columns of its table: `numpy.save(\"events.npy\", numpy.asarray(table))`"
                .into(),
        );
    }
    if starts(b"ORC") || starts(b"Obj\x01") {
        return Some(
            "an ORC or Avro file; write it as Parquet: `frame.to_parquet(\"events.parquet\")`".into(),
        );
    }
    None
}

/// Whether bytes are printed characters alone.
fn is_text(begin: &[u8]) -> bool {
    // The last character may be cut.
    let end = begin.len().saturating_sub(3);
    let text = std::str::from_utf8(begin).or_else(|error| std::str::from_utf8(&begin[..error.valid_up_to()]));
    text.is_ok_and(|text| {
        text.len() >= end && text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace() || c == '\u{1b}')
    })
}

/// What a text is, with the way to events that are read.
fn of_text(begin: &[u8]) -> String {
    let text = String::from_utf8_lossy(begin);
    if text.starts_with("version https://git-lfs") {
        return "a pointer of Git LFS; fetch the file itself with `git lfs pull`".into();
    }
    match text.trim_start().chars().next() {
        Some('{' | '[') => "JSON; save the events: `numpy.save(\"events.npy\", numpy.asarray(json.load(open(\"events.json\"))))`".into(),
        Some('<') => "a page of HTML or XML; was it downloaded as the file itself?".into(),
        _ => "text such as CSV (.csv and .txt files are not supported yet); save the events: `numpy.save(\"events.npy\", \
              pandas.read_csv(\"events.csv\").to_numpy())`, or `numpy.loadtxt` without a header"
            .into(),
    }
}
