//! A sample in rising order.

use amplicast_sdk::{Result, Values};

/// Values in rising order, with their weights and the numbers of their groups; without those that do not count.
pub struct InOrder {
    pub x: Vec<f64>,
    /// 1 without weights.
    pub weights: Vec<f64>,
    /// None if each event is by itself.
    pub groups: Option<Vec<u64>>,
}

impl InOrder {
    /// Of a sample of one number an event.
    pub fn new(values: Values<'_>) -> Result<Self> {
        let x = values.list()?;
        let weight = |i: usize| values.w.map_or(1.0, |weights| weights[i]);
        let mut places: Vec<usize> = (0..x.len()).filter(|i| weight(*i) != 0.0).collect();
        places.sort_by(|a, b| x[*a].total_cmp(&x[*b]));
        Ok(InOrder {
            x: places.iter().map(|i| x[*i]).collect(),
            weights: places.iter().map(|i| weight(*i)).collect(),
            groups: values.g.map(|groups| places.iter().map(|i| groups[*i]).collect()),
        })
    }
}
