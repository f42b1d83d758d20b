//! How the numbers of an event become the input features of tokens.

use amplicast_nn::Support;

/// The feature slots of each column.
///
/// A plain number is one feature. An angle is two, its cosine and sine, so that -pi and pi are the same input. Plain
/// events have one slot, the same for all columns: the position tells them apart. Four-momenta have a slot for each kind
/// of coordinate (log pT, cos phi, sin phi, eta, log m^2), shared by all particles; the others are zero.
#[derive(Debug, Clone)]
pub struct Columns {
    slots: Vec<usize>,
    supports: Vec<Support>,
    features: usize,
}

impl Columns {
    /// Plain numbers that share one slot.
    pub fn plain(supports: Vec<Support>) -> Self {
        Columns { slots: vec![0; supports.len()], supports, features: 1 }
    }

    /// Four coordinates per particle, the second of which is an angle.
    pub fn particles(supports: Vec<Support>) -> Self {
        let slots = (0..supports.len()).map(|column| [0, 1, 3, 4][column % 4]).collect();
        Columns { slots, supports, features: 5 }
    }

    /// Columns of an event.
    pub fn dimension(&self) -> usize {
        self.supports.len()
    }

    /// Features of a token.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Where each column lives.
    pub fn supports(&self) -> &[Support] {
        &self.supports
    }

    /// Writes the features of column `column` at value `x`: feature f goes to `out[f * stride]`.
    #[inline(always)]
    pub fn write(&self, column: usize, x: f64, out: &mut [f32], stride: usize) {
        if self.features > 1 {
            (0..self.features).for_each(|f| out[f * stride] = 0.0);
        }
        let slot = self.slots[column];
        if self.supports[column] == Support::Circle {
            let (sin, cos) = x.sin_cos();
            out[slot * stride] = cos as f32;
            out[(slot + 1) * stride] = sin as f32;
        } else {
            out[slot * stride] = x as f32;
        }
    }
}
