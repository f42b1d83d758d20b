//! Rows in memory.

use pulp::Simd;
use pulp::bytemuck::{cast_slice, cast_slice_mut};

use super::block::Row;

/// Numbers as rows. `S` and `V` must be those whose blocks they were written for.
#[inline(always)]
pub fn rows_of<S: Simd, const V: usize>(numbers: &[f32]) -> &[Row<S, V>] {
    cast_slice::<f32, S::f32s>(numbers).as_chunks().0
}

/// [`rows_of`] to be written.
#[inline(always)]
pub fn rows_of_mut<S: Simd, const V: usize>(numbers: &mut [f32]) -> &mut [Row<S, V>] {
    cast_slice_mut::<f32, S::f32s>(numbers).as_chunks_mut().0
}

/// Rows in memory aligned to a cache line; seen as rows, or as the numbers of event 0, 1, ... of each row.
pub struct Rows {
    data: Vec<f32>,
    start: usize,
    length: usize,
}

/// Numbers in a cache line.
const LINE: usize = 16;

impl Rows {
    /// `rows` rows of zeros for blocks of `events`.
    pub fn new(rows: usize, events: usize) -> Self {
        let length = rows * events;
        let data = vec![0.0; length + LINE];
        let past = data.as_ptr() as usize / size_of::<f32>() % LINE;
        Rows { data, start: (LINE - past) % LINE, length }
    }

    /// All numbers, row by row.
    #[inline(always)]
    pub fn numbers(&self) -> &[f32] {
        &self.data[self.start..self.start + self.length]
    }

    /// All numbers, row by row.
    #[inline(always)]
    pub fn numbers_mut(&mut self) -> &mut [f32] {
        &mut self.data[self.start..self.start + self.length]
    }

    /// The rows. `S` and `V` must be those whose blocks they were made for.
    #[inline(always)]
    pub fn rows<S: Simd, const V: usize>(&self) -> &[Row<S, V>] {
        rows_of::<S, V>(self.numbers())
    }

    /// The rows. `S` and `V` must be those whose blocks they were made for.
    #[inline(always)]
    pub fn rows_mut<S: Simd, const V: usize>(&mut self) -> &mut [Row<S, V>] {
        rows_of_mut::<S, V>(self.numbers_mut())
    }
}

/// The same number of rows for each of several slots (a position, a block of the network).
pub struct Slots {
    rows: Rows,
    size: usize,
    count: usize,
}

impl Slots {
    /// `count` slots of `size` rows each for blocks of `events`.
    pub fn new(count: usize, size: usize, events: usize) -> Self {
        Slots { rows: Rows::new(count * size, events), size, count }
    }

    /// Slots.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Where a slot is. Dividing takes longer than most of what is done with its rows.
    #[inline(always)]
    fn index(&self, slot: usize) -> usize {
        if slot < self.count { slot } else { slot % self.count }
    }

    /// The rows of a slot. Beyond the last they begin anew: one slot is memory that every step overwrites.
    #[inline(always)]
    pub fn at<S: Simd, const V: usize>(&self, slot: usize) -> &[Row<S, V>] {
        let first = self.index(slot) * self.size;
        &self.rows.rows::<S, V>()[first..first + self.size]
    }

    /// The rows of a slot, as [`at`](Slots::at).
    #[inline(always)]
    pub fn at_mut<S: Simd, const V: usize>(&mut self, slot: usize) -> &mut [Row<S, V>] {
        let first = self.index(slot) * self.size;
        &mut self.rows.rows_mut::<S, V>()[first..first + self.size]
    }

    /// The rows of `count` neighboring slots from `slot` on.
    #[inline(always)]
    pub fn range<S: Simd, const V: usize>(&self, slot: usize, count: usize) -> &[Row<S, V>] {
        &self.rows.rows::<S, V>()[slot * self.size..(slot + count) * self.size]
    }

    /// The rows of `count` neighboring slots from `slot` on.
    #[inline(always)]
    pub fn range_mut<S: Simd, const V: usize>(&mut self, slot: usize, count: usize) -> &mut [Row<S, V>] {
        &mut self.rows.rows_mut::<S, V>()[slot * self.size..(slot + count) * self.size]
    }

    /// The numbers of a slot, row by row.
    #[inline(always)]
    pub fn numbers(&self, slot: usize) -> &[f32] {
        let length = self.rows.numbers().len() / self.count;
        &self.rows.numbers()[slot % self.count * length..][..length]
    }

    /// The numbers of a slot, row by row.
    #[inline(always)]
    pub fn numbers_mut(&mut self, slot: usize) -> &mut [f32] {
        let (index, length) = (self.index(slot), self.rows.numbers().len() / self.count);
        &mut self.rows.numbers_mut()[index * length..][..length]
    }

    /// Makes all numbers zero.
    pub fn clear(&mut self) {
        self.rows.numbers_mut().fill(0.0);
    }
}
