//! Squares of numbers in memory, transposed in registers.

use std::any::Any;

use pulp::Simd;

/// Numbers at a side of a square.
pub const SIDE: usize = 8;

/// Eight rows of eight numbers in memory.
pub struct Square<T> {
    /// From the first number of the square on.
    pub numbers: T,
    /// From one row to the next.
    pub stride: usize,
}

/// Writes the transpose of a square.
#[inline(always)]
pub fn transpose<S: Simd>(simd: S, from: Square<&[f32]>, to: Square<&mut [f32]>) {
    #[cfg(target_arch = "x86_64")]
    {
        let simd: &dyn Any = &simd;
        if let Some(simd) = simd.downcast_ref::<pulp::x86::V3>() {
            return avx(*simd, from, to);
        }
        if let Some(simd) = simd.downcast_ref::<pulp::x86::V4>() {
            return avx(**simd, from, to);
        }
    }
    number_by_number(from, to);
}

#[inline(always)]
fn number_by_number(from: Square<&[f32]>, to: Square<&mut [f32]>) {
    for row in 0..SIDE {
        let numbers = &from.numbers[row * from.stride..][..SIDE];
        for (column, number) in numbers.iter().enumerate() {
            to.numbers[column * to.stride + row] = *number;
        }
    }
}

/// Pairs of numbers, pairs of pairs, halves of registers: three exchanges, each of all registers. The compiler makes none of it of the plain loop.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn avx(simd: pulp::x86::V3, from: Square<&[f32]>, to: Square<&mut [f32]>) {
    use std::arch::x86_64::__m256;

    use pulp::bytemuck::cast;

    let avx = simd.avx;
    let mut a: [__m256; SIDE] = cast([[0.0_f32; SIDE]; SIDE]);
    for (row, a) in a.iter_mut().enumerate() {
        *a = cast(*from.numbers[row * from.stride..].first_chunk::<SIDE>().expect("a row"));
    }
    let mut b = a;
    for i in (0..SIDE).step_by(2) {
        b[i] = avx._mm256_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = avx._mm256_unpackhi_ps(a[i], a[i + 1]);
    }
    for i in [0, 4] {
        a[i] = avx._mm256_shuffle_ps::<0x44>(b[i], b[i + 2]);
        a[i + 1] = avx._mm256_shuffle_ps::<0xEE>(b[i], b[i + 2]);
        a[i + 2] = avx._mm256_shuffle_ps::<0x44>(b[i + 1], b[i + 3]);
        a[i + 3] = avx._mm256_shuffle_ps::<0xEE>(b[i + 1], b[i + 3]);
    }
    for i in 0..4 {
        b[i] = avx._mm256_permute2f128_ps::<0x20>(a[i], a[i + 4]);
        b[i + 4] = avx._mm256_permute2f128_ps::<0x31>(a[i], a[i + 4]);
    }
    for (row, b) in b.iter().enumerate() {
        *to.numbers[row * to.stride..].first_chunk_mut::<SIDE>().expect("a row") = cast(*b);
    }
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::*;
    use crate::lanes::dispatch;

    struct Transpose<'a>(&'a [f32], &'a mut [f32]);

    impl WithSimd for Transpose<'_> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            let (from, to) = (Square { numbers: self.0, stride: 11 }, Square { numbers: self.1, stride: 9 });
            transpose(simd, from, to);
        }
    }

    #[test]
    fn rows_become_columns_with_and_without_registers() {
        let from: Vec<f32> = (0..100).map(|i| i as f32).collect();
        let (mut dispatched, mut scalar) = (vec![-1.0; 80], vec![-1.0; 80]);
        dispatch(Transpose(&from, &mut dispatched));
        Transpose(&from, &mut scalar).with_simd(pulp::Scalar);
        for (i, &number) in dispatched.iter().enumerate() {
            let (row, column) = (i / 9, i % 9);
            let inside = row < SIDE && column < SIDE;
            assert_eq!(number, if inside { (column * 11 + row) as f32 } else { -1.0 }, "{row}, {column}");
        }
        assert_eq!(dispatched, scalar);
    }
}
