//! Plain values that cross the boundary.

use abi_stable::StableAbi;
use abi_stable::std_types::{RResult, RString, RVec};

use crate::{Chunk, Diagnostics, Error, ErrorKind, Layout, Origin, Result, Schema, Seed, Split};

/// The result of a call across the boundary.
pub type Res<T> = RResult<T, AbiError>;

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiError {
    kind: u8,
    message: RString,
    place: RString,
}

const KINDS: [ErrorKind; 7] = [
    ErrorKind::Config,
    ErrorKind::Data,
    ErrorKind::Unsupported,
    ErrorKind::Numeric,
    ErrorKind::Plugin,
    ErrorKind::Cancelled,
    ErrorKind::Io,
];

impl From<Error> for AbiError {
    fn from(error: Error) -> Self {
        let kind = KINDS.iter().position(|&k| k == error.kind()).unwrap_or(4) as u8;
        AbiError { kind, message: error.message().into(), place: error.place().into() }
    }
}

impl From<AbiError> for Error {
    fn from(error: AbiError) -> Self {
        let kind = KINDS.get(usize::from(error.kind)).copied().unwrap_or(ErrorKind::Plugin);
        Error::new(kind, error.message.into_string()).at(error.place.into_string())
    }
}

pub fn to_res<T>(result: Result<T>) -> Res<T> {
    result.map_err(AbiError::from).into()
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiSeed([u8; 32]);

impl From<Seed> for AbiSeed {
    fn from(seed: Seed) -> Self {
        AbiSeed(seed.bytes())
    }
}

impl From<AbiSeed> for Seed {
    fn from(seed: AbiSeed) -> Self {
        Seed::from_bytes(seed.0)
    }
}

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiChunk {
    index: u64,
    first_event: u64,
    seed: AbiSeed,
}

impl From<Chunk> for AbiChunk {
    fn from(chunk: Chunk) -> Self {
        AbiChunk { index: chunk.index, first_event: chunk.first_event, seed: chunk.seed.into() }
    }
}

impl From<AbiChunk> for Chunk {
    fn from(chunk: AbiChunk) -> Self {
        Chunk { index: chunk.index, first_event: chunk.first_event, seed: chunk.seed.into() }
    }
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiSchema {
    columns: RVec<RString>,
    particles: RVec<RString>,
}

impl From<&Schema> for AbiSchema {
    fn from(schema: &Schema) -> Self {
        AbiSchema { columns: strings(schema.column_names()), particles: strings(schema.particles()) }
    }
}

impl AbiSchema {
    pub fn read(self) -> Result<Schema> {
        Schema::from_parts(read_strings(self.columns), read_strings(self.particles))
    }
}

/// Diagnostics cross as JSON: they are few, and may grow without another layout of the boundary.
pub fn write_diagnostics(diagnostics: &Diagnostics) -> Result<RString> {
    diagnostics.check()?;
    let text = serde_json::to_string(diagnostics);
    text.map(RString::from).map_err(|e| Error::plugin(format!("cannot write diagnostics: {e}")))
}

/// See [`write_diagnostics`].
pub fn read_diagnostics(text: &str) -> Result<Diagnostics> {
    serde_json::from_str(text).map_err(|e| Error::plugin(format!("cannot read diagnostics: {e}")))
}

pub fn strings(list: &[String]) -> RVec<RString> {
    list.iter().map(|s| RString::from(s.as_str())).collect()
}

pub fn read_strings(list: RVec<RString>) -> Vec<String> {
    list.into_iter().map(RString::into_string).collect()
}

#[repr(C)]
#[derive(StableAbi)]
pub struct AbiSegment {
    name: RString,
    shape: RVec<usize>,
}

pub fn layout(layout: &Layout) -> RVec<AbiSegment> {
    layout
        .segments()
        .iter()
        .map(|s| AbiSegment { name: s.name.as_str().into(), shape: s.shape.clone().into() })
        .collect()
}

pub fn read_layout(segments: RVec<AbiSegment>) -> Layout {
    Layout::new(segments.into_iter().map(|s| (s.name.into_string(), s.shape.into_vec())))
}

#[repr(u8)]
#[derive(StableAbi, Clone, Copy)]
pub enum AbiOrigin {
    Training,
    Generated,
    LeftOut,
    Holdout,
    Truth,
}

impl From<Origin> for AbiOrigin {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Training => AbiOrigin::Training,
            Origin::Generated => AbiOrigin::Generated,
            Origin::LeftOut => AbiOrigin::LeftOut,
            Origin::Holdout => AbiOrigin::Holdout,
            Origin::Truth => AbiOrigin::Truth,
        }
    }
}

impl From<AbiOrigin> for Origin {
    fn from(origin: AbiOrigin) -> Self {
        match origin {
            AbiOrigin::Training => Origin::Training,
            AbiOrigin::Generated => Origin::Generated,
            AbiOrigin::LeftOut => Origin::LeftOut,
            AbiOrigin::Holdout => Origin::Holdout,
            AbiOrigin::Truth => Origin::Truth,
        }
    }
}

#[repr(u8)]
#[derive(StableAbi, Clone, Copy)]
pub enum AbiSplit {
    Training,
    Holdout,
}

impl From<Split> for AbiSplit {
    fn from(split: Split) -> Self {
        match split {
            Split::Training => AbiSplit::Training,
            Split::Holdout => AbiSplit::Holdout,
        }
    }
}

impl From<AbiSplit> for Split {
    fn from(split: AbiSplit) -> Self {
        match split {
            AbiSplit::Training => Split::Training,
            AbiSplit::Holdout => Split::Holdout,
        }
    }
}

pub fn paths(files: Vec<std::path::PathBuf>) -> RVec<RString> {
    files.iter().map(|f| RString::from(f.to_string_lossy().as_ref())).collect()
}
