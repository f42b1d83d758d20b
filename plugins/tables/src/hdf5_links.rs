//! The links of an HDF5 file: where a key leads that goes through soft ones, which the library does not follow.
//!
//! Read are groups of either format (symbol tables, and link messages in an object header) in files whose addresses have eight
//! bytes, as h5py, pandas and PyTables write them. What is not understood is left to the library.

use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::hdf5_heap::link_messages;

/// Soft links that a key may go through; they may form circles.
const MOST_LINKS: usize = 64;

/// Blocks of an object header, and nodes of a tree, that are read.
const MOST_BLOCKS: usize = 1 << 16;

/// Bytes of one block.
const MOST_BYTES: u64 = 1 << 26;

const UNDEFINED: u64 = u64::MAX;

/// A file whose groups are read.
#[derive(Debug)]
pub struct Links {
    file: File,
    length: u64,
    base: u64,
    root: u64,
}

/// What a link points to.
#[derive(Debug, Clone, PartialEq)]
enum Target {
    Hard(u64),
    Soft(String),
    External(String, String),
}

/// What is at an address.
#[derive(Debug)]
enum Object {
    /// Its links, and whether these are all.
    Group(Vec<(String, Target)>, bool),
    Dataset,
    Other,
}

/// Why a key leads nowhere.
#[derive(Debug, PartialEq)]
pub enum Lost {
    /// There is no such name.
    Absent,
    /// What there is to say of a link on its way.
    Link(String),
}

/// A dataset or a group that cannot be listed, by the path of hard links to it.
#[derive(Debug, PartialEq)]
pub enum Listed {
    Dataset(String),
    /// A group that the library is to list.
    Group(String),
}

impl Links {
    /// Of a file, if its addresses have eight bytes.
    pub fn open(path: &Path, superblock: &hdf5_pure::Superblock) -> Option<Self> {
        if superblock.offset_size != 8 || superblock.length_size != 8 {
            return None;
        }
        let file = File::open(path).ok()?;
        let length = file.metadata().ok()?.len();
        let mut links = Links { file, length, base: 0, root: superblock.root_group_address };
        // Addresses count from the signature, which a block of the user's may stand before.
        let places = std::iter::once(0).chain((9..63).map(|power| 1_u64 << power));
        let signature = |place: &u64| links.bytes(*place, 8).is_some_and(|b| b == b"\x89HDF\r\n\x1a\n");
        links.base = places.take_while(|place| *place < length).find(signature)?;
        // The library's address of the root counts from the file's begin.
        links.root = links.root.checked_sub(links.base)?;
        Some(links)
    }

    /// The path of hard links to what a key leads to.
    pub fn resolve(&self, key: &str) -> Result<String, Lost> {
        let mut rest: VecDeque<String> = parts(key).collect();
        let (mut path, mut place) = (Vec::<String>::new(), self.root);
        let mut followed = Vec::new();
        while let Some(name) = rest.pop_front() {
            let Some(Object::Group(links, whole)) = self.object(place) else { return Err(Lost::Absent) };
            match links.into_iter().find(|(link, _)| *link == name).map(|(_, target)| target) {
                Some(Target::Hard(address)) => {
                    path.push(name);
                    place = address;
                }
                Some(Target::Soft(target)) => {
                    if followed.len() == MOST_LINKS {
                        return Err(Lost::Link(format!(
                            "`{key}` is a circle of soft links ({})",
                            followed[0]
                        )));
                    }
                    followed.push(format!("`{}` to `{target}`", joined(&path, &name)));
                    if target.starts_with('/') {
                        path.clear();
                        place = self.root;
                    }
                    parts(&target).rev().for_each(|part| rest.push_front(part));
                }
                Some(Target::External(file, target)) => {
                    return Err(Lost::Link(format!(
                        "`{}` is a link to `{target}` in the file `{file}`: name that one (`{file}::{}`)",
                        joined(&path, &name),
                        target.trim_start_matches('/')
                    )));
                }
                // The library may find what is not read here.
                None if !whole => {
                    path.push(name);
                    path.extend(rest);
                    break;
                }
                None => match followed.last() {
                    None => return Err(Lost::Absent),
                    Some(link) => return Err(Lost::Link(format!("the soft link {link} leads to nothing"))),
                },
            }
        }
        Ok(path.join("/"))
    }

