//! Four-vectors in the heads of an attention layer, carried between the frames of the tokens and a global one.

use pulp::Simd;

use crate::lanes::rows::Row;
use crate::lanes::rows::functions::{mul, mul_add, splat, sub};

/// Rows of a frame: the Lorentz transformation L from the global frame into the token's, row by row. Its inverse is
/// g L^T g with the metric g = diag(1, -1, -1, -1).
pub const FRAME: usize = 16;

type Vector<S, const V: usize> = [Row<S, V>; 4];

/// The four-vectors at the end of each head.
#[derive(Debug, Clone, Copy)]
pub struct HeadVectors {
    width: usize,
    /// Rows of a head.
    size: usize,
    /// Vectors of a head.
    count: usize,
}

impl HeadVectors {
    /// With this width, number of heads, and number of vectors in each.
    pub fn new(width: usize, heads: usize, count: usize) -> Self {
        HeadVectors { width, size: width / heads, count }
    }

    /// Rows of all vectors of a token's query, key and value.
    pub fn rows(&self) -> usize {
        3 * self.width / self.size * self.count * 4
    }

    /// First row of each vector in the d rows of a query, key, value or result.
    fn starts(self) -> impl Iterator<Item = usize> {
        let ends = (1..=self.width / self.size).map(move |head| head * self.size);
        ends.flat_map(move |end| (1..=self.count).rev().map(move |vector| end - 4 * vector))
    }

    /// Takes a token's query, key and value (3 d rows) into the global frame, the query with its index lowered: its
    /// product with a key is Minkowski's. The vectors as they were go to `kept`.
    #[inline(always)]
    pub fn leave_frame<S: Simd, const V: usize>(
        &self,
        simd: S,
        frame: &[Row<S, V>],
        token: &mut [Row<S, V>],
        kept: &mut [Row<S, V>],
    ) {
        let mut kept = kept.chunks_exact_mut(4);
        for part in 0..3 {
            for start in self.starts() {
                let local = vector_mut(&mut token[part * self.width + start..]);
                kept.next().expect("a place for each vector").copy_from_slice(local);
                let lowered_global = transposed_times(simd, frame, lowered(simd, *local));
                *local = if part == 0 { lowered_global } else { lowered(simd, lowered_global) };
            }
        }
    }

    /// The gradient of the local query, key and value from that of the global ones, in place; adds to that of the frame.
    #[inline(always)]
    pub fn leave_frame_gradient<S: Simd, const V: usize>(
        &self,
        simd: S,
        (frame, kept): (&[Row<S, V>], &[Row<S, V>]),
        token: &mut [Row<S, V>],
        frame_gradient: &mut [Row<S, V>],
    ) {
        let mut kept = kept.chunks_exact(4);
        for part in 0..3 {
            for start in self.starts() {
                let gradient = vector_mut(&mut token[part * self.width + start..]);
                let by_lowered = if part == 0 { *gradient } else { lowered(simd, *gradient) };
                let local = vector(kept.next().expect("each vector was kept"));
                add_outer(simd, frame_gradient, lowered(simd, local), by_lowered);
                *gradient = lowered(simd, times(simd, frame, by_lowered));
            }
        }
    }

    /// Results of the attention (d rows) in the frame.
    #[inline(always)]
    pub fn enter_frame<S: Simd, const V: usize>(
        &self,
        simd: S,
        frame: &[Row<S, V>],
        attended: &[Row<S, V>],
        local: &mut [Row<S, V>],
    ) {
        local.copy_from_slice(attended);
        for start in self.starts() {
            let vector = vector_mut(&mut local[start..]);
            *vector = times(simd, frame, *vector);
        }
    }

    /// The gradient of the results `attended` in the global frame from that in the local one, in place; adds to that of
    /// the frame.
    #[inline(always)]
    pub fn enter_frame_gradient<S: Simd, const V: usize>(
        &self,
        simd: S,
        (frame, attended): (&[Row<S, V>], &[Row<S, V>]),
        gradient: &mut [Row<S, V>],
        frame_gradient: &mut [Row<S, V>],
    ) {
        for start in self.starts() {
            let gradient = vector_mut(&mut gradient[start..]);
            add_outer(simd, frame_gradient, *gradient, vector(&attended[start..]));
            *gradient = transposed_times(simd, frame, *gradient);
        }
    }
}

#[inline(always)]
fn vector<T: Copy>(rows: &[T]) -> [T; 4] {
    *rows.first_chunk().expect("four rows")
}

#[inline(always)]
fn vector_mut<T>(rows: &mut [T]) -> &mut [T; 4] {
    rows.first_chunk_mut().expect("four rows")
}

/// g x.
#[inline(always)]
fn lowered<S: Simd, const V: usize>(simd: S, [time, x, y, z]: Vector<S, V>) -> Vector<S, V> {
    let zero = splat(simd, 0.0);
    [time, sub(simd, zero, x), sub(simd, zero, y), sub(simd, zero, z)]
}

/// L x.
#[inline(always)]
fn times<S: Simd, const V: usize>(simd: S, frame: &[Row<S, V>], x: Vector<S, V>) -> Vector<S, V> {
    let mut out = x;
    for (row, out) in frame.chunks_exact(4).zip(&mut out) {
        *out = mul(simd, row[0], x[0]);
        for b in 1..4 {
            *out = mul_add(simd, row[b], x[b], *out);
        }
    }
    out
}

/// L^T x.
#[inline(always)]
fn transposed_times<S: Simd, const V: usize>(simd: S, frame: &[Row<S, V>], x: Vector<S, V>) -> Vector<S, V> {
    let mut out = [splat(simd, 0.0); 4];
    for (row, x) in frame.chunks_exact(4).zip(x) {
        for b in 0..4 {
            out[b] = mul_add(simd, row[b], x, out[b]);
        }
    }
    out
}

/// Adds x y^T.
#[inline(always)]
fn add_outer<S: Simd, const V: usize>(simd: S, sum: &mut [Row<S, V>], x: Vector<S, V>, y: Vector<S, V>) {
    for (row, x) in sum.chunks_exact_mut(4).zip(x) {
        for b in 0..4 {
            row[b] = mul_add(simd, x, y[b], row[b]);
        }
    }
}
