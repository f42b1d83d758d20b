//! Links of HDF5 groups that have many: messages in a fractal heap, which a tree of version 2 lists by the hashes of their names.

/// Reads `count` bytes at an address.
type Read<'a> = &'a dyn Fn(u64, u64) -> Option<Vec<u8>>;

/// The link messages of a heap that a tree lists; `None` if they are kept in a way that is not read (a tree of more than two levels,
/// packed blocks).
pub fn link_messages(heap: u64, tree: u64, read: Read) -> Option<Vec<Vec<u8>>> {
    let heap = Heap::open(heap, read)?;
    records(tree, read)?.iter().map(|record| heap.object(record.get(4..)?, read)).collect()
}

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte))
}

fn field(bytes: &[u8], place: usize, width: usize) -> Option<u64> {
    Some(little(bytes.get(place..place + width)?))
}

/// The records of a tree of one or two levels.
fn records(tree: u64, read: Read) -> Option<Vec<Vec<u8>>> {
    let head = read(tree, 38)?;
    if !head.starts_with(b"BTHD") {
        return None;
    }
    let (node, size, depth) = (field(&head, 6, 4)?, field(&head, 10, 2)?, field(&head, 12, 2)?);
    let (root, count) = (field(&head, 16, 8)?, field(&head, 24, 2)?);
    if size == 0 || depth > 1 {
        return None;
    }
    let leaf = |place: u64, count: u64| -> Option<Vec<Vec<u8>>> {
        let bytes = read(place, 6 + size * count)?;
        let records = bytes.get(6..)?.chunks_exact(size as usize).map(<[u8]>::to_vec);
        bytes.starts_with(b"BTLF").then(|| records.collect())
    };
    if depth == 0 {
        return if count == 0 { Some(Vec::new()) } else { leaf(root, count) };
    }
    // How many records a leaf has takes as many bytes as the most of them.
    let most = node.checked_sub(10)? / size;
    let width = (u64::BITS - most.leading_zeros()).div_ceil(8) as usize;
    let bytes = read(root, node)?;
    if !bytes.starts_with(b"BTIN") {
        return None;
    }
    let end = 6 + (size * count) as usize;
    let mut all: Vec<Vec<u8>> = bytes.get(6..end)?.chunks_exact(size as usize).map(<[u8]>::to_vec).collect();
    for child in 0..=count as usize {
        let place = end + child * (8 + width);
        all.extend(leaf(field(&bytes, place, 8)?, field(&bytes, place + 8, width)?)?);
    }
    Some(all)
}

/// The blocks of a heap: their first byte in it, their size and their address.
struct Heap {
    /// Bytes of an offset in the heap.
    width: usize,
    blocks: Vec<(u64, u64, u64)>,
}

impl Heap {
    fn open(place: u64, read: Read) -> Option<Self> {
        let head = read(place, 142)?;
        if !head.starts_with(b"FRHP") || field(&head, 7, 2)? != 0 {
            return None;
        }
        let (columns, start) = (field(&head, 110, 2)?, field(&head, 112, 8)?);
        let (largest, bits) = (field(&head, 120, 8)?, field(&head, 128, 2)?);
        let (root, rows) = (field(&head, 132, 8)?, field(&head, 140, 2)?);
        let width = (bits as usize).div_ceil(8);
        if rows == 0 {
            return Some(Heap { width, blocks: vec![(0, start, root)] });
        }
        let count = rows.min(64) * columns;
        let index = read(root, 13 + width as u64 + 8 * count)?;
        if !index.starts_with(b"FHIB") {
            return None;
        }
        let (mut blocks, mut offset) = (Vec::new(), 0_u64);
        for i in 0..count {
            // The first two rows have blocks of the first size, each further row those of twice the size.
            let size = start.checked_shl((i / columns.max(1)).saturating_sub(1) as u32)?;
            if size > largest {
                break;
            }
            blocks.push((offset, size, field(&index, 13 + width + 8 * i as usize, 8)?));
            offset = offset.checked_add(size)?;
        }
        Some(Heap { width, blocks })
    }

    /// What an identifier stands for: a kind, which is 0 for what lies in a block, an offset and a length.
    fn object(&self, id: &[u8], read: Read) -> Option<Vec<u8>> {
        if id.first()? >> 4 != 0 {
            return None;
        }
        let (offset, length) = (field(id, 1, self.width)?, little(id.get(1 + self.width..)?));
        let (first, _, place) =
            self.blocks.iter().find(|(first, size, _)| (*first..first + size).contains(&offset))?;
        read(place.checked_add(offset - first)?, length)
    }
}
