//! The tag: what a plugin file is, readable from the file before any of its code runs.
//!
//! It stands in an ELF section of its own, as text lines padded with zeros to a fixed length.

/// The number of this boundary, from `build.rs`; raised whenever a change breaks existing plugins. Not the crate's version.
pub const ABI_VERSION: u32 = match u32::from_str_radix(ABI_TEXT, 10) {
    Ok(number) => number,
    Err(_) => panic!("build.rs gives a number"),
};

const ABI_TEXT: &str = env!("AMPLICAST_ABI");

/// The version of this crate. Cargo's own variable holds the boundary's (`build.rs`).
const SDK_VERSION: &str = env!("AMPLICAST_SDK_VERSION");

/// The ELF section of the tag.
pub const TAG_SECTION: &str = ".amplicast";

/// [`ABI_VERSION`] as a version, by which abi_stable compares root modules, and every type that crosses (`build.rs`): the crate's
/// own says nothing of the boundary.
pub(super) const ABI_VERSION_TEXT: &str = env!("CARGO_PKG_VERSION");

/// Length of the tag in bytes.
pub const TAG_LENGTH: usize = 256;

const MAGIC: &str = "amplicast-plugin";

/// What a plugin file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// [`ABI_VERSION`] of the SDK that it was built with.
    pub abi: u32,
    /// Version of that SDK.
    pub sdk: String,
    /// Compiler that built it.
    pub rustc: String,
    /// Target that it was built for.
    pub target: String,
}

impl Tag {
    /// The tag of this build of the SDK.
    pub fn own() -> Self {
        Tag {
            abi: ABI_VERSION,
            sdk: SDK_VERSION.into(),
            rustc: env!("AMPLICAST_RUSTC").into(),
            target: env!("AMPLICAST_TARGET").into(),
        }
    }

    /// Reads the section's bytes; `None` if they are no tag.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.trim_end_matches('\0');
        let mut lines = text.lines();
        if lines.next()? != MAGIC {
            return None;
        }
        Some(Tag {
            abi: lines.next()?.parse().ok()?,
            sdk: lines.next()?.into(),
            rustc: lines.next()?.into(),
            target: lines.next()?.into(),
        })
    }
}

/// The tag's bytes, made at compile time for the plugin's static.
pub const fn encode_tag() -> [u8; TAG_LENGTH] {
    const PARTS: [&str; 5] =
        [MAGIC, ABI_TEXT, SDK_VERSION, env!("AMPLICAST_RUSTC"), env!("AMPLICAST_TARGET")];
    let mut tag = [0; TAG_LENGTH];
    let (mut at, mut part) = (0, 0);
    while part < PARTS.len() {
        let bytes = PARTS[part].as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            tag[at] = bytes[i];
            at += 1;
            i += 1;
        }
        tag[at] = b'\n';
        at += 1;
        part += 1;
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        assert_eq!(Tag::read(&encode_tag()), Some(Tag::own()));
        assert_eq!(Tag::read(b"something else"), None);
        assert_eq!(ABI_VERSION_TEXT, format!("{ABI_VERSION}.0.0"));
    }
}
