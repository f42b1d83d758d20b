//! Which rows of a file are kept: a bit a row, and a count a block, by which the row of any kept event is found.

use std::ops::Range;

/// Bits in a word.
const WORD: u64 = u64::BITS as u64;
/// Words whose kept rows are counted together.
const BLOCK: usize = 64;

/// Rows that are kept or left out, in their order.
#[derive(Debug, Default)]
pub struct Kept {
    words: Vec<u64>,
    /// Kept rows before each block.
    before: Vec<u64>,
    rows: u64,
    events: u64,
}

impl Kept {
    /// Room for so many rows.
    pub fn with_capacity(rows: u64) -> Self {
        let words = rows.div_ceil(WORD) as usize;
        Kept {
            words: Vec::with_capacity(words),
            before: Vec::with_capacity(words.div_ceil(BLOCK)),
            ..Kept::default()
        }
    }

    /// Adds a row.
    pub fn push(&mut self, kept: bool) {
        let bit = self.rows % WORD;
        if bit == 0 {
            if self.words.len().is_multiple_of(BLOCK) {
                self.before.push(self.events);
            }
            self.words.push(0);
        }
        if let Some(word) = self.words.last_mut() {
            *word |= u64::from(kept) << bit;
        }
        self.events += u64::from(kept);
        self.rows += 1;
    }

    /// How many rows are kept.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The row of a kept event, counted from 0; none if there are not so many.
    pub fn row(&self, event: u64) -> Option<u64> {
        let block = self.before.partition_point(|before| *before <= event).checked_sub(1)?;
        let mut left = event - self.before[block];
        for (number, word) in self.words.iter().enumerate().skip(block * BLOCK) {
            let ones = u64::from(word.count_ones());
            if left < ones {
                // Without its lowest bits that are set.
                let rest = (0..left).fold(*word, |word, _| word & (word - 1));
                return Some(number as u64 * WORD + u64::from(rest.trailing_zeros()));
            }
            left -= ones;
        }
        None
    }

    /// Those of some rows that are kept.
    pub fn within(&self, rows: Range<u64>) -> impl Iterator<Item = u64> {
        rows.filter(|row| self.words[(row / WORD) as usize] >> (row % WORD) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::rand::RngExt;

    use super::*;

    /// The same as of a plain list of rows, at the edges of words and blocks, and of parts from none to all.
    #[test]
    fn an_event_is_found_by_its_number() {
        let block = WORD * BLOCK as u64;
        for rows in [0, 1, 63, 64, 65, block - 1, block, block + 1, 3 * block + 17] {
            for part in [0.0, 0.001, 0.3, 0.999, 1.0] {
                let mut stream = Seed::new(rows).stream();
                let mut kept = Kept::with_capacity(rows);
                let list: Vec<u64> = (0..rows)
                    .filter(|_| {
                        let keep = stream.random::<f64>() < part;
                        kept.push(keep);
                        keep
                    })
                    .collect();
                assert_eq!(kept.events(), list.len() as u64);
                let found: Vec<u64> = (0..list.len() as u64).filter_map(|event| kept.row(event)).collect();
                assert_eq!(found, list, "{rows} {part}");
                assert_eq!(kept.row(list.len() as u64), None);
                let (first, end) = (rows / 3, rows - rows / 5);
                let within: Vec<u64> =
                    list.iter().copied().filter(|row| (first..end).contains(row)).collect();
                assert_eq!(kept.within(first..end).collect::<Vec<_>>(), within);
            }
        }
    }

    /// Blocks of which nothing is kept.
    #[test]
    fn an_event_after_a_gap() {
        let mut kept = Kept::default();
        let rows = [5, 20_000, 50_000];
        (0..60_000).for_each(|row| kept.push(rows.contains(&row)));
        assert_eq!([0, 1, 2, 3].map(|event| kept.row(event)), [Some(5), Some(20_000), Some(50_000), None]);
    }

    /// What 10^7 rows need.
    #[test]
    fn a_bit_a_row() {
        let kept = Kept::with_capacity(10_000_000);
        assert!(8 * (kept.words.capacity() + kept.before.capacity()) < 1_300_000);
    }
}
