//! Covariances of vectors of few numbers.

use crate::moments::mean;

/// A symmetric matrix, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Symmetric {
    /// Its rows and columns.
    pub size: usize,
    /// Its entries.
    pub entries: Vec<f64>,
}

impl Symmetric {
    /// The covariance of vectors, unbiased; of less than two of them it is zero.
    pub fn covariance(vectors: &[Vec<f64>]) -> Self {
        Symmetric::cross(vectors, vectors)
    }

    /// The covariance of the vectors of one list with those of another, made symmetric.
    pub fn cross(a: &[Vec<f64>], b: &[Vec<f64>]) -> Self {
        let size = a.first().map_or(0, Vec::len);
        let mut entries = vec![0.0; size * size];
        let (center_a, center_b) = (center(a), center(b));
        let weight = 1.0 / (a.len().max(2) - 1) as f64;
        for (a, b) in a.iter().zip(b) {
            for r in 0..size {
                for s in 0..size {
                    let one = (a[r] - center_a[r]) * (b[s] - center_b[s]);
                    let other = (a[s] - center_a[s]) * (b[r] - center_b[r]);
                    entries[r * size + s] += 0.5 * weight * (one + other);
                }
            }
        }
        Symmetric { size, entries }
    }

    /// Second moments around zero.
    pub fn second_moments(vectors: &[Vec<f64>]) -> Self {
        let size = vectors.first().map_or(0, Vec::len);
        let mut entries = vec![0.0; size * size];
        for x in vectors {
            for (i, entry) in entries.iter_mut().enumerate() {
                *entry += x[i / size] * x[i % size] / vectors.len() as f64;
            }
        }
        Symmetric { size, entries }
    }

    /// This many times it.
    pub fn times(self, factor: f64) -> Self {
        Symmetric { entries: self.entries.iter().map(|x| factor * x).collect(), ..self }
    }

    /// The sum of the diagonal.
    pub fn trace(&self) -> f64 {
        self.entries.iter().step_by(self.size + 1).sum()
    }

    /// The trace of its square: the sum of the squared entries.
    pub fn trace_of_square(&self) -> f64 {
        self.entries.iter().map(|x| x * x).sum()
    }

    /// x' A x.
    pub fn quadratic(&self, x: &[f64]) -> f64 {
        self.entries.chunks(self.size.max(1)).zip(x).map(|(row, x_r)| x_r * dot(row, x)).sum()
    }

    /// Degrees of freedom of a sum of squares with this covariance: (tr A)^2 / tr A^2 (Satterthwaite).
    pub fn freedom(&self) -> f64 {
        self.trace().powi(2) / self.trace_of_square()
    }

    /// The same of a covariance that was estimated with `m` degrees of freedom, tr A^2 made unbiased (Wishart); between 1 and the
    /// number of rows.
    pub fn freedom_estimated(&self, m: f64) -> f64 {
        let (trace, most) = (self.trace(), self.size as f64);
        let square = m * m / ((m - 1.0) * (m + 2.0)) * (self.trace_of_square() - trace * trace / m);
        if square > 0.0 { (trace * trace / square).clamp(1.0, most.max(1.0)) } else { most.max(1.0) }
    }
}

/// The mean of vectors.
pub fn center(vectors: &[Vec<f64>]) -> Vec<f64> {
    let size = vectors.first().map_or(0, Vec::len);
    (0..size).map(|r| mean(&vectors.iter().map(|v| v[r]).collect::<Vec<_>>())).collect()
}

/// The difference of two vectors.
pub fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// The sum of products.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
