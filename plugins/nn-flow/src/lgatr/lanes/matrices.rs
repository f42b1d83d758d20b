//! The segments of a linear map as matrices.

use amplicast_nn::lanes::{Dense, Segments, SegmentsMut};

use crate::equivariant::Matrices;

/// Those of the next segments.
pub fn read(segments: &mut Segments<'_>) -> Matrices {
    let (invariant, vector) = (segments.dense(), segments.matrix());
    let (shape, numbers) = segments.shaped();
    let (inputs, outputs) = (2 * shape[1], 2 * shape[0]);
    let mut bivector = vec![0.0; inputs * outputs];
    for (rows, numbers) in bivector.chunks_exact_mut(2 * inputs).zip(numbers.chunks_exact(inputs)) {
        let (real, imaginary) = rows.split_at_mut(inputs);
        for (i, number) in numbers.chunks_exact(2).enumerate() {
            let (a, b) = (number[0], number[1]);
            real[2 * i..2 * i + 2].copy_from_slice(&[a, -b]);
            imaginary[2 * i..2 * i + 2].copy_from_slice(&[b, a]);
        }
    }
    Matrices { invariant, vector, bivector: Some(Dense::without_bias(&bivector, outputs)) }
}

/// Writes a gradient as the next segments.
pub fn write(matrices: &Matrices, gradient: &mut SegmentsMut<'_>) {
    let bivector = matrices.bivector.as_ref().expect("multivectors have them");
    let mut complex = Vec::with_capacity(bivector.weight.len() / 2);
    for rows in bivector.weight.chunks_exact(2 * bivector.inputs) {
        let (real, imaginary) = rows.split_at(bivector.inputs);
        for (r, i) in real.chunks_exact(2).zip(imaginary.chunks_exact(2)) {
            complex.extend([r[0] + i[1], i[0] - r[1]]);
        }
    }
    gradient.dense(&matrices.invariant);
    gradient.put(&matrices.vector.weight);
    gradient.put(&complex);
}

/// The outputs of two maps without scalars, one after the other.
pub fn beside(a: &Matrices, b: &Matrices) -> Matrices {
    let join = |a: &Dense, b: &Dense| {
        Dense::new(&[&a.weight[..], &b.weight].concat(), &[&a.bias[..], &b.bias].concat())
    };
    Matrices {
        invariant: join(&a.invariant, &b.invariant),
        vector: join(&a.vector, &b.vector),
        bivector: a.bivector.as_ref().zip(b.bivector.as_ref()).map(|(a, b)| join(a, b)),
    }
}

/// What [`beside`] has joined, of one size each.
pub fn halves(matrices: &Matrices) -> [Matrices; 2] {
    let half = |dense: &Dense, which: usize| {
        let (weight, bias) = (dense.weight.len() / 2, dense.bias.len() / 2);
        Dense::new(&dense.weight[which * weight..][..weight], &dense.bias[which * bias..][..bias])
    };
    [0, 1].map(|which| Matrices {
        invariant: half(&matrices.invariant, which),
        vector: half(&matrices.vector, which),
        bivector: matrices.bivector.as_ref().map(|dense| half(dense, which)),
    })
}
