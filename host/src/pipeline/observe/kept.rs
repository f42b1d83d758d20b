//! The numbers of events that pass a selection, with their weights and groups.

use amplicast_sdk::Values;
use amplicast_sdk::ndarray::ArrayView2;

/// The numbers of some events, one after the other, and their weights and groups if they have some.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kept {
    /// The numbers.
    pub numbers: Vec<f64>,
    /// The weights.
    pub weights: Option<Vec<f64>>,
    /// The numbers of their groups.
    pub groups: Option<Vec<u64>>,
}

impl Kept {
    /// As metrics see them; an event has so many numbers.
    pub fn values(&self, numbers: usize) -> Values<'_> {
        let (w, g) = (self.weights.as_deref(), self.groups.as_deref());
        Values { w, g, ..events_of(&self.numbers, numbers) }
    }

    /// Appends events.
    pub fn extend(&mut self, values: Values<'_>) {
        self.numbers.extend(values.x.iter());
        if let Some(weights) = values.w {
            self.weights.get_or_insert_default().extend_from_slice(weights);
        }
        if let Some(groups) = values.g {
            self.groups.get_or_insert_default().extend_from_slice(groups);
        }
    }
}

/// Numbers of whole events, one after the other.
pub fn events_of(list: &[f64], numbers: usize) -> Values<'_> {
    let shape = (list.len() / numbers, numbers);
    Values::new(ArrayView2::from_shape(shape, list).expect("the numbers of whole events"))
}
