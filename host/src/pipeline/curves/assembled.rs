//! The curves of all members of one column, as a comparison takes them.

use amplicast_sdk::Curves;
use amplicast_sdk::ndarray::Array3;

use super::curve::MemberCurve;

/// Curves of all members in one block of memory.
#[derive(Clone)]
pub struct Assembled {
    generated: Vec<u64>,
    passed: Vec<u64>,
    values: Array3<f64>,
    n_effective: f64,
}

impl Assembled {
    /// From the members' curves of `width` values.
    pub fn new(list: &[&MemberCurve], checkpoints: &[u64], width: usize, n_effective: f64) -> Self {
        let values =
            Array3::from_shape_fn((list.len(), checkpoints.len(), width), |(i, k, v)| list[i].values[k][v]);
        let passed = list.iter().flat_map(|m| m.passed.iter().copied()).collect();
        Assembled { generated: checkpoints.to_vec(), passed, values, n_effective }
    }

    /// As a comparison sees them.
    pub fn curves(&self) -> Curves<'_> {
        Curves {
            generated: &self.generated,
            passed: &self.passed,
            values: self.values.view(),
            n_effective: self.n_effective,
        }
    }

    /// The same with checkpoint `k` alone.
    pub fn only(&self, k: usize) -> Assembled {
        let (members, checkpoints, width) = self.values.dim();
        Assembled {
            generated: vec![self.generated[k]],
            passed: (0..members).map(|i| self.passed[i * checkpoints + k]).collect(),
            values: Array3::from_shape_fn((members, 1, width), |(i, _, v)| self.values[[i, k, v]]),
            n_effective: self.n_effective,
        }
    }

    /// The first value of member `i` at checkpoint `k`.
    pub fn value(&self, i: usize, k: usize) -> f64 {
        self.values[[i, k, 0]]
    }
}
