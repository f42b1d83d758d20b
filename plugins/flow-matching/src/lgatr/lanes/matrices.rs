//! The segments of a linear map as matrices.

use amplicast_nn::lanes::Dense;
use amplicast_sdk::Layout;

use super::super::linear::Linear as Shape;
use crate::lanes::{Matrices, matrix};

/// Those of the segments with this name.
pub fn read(shape: &Shape, name: &str, layout: &Layout, parameters: &[f32]) -> Matrices {
    let get = |part: &str| {
        let range = layout.range(&format!("{name}.{part}"));
        &parameters[range.unwrap_or_else(|| panic!("the layout has no segment `{name}.{part}`"))]
    };
    let (inputs, outputs) = (2 * shape.inputs[0], 2 * shape.outputs[0]);
    let mut bivector = vec![0.0; inputs * outputs];
    for (rows, numbers) in bivector.chunks_exact_mut(2 * inputs).zip(get("bivector").chunks_exact(inputs)) {
        let (real, imaginary) = rows.split_at_mut(inputs);
        for (i, number) in numbers.chunks_exact(2).enumerate() {
            let (a, b) = (number[0], number[1]);
            real[2 * i..2 * i + 2].copy_from_slice(&[a, -b]);
            imaginary[2 * i..2 * i + 2].copy_from_slice(&[b, a]);
        }
    }
    Matrices {
        invariant: Dense::new(get("invariant"), get("bias")),
        vector: matrix(get("vector"), outputs),
        bivector: Some(matrix(&bivector, outputs)),
    }
}

/// Writes a gradient into that of all parameters.
pub fn write(matrices: &Matrices, name: &str, layout: &Layout, gradient: &mut [f32]) {
    let mut put = |part: &str, numbers: &[f32]| {
        let range = layout.range(&format!("{name}.{part}")).expect("it was read from there");
        gradient[range].copy_from_slice(numbers);
    };
    let bivector = matrices.bivector.as_ref().expect("multivectors have them");
    let mut complex = Vec::with_capacity(bivector.weight.len() / 2);
    for rows in bivector.weight.chunks_exact(2 * bivector.inputs) {
        let (real, imaginary) = rows.split_at(bivector.inputs);
        for (r, i) in real.chunks_exact(2).zip(imaginary.chunks_exact(2)) {
            complex.extend([r[0] + i[1], i[0] - r[1]]);
        }
    }
    put("invariant", &matrices.invariant.weight);
    put("bias", &matrices.invariant.bias);
    put("vector", &matrices.vector.weight);
    put("bivector", &complex);
}
