//! What can be known of a plugin file without running any of its code.
//!
//! `dlopen` of a truncated file ends in SIGBUS, and constructors run before any version can be asked. So first the ELF
//! headers and every extent are checked against the file's length, then the tag and the records of components are read from their
//! sections. Of the file only these parts are read, however long it is.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use amplicast_sdk::abi::{ABI_VERSION, RECORDS_SECTION, Record, TAG_LENGTH, TAG_SECTION, Tag};
use object::elf;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader, SectionHeader};
use object::{Endianness, Object, ObjectSection, ReadCache};

/// Why a file is not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A sound library, but no amplicast plugin: other libraries may lie in the same folder.
    NotAPlugin(String),
    /// A plugin, or something that pretends to be one, that cannot be loaded.
    Refused(String),
}

/// What a plugin file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its tag.
    pub tag: Tag,
    /// Its components, sorted.
    pub records: Vec<Record>,
}

/// Checks a file, and reads its tag and its records.
pub fn inspect(path: &Path) -> Result<Found, Refusal> {
    let refused = |what: String| Refusal::Refused(what);
    let unreadable = |error: std::io::Error| refused(format!("cannot read the file: {error}"));
    // Before it is opened: a pipe would wait for somebody to write, and a device may have no end.
    let found = std::fs::metadata(path).map_err(unreadable)?;
    if !found.is_file() {
        let what = if found.is_dir() { "a folder" } else { "a pipe, a socket or a device" };
        return Err(refused(format!("expected a shared library, found {what}")));
    }
    let length = found.len();
    if length == 0 {
        return Err(refused("expected a shared library, found an empty file".into()));
    }
    let mut opened = File::open(path).map_err(unreadable)?;
    let mut ident = [0; IDENT];
    let there = opened.by_ref().take(IDENT as u64).read(&mut ident).map_err(unreadable)?;
    if !ident[..there].starts_with(&elf::ELFMAG) {
        return Err(refused("expected a shared library (ELF), found another kind of file".into()));
    }
    let truncated = || {
        refused(format!("the file is truncated or damaged: {length} bytes do not hold what its headers say"))
    };
    if there < IDENT {
        return Err(truncated());
    }
    if let Some(what) = foreign(ident) {
        return Err(refused(what));
    }
    let cache = ReadCache::new(opened);
    let file = ElfFile64::<Endianness, _>::parse(&cache).map_err(|_| truncated())?;
    let endian = file.endian();
    let header = file.elf_header();
    let host = match std::env::consts::ARCH {
        "x86_64" => elf::EM_X86_64,
        "aarch64" => elf::EM_AARCH64,
        other => return Err(refused(format!("plugins are not supported on {other} yet"))),
    };
    let machine = header.e_machine(endian);
    if machine != host {
        let found = match machine {
            elf::EM_X86_64 => "x86_64".into(),
            elf::EM_AARCH64 => "aarch64".into(),
            elf::EM_386 => "x86 (32 bit)".into(),
            other => format!("machine number {}", other.0),
        };
        return Err(refused(format!("built for {found}, this machine is {}", std::env::consts::ARCH)));
    }
    let beyond = |offset: u64, size: u64| offset.checked_add(size).is_none_or(|end| end > length);
    for segment in file.elf_program_headers() {
        if beyond(segment.p_offset(endian), segment.p_filesz(endian)) {
            return Err(truncated());
        }
    }
    for section in file.elf_section_table().iter() {
        let no_bits = section.sh_type(endian) == elf::SHT_NOBITS;
        if !no_bits && beyond(section.sh_offset(endian), section.sh_size(endian)) {
            return Err(truncated());
        }
    }
    if file.section_by_name(TAG_SECTION).is_none() {
        return Err(Refusal::NotAPlugin("no amplicast plugin: it has no tag".into()));
    }
    let tag = content(&file, TAG_SECTION, TAG_LENGTH as u64).and_then(|bytes| Tag::read(&bytes));
    let tag = tag.ok_or_else(|| refused("its tag is damaged: rebuild the plugin".into()))?;
    let own = Tag::own();
    // The boundary's own number decides: versions of the SDK, and of the compiler, may differ. The layout of what crosses is
    // compared after loading.
    if tag.abi != ABI_VERSION {
        return Err(refused(format!(
            "built for boundary {} (amplicast-sdk {}), this host has boundary {} (amplicast-sdk {}): rebuild the plugin \
             against this version of the SDK",
            tag.abi, tag.sdk, own.abi, own.sdk
        )));
    }
    if tag.target != own.target {
        return Err(refused(format!("built for {}, this host is for {}", tag.target, own.target)));
    }
    let records = content(&file, RECORDS_SECTION, MAX_RECORDS).and_then(|bytes| Record::read_all(&bytes));
    let mut records =
        records.ok_or_else(|| refused("its records of components are damaged: rebuild the plugin".into()))?;
    records.sort();
    Ok(Found { tag, records })
}

/// Bytes of records that no plugin has: some thousand components.
const MAX_RECORDS: u64 = 1 << 20;

/// What stands in the sections of this name, if that can be read and is not longer than `limit`.
fn content<'a>(file: &impl Object<'a>, name: &str, limit: u64) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    for section in file.sections().filter(|section| section.name() == Ok(name)) {
        if content.len() as u64 + section.size() > limit {
            return None;
        }
        content.extend_from_slice(section.data().ok()?);
    }
    Some(content)
}

/// Bytes that say what kind of ELF file it is.
const IDENT: usize = 16;

/// What is wrong with a library of another kind of machine, or whose first bytes are damaged.
fn foreign(ident: [u8; IDENT]) -> Option<String> {
    let expected = |what: &str, found: &str| Some(format!("expected {what}, found {found}"));
    match (elf::FileClass(ident[4]), elf::DataEncoding(ident[5]), ident[6]) {
        (elf::ELFCLASS32, _, _) => expected("a library of 64 bit", "one of 32 bit"),
        (class, _, _) if class != elf::ELFCLASS64 => {
            Some(format!("its header is damaged: no ELF file has class {}", class.0))
        }
        (_, elf::ELFDATA2MSB, _) => {
            expected("a library of a little-endian machine", "one of a big-endian machine")
        }
        (_, order, _) if order != elf::ELFDATA2LSB => {
            Some(format!("its header is damaged: no ELF file has byte order {}", order.0))
        }
        (_, _, version) if version != elf::EV_CURRENT.0 => {
            Some(format!("its header is damaged: no ELF file has version {version}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        match inspect(file.path()) {
            Err(Refusal::Refused(text) | Refusal::NotAPlugin(text)) => text,
            Ok(found) => panic!("{found:?}"),
        }
    }

    #[test]
    fn what_is_no_library_is_refused() {
        assert!(refusal(b"").contains("empty file"));
        assert!(refusal(b"# a text file\n").contains("another kind of file"));
        assert!(refusal(b"\x7fELF\x02\x01").contains("truncated"));
        assert!(
            matches!(inspect(Path::new("/nowhere/x.so")), Err(Refusal::Refused(t)) if t.contains("cannot read"))
        );
    }

    #[test]
    fn own_executable_cut_short_is_truncated_at_any_length() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        for part in [8, 4, 2] {
            assert!(refusal(&bytes[..bytes.len() / part]).contains("truncated"));
        }
        assert!(refusal(&bytes[..bytes.len() - 1]).contains("truncated"));
    }
}