    /// Every dataset once, in the order of names, those of a group before those of the groups in it.
    pub fn list(&self) -> Option<Vec<Listed>> {
        let (mut found, mut seen) = (Vec::new(), HashSet::from([self.root]));
        self.list_group("", self.root, &mut found, &mut seen)?;
        Some(found)
    }

    /// The names of the datasets of a group, each of which once.
    pub fn datasets(&self, group: &str) -> Option<Vec<String>> {
        let mut place = self.root;
        for name in parts(group) {
            let Object::Group(links, _) = self.object(place)? else { return None };
            let (_, Target::Hard(address)) = links.into_iter().find(|(link, _)| *link == name)? else {
                return None;
            };
            place = address;
        }
        let Object::Group(links, true) = self.object(place)? else { return None };
        let (mut names, mut seen) = (Vec::new(), HashSet::new());
        for (name, target) in links {
            if let Target::Hard(address) = target
                && seen.insert(address)
                && matches!(self.object(address)?, Object::Dataset)
            {
                names.push(name);
            }
        }
        Some(names)
    }

    fn list_group(
        &self,
        prefix: &str,
        place: u64,
        found: &mut Vec<Listed>,
        seen: &mut HashSet<u64>,
    ) -> Option<()> {
        let Object::Group(mut links, whole) = self.object(place)? else { return None };
        if !whole {
            found.push(Listed::Group(prefix.trim_end_matches('/').to_string()));
            return Some(());
        }
        links.sort_by(|a, b| a.0.cmp(&b.0));
        let mut groups = Vec::new();
        for (name, target) in links {
            let Target::Hard(address) = target else { continue };
            // Two names of one dataset are one, and a group that lies in itself ends here.
            if !seen.insert(address) {
                continue;
            }
            match self.object(address)? {
                Object::Dataset => found.push(Listed::Dataset(format!("{prefix}{name}"))),
                Object::Group(..) => groups.push((format!("{prefix}{name}/"), address)),
                Object::Other => {}
            }
        }
        groups.iter().try_for_each(|(prefix, address)| self.list_group(prefix, *address, found, seen))
    }

    fn bytes(&self, place: u64, count: u64) -> Option<Vec<u8>> {
        if count > MOST_BYTES || place.checked_add(count)? > self.length {
            return None;
        }
        let mut bytes = vec![0; count as usize];
        self.file.read_exact_at(&mut bytes, place).ok()?;
        Some(bytes)
    }

    fn at(&self, address: u64, count: u64) -> Option<Vec<u8>> {
        self.bytes(self.base.checked_add(address)?, count)
    }

    fn object(&self, address: u64) -> Option<Object> {
        let messages = self.messages(address)?;
        let of = |kind: u16| messages.iter().find(|(k, _)| *k == kind).map(|(_, data)| &data[..]);
        if of(0x08).is_some() {
            return Some(Object::Dataset);
        }
        if let Some(table) = of(0x11) {
            return Some(Object::Group(self.symbols(number(table, 0)?, number(table, 8)?)?, true));
        }
        let Some(info) = of(0x02) else { return Some(Object::Other) };
        // An order of creation may stand before the addresses of a heap of links, and of the tree of their names.
        let place = if info.get(1)? & 1 == 1 { 10 } else { 2 };
        let (heap, tree) = (number(info, place)?, number(info, place + 8)?);
        let mut links: Vec<Vec<u8>> =
            messages.iter().filter(|(k, _)| *k == 0x06).map(|(_, data)| data.clone()).collect();
        let mut whole = true;
        if heap != UNDEFINED {
            match link_messages(heap, tree, &|place, count| self.at(place, count)) {
                Some(more) => links.extend(more),
                None => whole = false,
            }
        }
        let links = links.iter().map(|data| link(data));
        Some(Object::Group(links.collect::<Option<_>>()?, whole))
    }

