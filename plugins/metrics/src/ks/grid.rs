//! Finds the gap of a value between those of a reference: a grid of cells, most of which hold one value or none.

/// Finds a value's gap in constant time.
#[derive(Debug)]
pub struct Table {
    pub grid: Grid,
    pub cells: Vec<Cell>,
    /// For each cell the number of the first distinct value in it or after it; after the last, all distinct values.
    pub first: Vec<u32>,
}

/// A uniform grid over the bulk of the reference; its outer cells reach to infinity.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    low: f64,
    scale: f64,
    /// The last place.
    last: f64,
}

/// Places in a cell of the grid.
pub const PLACES: u64 = 128;

impl Grid {
    /// The place of a value; monotone, so that values at lower places are lower.
    #[inline(always)]
    pub fn place(self, x: f64) -> u64 {
        // Adding 2^52 rounds to an integer, found in the low bits of the sum: unlike a cast, a compiler makes
        // instructions of this that take several values at once. Comparisons that send NaN to place 0.
        const MAGIC: f64 = (1_u64 << 52) as f64;
        let place = (x - self.low) * self.scale;
        let place = if place > 0.0 { place } else { 0.0 };
        let place = if place < self.last { place } else { self.last };
        (place + MAGIC).to_bits() & 0xffff_ffff
    }
}

/// A cell of the grid, so made that one addition tells a value's gap: the upper 24 bits are the number of the first distinct
/// value in the cell or after it, the lower 8 bits are 255 less the place of the only value in it. A place added
/// overflows into the upper bits if it is above that value's, and leaves 255 if it is the same.
#[derive(Debug, Clone, Copy)]
pub struct Cell(u32);

impl Cell {
    /// Several values lie in it: numbered beyond every gap.
    const SEVERAL: Cell = Cell(u32::MAX << 8);
    /// Distinct values that can be numbered.
    const MOST_VALUES: usize = (1 << 24) - 2;

    fn empty(first: u32) -> Self {
        // No place reaches 255 from here.
        Cell(first << 8)
    }

    fn with_value(first: u32, place: u64) -> Self {
        Cell(first << 8 | (255 - place as u32))
    }

    /// The gap of a value at this place of the cell, unless it is as good as on the reference's; beyond every gap if only
    /// comparisons can tell.
    #[inline(always)]
    pub fn gap(self, place: u64) -> Option<usize> {
        let sum = self.0.wrapping_add(place as u32);
        if sum & 255 == 255 { None } else { Some((sum >> 8) as usize) }
    }
}

/// Cells for each distinct value, so that a cell seldom holds several.
const CELLS_PER_VALUE: usize = 16;

impl Table {
    /// Of distinct values in order.
    pub fn new(values: &[f64], (low, high): (f64, f64)) -> Self {
        let cells = match values.len() {
            // Everything is searched in one cell.
            n if n > Cell::MOST_VALUES => 1,
            n => (CELLS_PER_VALUE * n).next_power_of_two().clamp(1 << 10, 1 << 22),
        };
        // The grid spans the bulk: an outlier must not put everything else into one cell.
        let last = (cells as u64 * PLACES - 1) as f64;
        let scale = last / (high - low);
        let scale = if scale.is_finite() { scale } else { 0.0 };
        let grid = Grid { low, scale, last };
        let (mut list, mut first) = (Vec::with_capacity(cells), Vec::with_capacity(cells + 1));
        let mut next = 0;
        for cell in 0..cells as u64 {
            let start = next;
            while next < values.len() && grid.place(values[next]) / PLACES <= cell {
                next += 1;
            }
            list.push(match next - start {
                0 => Cell::empty(start as u32),
                1 => Cell::with_value(start as u32, grid.place(values[start]) % PLACES),
                _ => Cell::SEVERAL,
            });
            first.push(start as u32);
        }
        first.push(values.len() as u32);
        Table { grid, cells: list, first }
    }
}
