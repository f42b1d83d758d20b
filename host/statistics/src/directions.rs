//! Eigenvalues of covariances.
//!
//! One-sided Jacobi rotations (Hestenes 1958) rather than a crate: forty lines, and the same bits on every machine, where a library chooses
//! its instructions by the processor.

use amplicast_sdk::{Error, Result};

/// Sweeps over all pairs of rows; ten are many.
const SWEEPS: usize = 60;

/// The share of the largest eigenvalue that counts as zero: sums over members and events leave some rounding.
const ZERO: f64 = 1e-12;

/// A direction in which bins vary together, as a unit vector, with the variance along it.
#[derive(Debug, Clone, PartialEq)]
pub struct Direction {
    /// The eigenvalue.
    pub variance: f64,
    /// The eigenvector; its first entry that is not small is positive.
    pub vector: Vec<f64>,
}

/// The eigenvectors of a symmetric matrix (size x size, row by row) without negative eigenvalues, largest first; those whose
/// eigenvalue is zero but for rounding are left out.
///
/// # Errors
/// Data, if an eigenvalue is negative beyond rounding: then it is no covariance.
pub fn directions(matrix: &[f64], size: usize) -> Result<Vec<Direction>> {
    // Squares of entries are formed: of numbers around one.
    let scale = matrix.iter().fold(0.0, |most, entry| entry.abs().max(most));
    if scale == 0.0 {
        return Ok(Vec::new());
    }
    let matrix: Vec<f64> = matrix.iter().map(|entry| entry / scale).collect();
    let rounding = size as f64 * f64::EPSILON;
    // Rotated until they are orthogonal, the rows are the eigenvectors times the eigenvalues.
    let rows = orthogonal(&matrix, size, rounding)?;
    let lengths: Vec<f64> = rows.iter().map(|row| dot(row, row).sqrt()).collect();
    let largest = lengths.iter().copied().fold(0.0, f64::max);
    let mut found = Vec::new();
    for (mut vector, length) in rows.into_iter().zip(lengths) {
        if length <= ZERO * largest {
            continue;
        }
        vector.iter_mut().for_each(|entry| *entry /= length);
        // A length has no sign: whether the eigenvalue has one shows along its vector.
        let along: f64 = matrix.chunks(size).zip(&vector).map(|(row, entry)| entry * dot(row, &vector)).sum();
        if along < 0.5 * length {
            return Err(Error::data(format!(
                "expected a covariance, found a matrix with the variance {:.6e} in some direction: it was estimated from too little",
                along * scale
            )));
        }
        let first = vector.iter().find(|entry| entry.abs() > 1e-6).copied();
        if first.is_some_and(|first| first < 0.0) {
            vector.iter_mut().for_each(|entry| *entry = -*entry);
        }
        found.push(Direction { variance: length * scale, vector });
    }
    found.sort_by(|a, b| b.variance.total_cmp(&a.variance));
    Ok(found)
}

/// The rows of a matrix, rotated in pairs until each is orthogonal to all others.
fn orthogonal(matrix: &[f64], size: usize, rounding: f64) -> Result<Vec<Vec<f64>>> {
    let mut rows: Vec<Vec<f64>> = matrix.chunks(size).map(<[f64]>::to_vec).collect();
    let total: f64 = rows.iter().map(|row| dot(row, row)).sum();
    // Rows that are nothing but rounding are never orthogonal to anything.
    let nothing = (rounding * rounding) * total;
    for _ in 0..SWEEPS {
        let mut turned = false;
        for p in 0..size {
            for q in p + 1..size {
                let (before, after) = rows.split_at_mut(q);
                let (a, b) = (&mut before[p], &mut after[0]);
                let (aa, bb, ab) = (dot(a, a), dot(b, b), dot(a, b));
                if aa <= nothing || bb <= nothing || ab.abs() <= rounding * (aa * bb).sqrt() {
                    continue;
                }
                turned = true;
                let cotangent = (bb - aa) / (2.0 * ab);
                let tangent = 1f64.copysign(cotangent) / (cotangent.abs() + cotangent.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = cosine * tangent;
                for (x, y) in a.iter_mut().zip(b.iter_mut()) {
                    (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
                }
            }
        }
        if !turned {
            return Ok(rows);
        }
    }
    Err(Error::numeric(format!(
        "the eigenvectors of a matrix of {size} bins were not found in {SWEEPS} sweeps"
    )))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Orthogonal vectors, whose squares are the eigenvalues of the matrix that they make.
    const VECTORS: [[f64; 4]; 4] = [
        [20.0, 20.0, 20.0, 20.0],
        [10.0, 10.0, -10.0, -10.0],
        [5.0, -5.0, 5.0, -5.0],
        [3.0, -3.0, -3.0, 3.0],
    ];

    fn known() -> Vec<f64> {
        (0..16).map(|at| VECTORS.iter().map(|vector| vector[at / 4] * vector[at % 4]).sum()).collect()
    }

    /// The matrix that the directions make, as its largest distance from another one.
    fn distance(found: &[Direction], matrix: &[f64], size: usize) -> f64 {
        (0..size * size).fold(0.0, |most, at| {
            let entry: f64 =
                found.iter().map(|one| one.variance * one.vector[at / size] * one.vector[at % size]).sum();
            most.max((entry - matrix[at]).abs())
        })
    }

    /// A sum of `rank` squares of vectors without any pattern, some of them small.
    fn covariance(size: usize, rank: usize) -> Vec<f64> {
        let mut matrix = vec![0.0; size * size];
        for k in 0..rank {
            let weight = 10f64.powi(-((k % 3) as i32));
            let vector: Vec<f64> =
                (0..size).map(|i| weight * ((1 + i * i + 7 * k * i + 3 * k) as f64).sin()).collect();
            for (at, entry) in matrix.iter_mut().enumerate() {
                *entry += vector[at / size] * vector[at % size];
            }
        }
        matrix
    }

    #[test]
    fn orthogonal_vectors_are_found_again() {
        let found = directions(&known(), 4).unwrap();
        for ((one, variance), vector) in found.iter().zip([1600.0, 400.0, 100.0, 36.0]).zip(VECTORS) {
            assert!((one.variance - variance).abs() < 1e-11, "{}", one.variance);
            for (entry, expected) in one.vector.iter().zip(vector) {
                assert!((entry * variance.sqrt() - expected).abs() < 1e-11);
            }
        }
        assert_eq!(found.len(), 4);
    }

    #[test]
    fn directions_make_the_matrix_again() {
        for (size, rank) in [(1, 1), (2, 1), (30, 30), (30, 9), (60, 20)] {
            let matrix = covariance(size, rank);
            let found = directions(&matrix, size).unwrap();
            assert_eq!(found.len(), rank, "of {size}");
            assert!(distance(&found, &matrix, size) < 1e-12 * matrix[0].max(rank as f64), "{size} {rank}");
        }
    }

    #[test]
    fn size_does_not_matter() {
        let matrix: Vec<f64> = known().iter().map(|entry| entry * 1e250).collect();
        let found = directions(&matrix, 4).unwrap();
        assert!((found[3].variance / 36e250 - 1.0).abs() < 1e-12);
        assert_eq!(directions(&[0.0; 9], 3).unwrap(), []);
    }

    #[test]
    fn a_negative_variance_is_no_covariance() {
        // Eigenvalues 3 and -1; 1 and -1, whose vectors a length cannot tell apart.
        for matrix in [[1.0, 2.0, 2.0, 1.0], [0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, -1.0]] {
            let error = directions(&matrix, 2).unwrap_err().to_string();
            assert!(error.starts_with("expected a covariance"), "{error}");
        }
    }
}