    /// The messages of an object header, of either version, with their kinds.
    fn messages(&self, address: u64) -> Option<Vec<(u16, Vec<u8>)>> {
        let begin = self.at(address, 16)?;
        let mut messages = Vec::new();
        let mut blocks = VecDeque::new();
        let new = begin.starts_with(b"OHDR");
        let flags = begin[5];
        if new {
            let optional = u64::from(flags & 0x20 > 0) * 16 + u64::from(flags & 0x10 > 0) * 4;
            let width = 1_u64 << (flags & 3);
            let size = little(&self.at(address + 6 + optional, width)?);
            blocks.push_back((address + 6 + optional + width, size));
        } else if begin[0] == 1 {
            blocks.push_back((address + 16, little(&begin[8..12])));
        } else {
            return None;
        }
        let mut read = 0;
        while let Some((place, size)) = blocks.pop_front() {
            read += 1;
            if read > MOST_BLOCKS {
                return None;
            }
            let block = self.at(place, size)?;
            let mut rest = &block[..];
            // A message's head: its kind, size and flags, which the versions write in different widths.
            let head = if new { 4 + 2 * usize::from(flags & 0x04 > 0) } else { 8 };
            while rest.len() >= head {
                let (kind, size) = match new {
                    true => (u16::from(rest[0]), little(&rest[1..3])),
                    false => (little(&rest[..2]) as u16, little(&rest[2..4])),
                };
                let Some(data) = rest.get(head..head + size as usize) else { break };
                rest = &rest[head + size as usize..];
                if kind == 0x10 {
                    let (next, length) = (number(data, 0)?, number(data, 8)?);
                    // In new files it begins with a signature and ends with a checksum.
                    blocks.push_back(if new {
                        (next.checked_add(4)?, length.checked_sub(8)?)
                    } else {
                        (next, length)
                    });
                } else {
                    messages.push((kind, data.to_vec()));
                }
            }
        }
        Some(messages)
    }

    /// The links of an old group: a tree of symbol tables, and the heap of their names.
    fn symbols(&self, tree: u64, heap: u64) -> Option<Vec<(String, Target)>> {
        let head = self.at(heap, 32)?;
        if !head.starts_with(b"HEAP") {
            return None;
        }
        let names = self.at(number(&head, 24)?, number(&head, 8)?)?;
        let text = |offset: u64| {
            let rest = names.get(usize::try_from(offset).ok()?..)?;
            let end = rest.iter().position(|b| *b == 0)?;
            Some(String::from_utf8_lossy(&rest[..end]).into_owned())
        };
        let (mut nodes, mut read, mut links) = (vec![tree], 0, Vec::new());
        while let Some(node) = nodes.pop() {
            read += 1;
            if read > MOST_BLOCKS {
                return None;
            }
            let head = self.at(node, 8)?;
            let count = little(&head[6..8]);
            if head.starts_with(b"TREE") {
                let pairs = self.at(node + 24, 16 * count)?;
                nodes.extend(pairs.chunks_exact(16).filter_map(|pair| number(pair, 8)));
            } else if head.starts_with(b"SNOD") {
                let entries = self.at(node + 8, 40 * count)?;
                for entry in entries.chunks_exact(40) {
                    let target = match little(&entry[16..20]) {
                        2 => Target::Soft(text(little(&entry[24..28]))?),
                        _ => Target::Hard(number(entry, 8)?),
                    };
                    links.push((text(number(entry, 0)?)?, target));
                }
            } else {
                return None;
            }
        }
        Some(links)
    }
}

fn parts(key: &str) -> impl DoubleEndedIterator<Item = String> {
    key.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned)
}

fn joined(path: &[String], name: &str) -> String {
    path.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/")
}

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte))
}

/// Eight bytes of a block.
fn number(bytes: &[u8], place: usize) -> Option<u64> {
    Some(little(bytes.get(place..place + 8)?))
}

/// A link message: a name, and what it points to.
fn link(data: &[u8]) -> Option<(String, Target)> {
    let flags = *data.get(1)?;
    let mut place = 2_usize;
    let mut take = |count: usize| {
        let bytes = data.get(place..place.checked_add(count)?)?;
        place += count;
        Some(bytes)
    };
    let kind = if flags & 0x08 > 0 { take(1)?[0] } else { 0 };
    if flags & 0x04 > 0 {
        take(8)?;
    }
    if flags & 0x10 > 0 {
        take(1)?;
    }
    let length = little(take(1 << (flags & 3))?);
    let name = String::from_utf8_lossy(take(usize::try_from(length).ok()?)?).into_owned();
    let target = match kind {
        0 => Target::Hard(little(take(8)?)),
        1 => {
            let length = little(take(2)?) as usize;
            Target::Soft(String::from_utf8_lossy(take(length)?).into_owned())
        }
        _ => {
            let length = little(take(2)?) as usize;
            let text = String::from_utf8_lossy(take(length)?.get(1..)?).into_owned();
            let (file, path) = text.split_once('\0')?;
            Target::External(file.to_owned(), path.trim_end_matches('\0').to_owned())
        }
    };
    Some((name, target))
}
